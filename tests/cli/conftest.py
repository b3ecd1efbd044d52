"""The real command line in a folder of its own, without any setting from outside."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner, Result

from streamgauge.cli import main
from streamgauge.control import Control
from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.plans import DEFAULT_PLANS


class Commands(NamedTuple):
    """Runs commands on one data folder, from a current folder that holds nothing else."""

    data_dir: Path

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, [*arguments, "--data-dir", str(self.data_dir)], prog_name="streamgauge")

    def line(self, *arguments: str) -> str:
        """The one line that a command prints on standard output; fails when it prints more or fails."""
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        (line,) = result.stdout.splitlines()
        return line


@contextmanager
def opened(commands: Commands) -> Iterator[Control]:
    """The control plane of the folder, to see what a command did to it."""
    control = Control.open(commands.data_dir / "control.db", DEFAULT_PLANS, SystemClock())
    try:
        yield control
    finally:
        control.close()


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("STREAMGAUGE_")]:
        monkeypatch.delenv(name)
    return Commands(tmp_path / "data")
