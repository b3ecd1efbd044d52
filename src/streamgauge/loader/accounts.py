"""The loader's books: totals by project, what was accepted on a day, and the check that index, store and journal agree."""

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from streamgauge.kernel.event import Door, EventFlag
from streamgauge.loader.batching import UNREADABLE
from streamgauge.loader.index import Index
from streamgauge.loader.journal_port import JournalReader
from streamgauge.loader.tally import Tallies, Tally, utc_day
from streamgauge.store import SLOT_MS, Statement, StatementLimits, Store

_TAIL_BYTES_AT_ONCE = 4 * 2**20
_VERIFY_LIMITS = StatementLimits(timeout_s=600.0, max_memory_bytes=4_000_000_000, max_rows=10_000_000)

_STORED_SQL = """
SELECT project_id, count(), uniqExact(position) FROM events WHERE position < {below:UInt64} GROUP BY project_id
"""
_CUSTOMERS_SQL = tuple(
    f"SELECT project_id, (count(), sum(cityHash64(customer_id, name, timestamp, position, flags))) FROM {table}\n"  # noqa: S608 - two words of ours
    "WHERE customer_id != '' AND position < {below:UInt64} GROUP BY project_id"
    for table in ("events", "customer_events")
)
_SUPERSEDED_SQL = """
SELECT
    project_id, count(), uniqExact(position), countIf(position >= by_position),
    countIf(position NOT IN (SELECT position FROM events WHERE position < {below:UInt64})
        OR by_position NOT IN (SELECT position FROM events WHERE position < {below:UInt64}))
FROM superseded WHERE by_position < {below:UInt64} GROUP BY project_id
"""

_VISITS_SQL = """
SELECT project_id, website_id, sum(told), sum(found), sum(wrong)
FROM
(
    SELECT project_id, website_id, sum(of_visit) AS told, toInt64(0) AS found, toInt64(countIf(net NOT IN (0, 1))) AS wrong
    FROM
    (
        SELECT project_id, website_id, sum(sign * toInt64(events)) AS of_visit, sum(sign) AS net
        FROM visits GROUP BY project_id, website_id, started_at, visit
    )
    GROUP BY project_id, website_id
    UNION ALL
    SELECT project_id, website_id, toInt64(0), toInt64(count()), toInt64(0) FROM events
    WHERE visit != 0 AND position NOT IN (SELECT position FROM superseded)
    GROUP BY project_id, website_id
)
GROUP BY project_id, website_id
ORDER BY project_id, website_id
"""

_OF_ROLLUP = """
SELECT project_id, name, property, slot, sum(events) AS n, sum(total) AS added, min(least) AS low, max(most) AS high,
    max(last_position) AS last
FROM rollup GROUP BY project_id, name, property, slot
"""
_OF_EVENTS = f"""
SELECT project_id, name, pair.1 AS property, toInt32(floor(toUnixTimestamp64Milli(timestamp) / {SLOT_MS})) AS slot, count() AS n,
    sum(toDecimal256(pair.2, 9)) AS added, min(pair.2) AS low, max(pair.2) AS high, max(position) AS last
FROM events
ARRAY JOIN arrayConcat(
    [('', toDecimal128(0, 9))], arrayMap((key, value) -> ('.' || key, value), mapKeys(numbers), mapValues(numbers))
) AS pair
WHERE bitAnd(flags, {EventFlag.VOID.value}) = 0 GROUP BY project_id, name, property, slot
"""  # noqa: S608 - two numbers of ours
_SLOTS_SQL = tuple(
    f"SELECT project_id, (count(), sum(cityHash64(name, property, slot, n, added, low, high, last))) FROM ({slots})\n"  # noqa: S608 - words of ours
    "GROUP BY project_id"
    for slots in (_OF_ROLLUP, _OF_EVENTS)
)


class Accounts(msgspec.Struct, frozen=True):
    """Tallies over all days by project ("" for records whose project cannot be read)."""

    by_project: Mapping[str, Tally]

    @classmethod
    def of(cls, tallies: Tallies) -> "Accounts":
        totals: dict[str, Tally] = {}
        for (project_id, _), tally in tallies.items():
            totals.setdefault(project_id, Tally()).add(tally)
        return cls(totals)


class VerifyReport(msgspec.Struct, frozen=True):
    """faults: one sentence each; none when all agrees.

    checkpoint, journal_start, journal_end: positions. waiting_bytes: what is durable and not loaded yet.
    """

    accounts: Accounts
    faults: tuple[str, ...]
    checkpoint: int
    journal_start: int
    journal_end: int

    @property
    def agrees(self) -> bool:
        return not self.faults

    @property
    def waiting_bytes(self) -> int:
        return self.journal_end - self.checkpoint


def verify(index: Index, store: Store, journal: JournalReader) -> VerifyReport:
    """Compares the three as of the checkpoint; loading may go on meanwhile, for what lies below does not change."""
    # In this order: a load that ends meanwhile moves the journal's start and the checkpoint up, the start last.
    start = journal.start
    checkpoint, tallies = index.books()
    end = journal.end
    accounts = Accounts.of(tallies)
    faults = [
        *_position_faults(checkpoint, start, end),
        *_stored_faults(accounts, checkpoint, store),
        *_superseded_faults(accounts, checkpoint, store),
        *_customer_faults(checkpoint, store),
    ]
    return VerifyReport(accounts, tuple(faults), checkpoint, start, end)


def _position_faults(checkpoint: int, start: int, end: int) -> Iterator[str]:
    if checkpoint < start:
        yield f"the journal begins at {start}, after the checkpoint {checkpoint}: records between them are missing"
    if checkpoint > end:
        yield f"the checkpoint {checkpoint} lies beyond the journal's end {end}"


def _stored_faults(accounts: Accounts, checkpoint: int, store: Store) -> Iterator[str]:
    rows = store.select(Statement("verify.stored", _STORED_SQL, {"below": checkpoint}), _VERIFY_LIMITS)
    stored = {project_id: (count, positions) for project_id, count, positions in rows}
    for project_id in sorted(stored.keys() | accounts.by_project.keys()):
        count, positions = stored.get(project_id, (0, 0))
        tally = accounts.by_project.get(project_id, Tally())
        if tally.received != tally.stored + tally.duplicate + tally.refused:
            yield (
                f"project {project_id}: received {tally.received} is not stored {tally.stored}"
                f" + duplicate {tally.duplicate} + refused {tally.refused}"
            )
        if count != tally.stored:
            yield f"project {project_id}: the store holds {count} events, the accounts say {tally.stored}"
        if positions != count:
            yield f"project {project_id}: {count} events share {positions} positions"


def _superseded_faults(accounts: Accounts, checkpoint: int, store: Store) -> Iterator[str]:
    rows = store.select(Statement("verify.superseded", _SUPERSEDED_SQL, {"below": checkpoint}), _VERIFY_LIMITS)
    found = {project_id: figures for project_id, *figures in rows}
    for project_id in sorted(found.keys() | accounts.by_project.keys()):
        count, positions, reversed_, unknown = found.get(project_id, (0, 0, 0, 0))
        amended = accounts.by_project.get(project_id, Tally()).amended
        if count != amended:
            yield f"project {project_id}: {count} events are superseded, the accounts say {amended}"
        if positions != count:
            yield f"project {project_id}: an event is superseded twice"
        if reversed_:
            yield f"project {project_id}: {reversed_} events are superseded by earlier ones"
        if unknown:
            yield f"project {project_id}: {unknown} superseded rows name events that the store does not hold"


def _customer_faults(checkpoint: int, store: Store) -> Iterator[str]:
    """Compares the events of customers with the same events sorted by customer."""
    sums = [
        dict(store.select(Statement("verify.customers", sql, {"below": checkpoint}), _VERIFY_LIMITS)) for sql in _CUSTOMERS_SQL
    ]
    for project_id in sorted(sums[0].keys() | sums[1].keys()):
        if sums[0].get(project_id) != sums[1].get(project_id):
            yield f"project {project_id}: the events of customers and the same events sorted by customer differ"


def visit_faults(store: Store) -> Iterator[str]:
    """Compares visits with the events that they were made of. Only while nothing is being loaded: they have no common bound."""
    for project_id, website_id, told, found, wrong in store.select(Statement("verify.visits", _VISITS_SQL, {}), _VERIFY_LIMITS):
        if told != found:
            yield f"website {website_id} of project {project_id}: visits tell of {told} events, the store holds {found} of them"
        if wrong:
            yield f"website {website_id} of project {project_id}: {wrong} visits are there more than once or taken back too often"


def rollup_faults(store: Store) -> Iterator[str]:
    """Compares the roll-up with what the events add up to. Only while nothing is being loaded, as visits."""
    told, found = (dict(store.select(Statement("verify.rollup", sql), _VERIFY_LIMITS)) for sql in _SLOTS_SQL)
    for project_id in sorted(told.keys() | found.keys()):
        if told.get(project_id) != found.get(project_id):
            yield f"project {project_id}: the roll-up and the events that it adds up differ"


class _Head(msgspec.Struct, array_like=True):
    """A Batch whose events are counted and not decoded."""

    project_id: str
    door: Door
    received_at_ms: int
    events: list[msgspec.Raw]


_decode_head = msgspec.msgpack.Decoder(_Head).decode


def accepted_in_tail(index: Index, journal: JournalReader) -> Counter[tuple[str, int]]:
    """Events received by project and UTC day: what the index counts, and what waits in the journal."""
    at, tallies = index.books()
    end = journal.end
    accepted = Counter({key: tally.received for key, tally in tallies.items()})
    while at < end:
        for record in journal.read(at, _TAIL_BYTES_AT_ONCE):
            at = record.next_position
            try:
                head = _decode_head(record.payload)
            except UNREADABLE:
                # An unreadable record belongs to no project's quota; loading sets it aside and counts it.
                continue
            accepted[head.project_id, utc_day(head.received_at_ms)] += len(head.events)
    return accepted
