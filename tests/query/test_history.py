"""All versions of an event with the marks between them; and events that no matcher matches."""

import pytest

from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.query import EventListQuery, EventLookup, Filter, Matcher, PropertyKey
from tests.query.ledger import Ledger, ms

_START, _END = ms("2025-01-15T00:00:00Z"), ms("2025-01-16T00:00:00Z")


def test_a_history_tells_versions_marks_and_what_replaced_each(ledger: Ledger) -> None:
    at = {"event_id": "e", "timestamp": _START}
    first, other, second, mark = ledger.put(
        [
            {**at, "properties": b'{"n":1}', "key_id": "k1"},
            {"event_id": "f", "timestamp": _START},
            {**at, "properties": b'{"n":2}', "key_id": "k2"},
            {**at, "flags": int(EventFlag.VOID), "key_id": "k3"},
        ]
    )
    ledger.supersede([first], second)
    ledger.supersede([second], mark)
    found = ledger.history(EventLookup(ledger.project_id, "e"))
    assert [(one.position, one.replaced_by, one.superseded, one.key_id) for one in found] == [
        (mark, None, False, "k3"),
        (second, mark, True, "k2"),
        (first, second, True, "k1"),
    ]
    assert [one.flags & EventFlag.VOID for one in found] == [EventFlag.VOID, 0, 0]
    assert [one.position for one in ledger.history(EventLookup(ledger.project_id, "f"))] == [other]
    assert ledger.history(EventLookup(ledger.project_id, "g")) == ()
    assert [one.position for one in ledger.history(EventLookup(ledger.project_id, "e", limit=2))] == [mark, second]


EU = Filter(PropertyKey("region"), ("eu", "us"))
CASES = {
    "all match nothing": (None, [0, 1, 2, 3]),
    "no matcher matches nothing": ((), [0, 1, 2, 3]),
    "by name": ((Matcher("use"),), [3]),
    "by name and filter": ((Matcher("use", (EU,)),), [2, 3]),
    "by two matchers": ((Matcher("use", (EU,)), Matcher("other")), [2]),
    "by hostile name": ((Matcher("' OR 1=1 --"),), [0, 1, 2, 3]),
}


@pytest.mark.parametrize(("matchers", "expected"), CASES.values(), ids=CASES)
def test_events_that_no_matcher_matches(ledger: Ledger, matchers: tuple[Matcher, ...] | None, expected: list[int]) -> None:
    positions = ledger.put(
        [
            {"timestamp": _START, "properties": b'{"region":"eu"}'},
            {"timestamp": _START + 1, "properties": b'{"region":"us"}', "customer_id": "c"},
            {"timestamp": _START + 2, "properties": b'{"region":"asia"}', "customer_id": "c"},
            {"timestamp": _START + 3, "name": "other"},
        ]
    )
    query = EventListQuery(ledger.selection(_START, _END, event_name=None), 10, descending=False, matched_by_none=matchers)
    assert [positions.index(one.position) for one in ledger.page(query).events] == expected


def test_only_events_that_name_a_customer(ledger: Ledger) -> None:
    _, named = ledger.put([{"timestamp": _START}, {"timestamp": _START, "customer_id": "c"}])
    query = EventListQuery(ledger.selection(_START, _END), 10, of_customers=True)
    assert [one.position for one in ledger.page(query).events] == [named]
