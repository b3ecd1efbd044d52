"""Several processes that take events, beside the one that owns everything else (`serve --workers N`).

                          one port
    clients ──────────────────────────────▶ owner: accepts, deals connections out in turn; journal, store, queries, pages
                 connections │  ▲ connections that ask for more than to take events, with what was read of them
                             ▼  │
                          workers: HTTP, keys, parsing, checks, enrichment
                             │  ▲ verdicts: what is left of the window, the record's position, or the refusal
                      claims ▼  │
                          owner: windows, quota, journal

Promises
- What a single process promises holds: a success is sent only after the owner's journal has the events on disk; each request is
  counted once in its window and its events once in the day, whichever worker took it, since all of that is done by the owner, in
  one thread; queries see what was acknowledged, since the journal is the owner's, and one.
- A change of keys or websites holds in every worker when the call that made it returns: a worker compares generations before it
  judges a request, and reads the directory again when its own is older.
- When a worker dies, its connections break and another takes its place; what was acknowledged is safe with the owner. When the
  owner dies, the workers end at once: nobody is left who could make an event durable.

Limits: Linux only (packets that carry open files, memory files). A connection that once asked for something else than taking
events stays with the owner. A request over its limit is refused after its body was read, not before. A worker that hangs without
dying is not noticed. One machine has one log: several processes share its syncs instead of making more of them.
"""

from streamgauge.workers.board import Board
from streamgauge.workers.dealing import Dealing, bound
from streamgauge.workers.desk import ClaimDesk
from streamgauge.workers.pool import Pool, WorkerFailed

__all__ = ["Board", "ClaimDesk", "Dealing", "Pool", "WorkerFailed", "bound"]
