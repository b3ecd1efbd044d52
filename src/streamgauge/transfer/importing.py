"""One import: the rows of a file become records of the journal, each row once.

    digest -> bookmark -> (check every row) -> judge a chunk -> encode records -> durable -> bookmark -> next chunk

Promises
- A row counts once, however often the import is killed and begun again: a row without an event_id gets one made of the file's
  digest and the row's number, so a row that is sent twice is dropped by the loader, and a bookmark says where to go on.
- Nothing is recorded as done before it is durable.
- Without `skip_bad`, nothing is taken unless every row of the file is good.

Limits
- Ids of rows hang on the file's bytes: the same rows in another file, or in a mended one, are other rows. Give rows an
  event_id where that can happen.
- The day's quota of a plan does not hold for imports: who can open the folder needs nobody's leave.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from itertools import groupby
from pathlib import Path
from time import monotonic
from typing import Protocol

import msgspec
from xxhash import xxh3_128_hexdigest

from streamgauge.kernel.event import Batch, Door, Event, encode_batch
from streamgauge.transfer.bookmark import Bookmark, BookmarkFile
from streamgauge.transfer.column_rows import ColumnJudge, RowRules
from streamgauge.transfer.ends import Taker
from streamgauge.transfer.files import Format, Lines, RowFile, Table, digest_of, format_of, open_rows
from streamgauge.transfer.line_rows import LineJudge
from streamgauge.transfer.mapping import RowPlan, Wishes, settle
from streamgauge.transfer.verdict import BadRow, Judged

RECORD_EVENTS = 5_000
_UNDER_WAY = 3
_BOOKMARK_S = 1.0


class Import(msgspec.Struct, frozen=True):
    """What is asked for. format: None to tell it by the file's name. max_bytes: of a record and of one event's properties."""

    path: Path
    project_id: str
    wishes: Wishes
    format: Format | None = None
    door: Door = Door.FLEXPRICE
    skip_bad: bool = False
    again: bool = False
    max_bytes: int = 8 * 2**20


class Outcome(msgspec.Struct, frozen=True):
    """What came of it. rows: of the file, as far as it was read. taken: events made durable, also by earlier runs.

    resumed_after: the row after which this run went on, 0 for a first run. already: an earlier run had finished; nothing to do.
    """

    rows: int
    taken: int
    bad: int
    resumed_after: int = 0
    already: bool = False


class Watcher(Protocol):
    """Is told how it goes."""

    def begin(self, plan: RowPlan, *, checking: bool) -> None:
        """A pass over the file begins."""
        ...

    def advance(self, rows: int, share: float) -> None:
        """So many rows are dealt with, that share of the file."""
        ...

    def note_bad(self, bad: Sequence[BadRow]) -> None:
        """Rows that are no events, in order; each is told once per pass."""
        ...


class Importing:
    """One import, opened: its file is there and its plan fits. Opening raises UnusableFile, UnusableMapping, OSError."""

    def __init__(self, wanted: Import, known_website: Callable[[str], bool], folder: Path, now_ms: Callable[[], int]) -> None:
        """folder: of the bookmarks. now_ms: the time of receipt."""
        self._wanted = wanted
        self._now_ms = now_ms
        format_ = wanted.format or format_of(wanted.path)
        self._file: RowFile = open_rows(wanted.path, format_)
        self.plan = settle(wanted.wishes, self._file.names)
        digest = digest_of(wanted.path)
        own = msgspec.json.encode([digest, wanted.project_id, wanted.door, self.plan])
        self._begun = Bookmark(str(wanted.path), wanted.project_id)
        self._bookmark = BookmarkFile(folder, xxh3_128_hexdigest(own))
        rules = RowRules(f"import-{digest}-", wanted.door, wanted.max_bytes, known_website)
        self._judge = _judge_of(format_, self.plan, rules)

    def prepare(self, watcher: Watcher) -> Outcome | None:
        """What comes before anything is taken; an outcome when nothing is to be taken. To be called before `take`.

        Raises UnusableFile, UnusableMapping, OSError.
        """
        wanted = self._wanted
        found = None if wanted.again else self._bookmark.read()
        bookmark = found or Bookmark(str(wanted.path), wanted.project_id)
        if bookmark.finished:
            return Outcome(bookmark.rows, bookmark.taken, bookmark.bad, already=True)
        if not wanted.skip_bad and not bookmark.checked:
            checked = self.check(watcher)
            if checked.bad:
                return msgspec.structs.replace(checked, taken=0)
            bookmark = msgspec.structs.replace(bookmark, checked=True)
            self._bookmark.write(bookmark)
        self._begun = bookmark
        return None

    def check(self, watcher: Watcher) -> Outcome:
        """Looks at every row and takes none; `taken` says how many would be. Raises UnusableFile, UnusableMapping, OSError."""
        watcher.begin(self.plan, checking=True)
        rows = good = bad = 0
        for judged in self._judged(0):
            rows = judged.next_row - 1
            good += len(judged.events)
            bad += len(judged.bad)
            watcher.note_bad(judged.bad)
            watcher.advance(rows, judged.share)
        return Outcome(rows, good, bad)

    def take(self, taker: Taker, watcher: Watcher) -> Outcome:
        """Raises UnusableFile, UnusableMapping, OSError, Refusal, ConnectionError; another run then goes on."""
        bookmark = self._begun
        watcher.begin(self.plan, checking=False)
        resumed_after = bookmark.rows
        under_way: deque[tuple[list[Future[None]], Bookmark, float]] = deque()
        written_at = monotonic()
        done = reached = bookmark
        for judged in self._judged(bookmark.rows):
            watcher.note_bad(judged.bad)
            futures = [taker.begin(payload, of_website=ours) for payload, ours in self._records(judged)]
            reached = msgspec.structs.replace(
                reached,
                rows=judged.next_row - 1,
                taken=reached.taken + len(judged.events),
                bad=reached.bad + len(judged.bad),
            )
            under_way.append((futures, reached, judged.share))
            while sum(len(one) for one, _, _ in under_way) > _UNDER_WAY:
                done = _await_first(under_way, watcher)
            if monotonic() - written_at > _BOOKMARK_S and done is not bookmark:
                self._bookmark.write(done)
                written_at = monotonic()
        while under_way:
            done = _await_first(under_way, watcher)
        self._bookmark.write(msgspec.structs.replace(done, finished=True))
        return Outcome(done.rows, done.taken, done.bad, resumed_after)

    def _judged(self, after_row: int) -> Iterator[Judged]:
        for chunk in self._file.chunks(after_row):
            yield self._judge(chunk)

    def _records(self, judged: Judged) -> Iterator[tuple[bytes, bool]]:
        """Encoded batches of a chunk, and whether any event is one of a website. Each run of events of one door is apart."""
        now_ms = self._now_ms()
        for door, events in _by_door(judged):
            for first in range(0, len(events), RECORD_EVENTS):
                yield from self._encoded(events[first : first + RECORD_EVENTS], door, now_ms)

    def _encoded(self, events: list[Event], door: Door, now_ms: int) -> Iterator[tuple[bytes, bool]]:
        payload = encode_batch(Batch(self._wanted.project_id, door, now_ms, events))
        if len(payload) > self._wanted.max_bytes and len(events) > 1:
            middle = len(events) // 2
            yield from self._encoded(events[:middle], door, now_ms)
            yield from self._encoded(events[middle:], door, now_ms)
        else:
            yield payload, any(event.website_id for event in events)


def _judge_of(format_: Format, plan: RowPlan, rules: RowRules) -> Callable[[Table | Lines], Judged]:
    lines, columns = LineJudge(plan, rules), ColumnJudge(plan, rules, guess=format_ is Format.CSV)

    def judge(chunk: Table | Lines) -> Judged:
        return lines.judge(chunk) if isinstance(chunk, Lines) else columns.judge(chunk)

    return judge


def _by_door(judged: Judged) -> Iterator[tuple[Door, list[Event]]]:
    if isinstance(judged.doors, Door):
        yield judged.doors, judged.events
        return
    for door, run in groupby(zip(judged.doors, judged.events, strict=True), key=lambda pair: pair[0]):
        yield door, [event for _, event in run]


def _await_first(under_way: deque[tuple[list[Future[None]], Bookmark, float]], watcher: Watcher) -> Bookmark:
    futures, bookmark, share = under_way.popleft()
    for future in futures:
        future.result()
    watcher.advance(bookmark.rows, share)
    return bookmark
