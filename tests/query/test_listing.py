"""Pages of events and lookups: order, cursors, exact has_more, totals, versions."""

from typing import Any

import pytest
from msgspec.structs import replace

from streamgauge.kernel.query import EventListQuery, Field, FieldKey, Filter, Place, PropertyKey, SortKey, StoredEvent
from streamgauge.kernel.refusal import Reason, Refusal
from tests.query.ledger import Ledger, ms

_START, _END = "2025-01-01T00:00Z", "2025-02-01T00:00Z"


def put_many(ledger: Ledger, count: int, **rest: Any) -> None:
    """Events three to a millisecond, their ids in an order of their own."""
    start = ms(_START)
    ledger.put([{"event_id": f"id-{place * 7 % count:04}", "timestamp": start + place // 3, **rest} for place in range(count)])


def walk(ledger: Ledger, query: EventListQuery) -> list[StoredEvent]:
    """All pages, each from where the last one ended."""
    seen: list[StoredEvent] = []
    while True:
        page = ledger.page(query)
        seen.extend(page.events)
        if not page.has_more:
            return seen
        last = page.events[-1]
        query = replace(query, older_than=Place(last.timestamp_ms, last.event_id))


def test_a_walk_by_cursor_sees_every_event_once_newest_first(ledger: Ledger) -> None:
    put_many(ledger, 120)
    seen = walk(ledger, EventListQuery(ledger.selection(_START, _END), 50))
    places = [(event.timestamp_ms, event.event_id) for event in seen]
    assert places == sorted(places, reverse=True)
    assert len(set(places)) == 120


def test_offsets_page_in_the_same_order(ledger: Ledger) -> None:
    put_many(ledger, 25)
    query = EventListQuery(ledger.selection(_START, _END), 10, with_total=True)
    pages = [ledger.page(replace(query, offset=offset)) for offset in (0, 10, 20)]
    assert [event for page in pages for event in page.events] == walk(ledger, query)
    assert [(len(page.events), page.has_more, page.total) for page in pages] == [(10, True, 25), (10, True, 25), (5, False, 25)]


def test_a_page_that_is_just_full_has_no_more(ledger: Ledger) -> None:
    put_many(ledger, 10)
    assert not ledger.page(EventListQuery(ledger.selection(_START, _END), 10)).has_more


def test_newer_than_gives_what_comes_after_the_place(ledger: Ledger) -> None:
    put_many(ledger, 9)
    oldest_first = EventListQuery(ledger.selection(_START, _END), 9, descending=False)
    events = ledger.page(oldest_first).events
    after = replace(oldest_first, newer_than=Place(events[3].timestamp_ms, events[3].event_id))
    assert ledger.page(after).events == events[4:]


@pytest.mark.parametrize("descending", [True, False], ids=["from z to a", "from a to z"])
def test_sorted_by_name(ledger: Ledger, descending: bool) -> None:
    ledger.put([{"timestamp": ms(_START) + place, "name": name} for place, name in enumerate("bacab")])
    query = EventListQuery(ledger.selection(_START, _END, event_name=None), 10, sort=SortKey.EVENT_NAME, descending=descending)
    assert [event.name for event in ledger.page(query).events] == sorted("bacab", reverse=descending)


def test_events_come_back_as_they_were_sent(ledger: Ledger) -> None:
    sent: dict[str, Any] = {
        "event_id": "event'123\t\\n",
        "timestamp": ms("2025-01-15T10:30:00.123Z"),
        "received_at": ms("2025-01-15T10:30:01.456Z"),
        "customer_id": "customer456",
        "account_id": "account",
        "visitor_id": "visitor ☃",
        "website_id": "site",
        "source": "api",
        "door": "solinth",
        "properties": b'{ "b":1e3, "a":[null, {"x":"\\u00e9"}],"{\\"request_size\\"":"100" }',
    }
    (position,) = ledger.put([sent])
    (event,) = ledger.page(EventListQuery(ledger.selection(_START, _END), 5)).events
    rest = {key: value for key, value in sent.items() if key not in ("timestamp", "received_at")}
    times = {"timestamp_ms": sent["timestamp"], "received_at_ms": sent["received_at"]}
    assert event == StoredEvent(**rest, **times, name="use", position=position)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        pytest.param(Filter(FieldKey(Field.CUSTOMER_ID), ("c'1",)), {"a"}, id="customer with a quote"),
        pytest.param(Filter(FieldKey(Field.EVENT_ID), ("a", "b", "x")), {"a", "b"}, id="some ids"),
        pytest.param(Filter(PropertyKey(""), ("\\n",)), {"a"}, id="a property without a name, and a value with a backslash"),
        pytest.param(Filter(PropertyKey("n"), ("2",)), {"a", "b"}, id="a number and a numeric text alike"),
        pytest.param(Filter(PropertyKey("n"), ("",)), {"c"}, id="the empty text finds what lacks the property"),
        pytest.param(Filter(PropertyKey("n"), ()), set(), id="no value allowed, no event"),
    ],
)
def test_filters(ledger: Ledger, chosen: Filter, expected: set[str]) -> None:
    at = ms(_START)
    ledger.put(
        [
            {"event_id": "a", "timestamp": at, "customer_id": "c'1", "properties": b'{"":"\\\\n","n":2}'},
            {"event_id": "b", "timestamp": at, "customer_id": "c2", "properties": b'{"":"\\n","n":"2"}'},
            {"event_id": "c", "timestamp": at, "customer_id": "c3"},
        ]
    )
    page = ledger.page(EventListQuery(ledger.selection(_START, _END, filters=(chosen,)), 5))
    assert {event.event_id for event in page.events} == expected


def test_a_replaced_event_is_left_out_of_pages_and_kept_for_lookup(ledger: Ledger) -> None:
    at = ms(_START)
    positions = ledger.put([{"event_id": "same", "timestamp": at + place} for place in (5, 3, 4)])
    ledger.supersede(positions[:2], positions[2])
    page = ledger.page(EventListQuery(ledger.selection(_START, _END), 5, with_total=True))
    assert [event.timestamp_ms for event in page.events] == [at + 4]
    assert page.total == 1
    versions = ledger.versions("same")
    assert [(event.timestamp_ms - at, event.superseded) for event in versions] == [(4, False), (3, True), (5, True)]
    assert [event.timestamp_ms - at for event in ledger.versions("same", limit=1)] == [4]


def test_lookup_of_an_unknown_id_finds_nothing(ledger: Ledger) -> None:
    assert ledger.versions("nobody' OR 1=1") == ()


def test_projects_do_not_see_each_other(ledger: Ledger) -> None:
    other = Ledger(ledger.store)
    other.put([{"event_id": "x", "timestamp": ms(_START)}])
    assert ledger.page(EventListQuery(ledger.selection(_START, _END), 5, with_total=True)).total == 0
    assert ledger.versions("x") == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"limit": 0}, Reason.INVALID_PARAMETER), ({"offset": -1}, Reason.INVALID_PARAMETER)],
    ids=["an empty page", "a negative offset"],
)
def test_senseless_pages_are_refused(ledger: Ledger, change: dict[str, Any], reason: Reason) -> None:
    with pytest.raises(Refusal) as refused:
        ledger.page(EventListQuery(ledger.selection(_START, _END), **{"limit": 5, **change}))
    assert refused.value.reason is reason


def test_a_reversed_range_is_refused(ledger: Ledger) -> None:
    with pytest.raises(Refusal) as refused:
        ledger.page(EventListQuery(ledger.selection(_END, _START), 5))
    assert refused.value.reason is Reason.RANGE_REVERSED
