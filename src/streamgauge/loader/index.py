"""What the loader remembers for ever: which ids are known, how far it has come, what it is about to do. One LMDB folder.

    ids      xxh3_128(project NUL event id) -> position of the latest event with that id (8 bytes), its content digest (8)
    state    "checkpoint", "intent", "seed"
    tallies  UTC day, project -> Tally
    amended  project -> ""
    visitors xxh3_128(project NUL website NUL visitor id NUL bot) -> number (4 bytes)
    visits   visitor number (4 bytes, big-endian), start in ms (8) -> Visit

Promises: the ids, visits, tallies and checkpoint of one load change together, in one transaction that is on disk when `commit`
returns.
Limits: two ids of one folder are mistaken for one with a chance of about n*n / 2**129 (1e-17 for a hundred billion ids); the
hash is seeded per folder, so nobody can prepare a collision. About 55 bytes of disk per id.
"""

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import lmdb
import msgspec

from streamgauge.kernel.website import VISIT_GAP_MS
from streamgauge.loader.tally import Tallies, Tally, new_tallies
from streamgauge.loader.visits import Visit, VisitChanges, VisitMemory, VisitorKey, VisitorSpan

_CHECKPOINT = b"checkpoint"
_INTENT = b"intent"
_SEED = b"seed"
_DEFAULT_MAP_BYTES = 16 * 2**30

NO_VISITS = VisitChanges.none()

_T = TypeVar("_T")
_encode = msgspec.msgpack.Encoder().encode
_decode_visit = msgspec.msgpack.Decoder(Visit).decode
# Times before 1970 are negative; shifted, they sort as bytes.
_SHIFT = 2**63


class Intent(msgspec.Struct, frozen=True, array_like=True):
    """The boundaries [start, end) of the batch being loaded, and the positions of its records that the store refused."""

    start: int
    end: int
    refused: tuple[int, ...] = ()


class Index:
    """An open index. Safe for use by several threads; transactions run one at a time."""

    def __init__(self, folder: Path, map_bytes: int = _DEFAULT_MAP_BYTES) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._guard = threading.Lock()
        # Lookups are random: reading ahead would only push other pages out of memory.
        self._env = lmdb.open(str(folder), map_size=map_bytes, max_dbs=6, readahead=False)
        self._ids, self._state, self._tallies, self._amended, self._visitors, self._visits = (
            self._env.open_db(name) for name in (b"ids", b"state", b"tallies", b"amended", b"visitors", b"visits")
        )
        self._write(self._ensure_seed)
        self.seed = int.from_bytes(self._read_state(_SEED) or b"", "big")

    @property
    def checkpoint(self) -> int:
        """All records below this position are loaded. 0 for a new index."""
        return int.from_bytes(self._read_state(_CHECKPOINT) or b"", "big")

    @property
    def intent(self) -> Intent | None:
        """The batch that was begun and not finished, None when the last one was."""
        raw = self._read_state(_INTENT)
        return msgspec.msgpack.decode(raw, type=Intent) if raw else None

    def known(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Of the given id keys those that are known, with their values."""
        with self._guard, self._env.begin(db=self._ids) as txn, txn.cursor() as cursor:
            return dict(cursor.getmulti(sorted(keys)))

    @property
    def visit_memory(self) -> VisitMemory:
        """What deciding visits needs to know."""
        return VisitMemory(self._visitor_numbers, self._next_visitor, self._visits_near, self._has_visits)

    def _has_visits(self) -> bool:
        with self._guard, self._env.begin() as txn:
            return bool(txn.stat(self._visits)["entries"])

    def _visitor_numbers(self, keys: Iterable[VisitorKey]) -> dict[VisitorKey, int]:
        with self._guard, self._env.begin(db=self._visitors) as txn, txn.cursor() as cursor:
            return {bytes(key): int.from_bytes(number, "big") for key, number in cursor.getmulti(sorted(keys))}

    def _next_visitor(self) -> int:
        """Numbers begin with 1 and none is ever given back."""
        with self._guard, self._env.begin() as txn:
            return int(txn.stat(self._visitors)["entries"]) + 1

    def _visits_near(self, spans: Sequence[VisitorSpan]) -> dict[int, list[Visit]]:
        """By visitor, in order of time, the visits that begin or end less than the gap away from the span, or lie in it."""
        found: dict[int, list[Visit]] = {}
        with self._guard, self._env.begin(db=self._visits) as txn, txn.cursor() as cursor:
            for span in spans:
                if visits := _near(cursor, span):
                    # A visit may reach over two spans of its visitor.
                    before = found.setdefault(span.visitor, [])
                    before.extend(visit for visit in visits if not before or visit.started_ms > before[-1].started_ms)
        return found

    def amended_projects(self) -> frozenset[str]:
        with self._guard, self._env.begin(db=self._amended) as txn, txn.cursor() as cursor:
            return frozenset(bytes(key).decode() for key in cursor.iternext(values=False))

    def books(self) -> tuple[int, Tallies]:
        """The checkpoint and all tallies by project and day, as of one moment."""
        found = new_tallies()
        with self._guard, self._env.begin() as txn:
            checkpoint = int.from_bytes(txn.get(_CHECKPOINT, db=self._state) or b"", "big")
            with txn.cursor(db=self._tallies) as cursor:
                for key, value in cursor:
                    found[bytes(key[4:]).decode(), int.from_bytes(key[:4], "big")] = msgspec.msgpack.decode(value, type=Tally)
        return checkpoint, found

    def tallies(self) -> Tallies:
        """All tallies, by project and day."""
        return self.books()[1]

    def intend(self, intent: Intent) -> None:
        """Writes down, durably, what is about to be loaded."""
        raw = msgspec.msgpack.encode(intent)
        self._write(lambda txn: txn.put(_INTENT, raw, db=self._state))

    def mark_amended(self, projects: Iterable[str]) -> None:
        """Writes down, durably, that events of these projects have been replaced."""
        keys = [project.encode() for project in projects]
        self._write(lambda txn: [txn.put(key, b"", db=self._amended) for key in keys])

    def commit(
        self,
        checkpoint: int,
        ids: Mapping[bytes, bytes],
        tallies: Mapping[tuple[str, int], Tally],
        visits: VisitChanges = NO_VISITS,
    ) -> None:
        """The load up to `checkpoint` is done: ids, visits and tallies, the checkpoint, and the end of the intent, together."""
        items = sorted(ids.items())

        def write(txn: lmdb.Transaction) -> None:
            self._put_ids(txn, items)
            self._put_visits(txn, visits)
            for (project, day), tally in tallies.items():
                self._add_tally(txn, day.to_bytes(4, "big") + project.encode(), tally)
            txn.put(_CHECKPOINT, checkpoint.to_bytes(8, "big"), db=self._state)
            txn.delete(_INTENT, db=self._state)

        self._write(write)

    def close(self) -> None:
        with self._guard:
            self._env.close()

    def _put_ids(self, txn: lmdb.Transaction, items: Sequence[tuple[bytes, bytes]]) -> None:
        if items:
            with txn.cursor(db=self._ids) as cursor:
                cursor.putmulti(items)

    def _put_visits(self, txn: lmdb.Transaction, changes: VisitChanges) -> None:
        for key, number in changes.new_visitors.items():
            txn.put(key, number.to_bytes(4, "big"), db=self._visitors)
        for visit in changes.before:
            txn.delete(_visit_key(visit.visitor, visit.started_ms), db=self._visits)
        for visit in changes.after:
            txn.put(_visit_key(visit.visitor, visit.started_ms), _encode(visit), db=self._visits)

    def _add_tally(self, txn: lmdb.Transaction, key: bytes, tally: Tally) -> None:
        raw = txn.get(key, db=self._tallies)
        total = msgspec.msgpack.decode(raw, type=Tally) if raw else Tally()
        total.add(tally)
        txn.put(key, msgspec.msgpack.encode(total), db=self._tallies)

    def _ensure_seed(self, txn: lmdb.Transaction) -> None:
        if txn.get(_SEED, db=self._state) is None:
            txn.put(_SEED, os.urandom(8), db=self._state)

    def _read_state(self, key: bytes) -> bytes | None:
        with self._guard, self._env.begin(db=self._state) as txn:
            raw = txn.get(key)
            return None if raw is None else bytes(raw)

    def _write(self, change: Callable[[lmdb.Transaction], _T]) -> _T:
        """Runs the change in one durable transaction, with a larger map as often as it needs one."""
        with self._guard:
            while True:
                try:
                    with self._env.begin(write=True) as txn:
                        return change(txn)
                except lmdb.MapFullError:
                    self._env.set_mapsize(self._env.info()["map_size"] * 2)


def _visit_key(visitor: int, started_ms: int) -> bytes:
    return visitor.to_bytes(4, "big") + (started_ms + _SHIFT).to_bytes(8, "big")


def _near(cursor: lmdb.Cursor, span: VisitorSpan) -> list[Visit]:
    """Walks back from the last visit that begins less than the gap after the span; visits do not overlap, so their ends are in
    order too."""
    found: list[Visit] = []
    prefix = span.visitor.to_bytes(4, "big")
    there = cursor.prev() if cursor.set_range(_visit_key(span.visitor, span.high_ms + VISIT_GAP_MS)) else cursor.last()
    while there and bytes(cursor.key()[:4]) == prefix:
        visit = _decode_visit(cursor.value())
        if span.low_ms - visit.ended_ms >= VISIT_GAP_MS:
            break
        found.append(visit)
        there = cursor.prev()
    return found[::-1]


def checkpoint_of(folder: Path) -> int:
    """The checkpoint of an index that nobody has open; 0 when there is none."""
    if not folder.exists():
        return 0
    index = Index(folder)
    try:
        return index.checkpoint
    finally:
        index.close()
