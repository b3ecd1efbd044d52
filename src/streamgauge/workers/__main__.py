"""The command by which the owner starts a worker: settings as JSON on standard input, open files by number as arguments."""

import sys

from streamgauge.workers.process import Inheritance, run_worker
from streamgauge.workers.settings_text import from_text

if __name__ == "__main__":
    run_worker(from_text(sys.stdin.buffer.read()), Inheritance(*map(int, sys.argv[1:])))
