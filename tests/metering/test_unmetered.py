"""Who is told of events that no meter counts: the first of each name in ten minutes, and only who asked."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.event import Batch, Door, Event, EventFlag
from streamgauge.kernel.metering import Measure, Meter, MeterType
from streamgauge.kernel.progress import LoadedEvents
from streamgauge.kernel.query import Filter, PropertyKey
from streamgauge.kernel.webhook import WebhookEvent
from streamgauge.metering import unmetered
from streamgauge.metering.unmetered import QUIET_S, TOLD_AT_ONCE, UnmeteredWatch

COUNT = Measure(MeterType.COUNT)
EU = (Filter(PropertyKey("region"), ("eu",)),)


class Shelf:
    """Meters in memory. version: raised by hand."""

    def __init__(self, *meters: Meter) -> None:
        self.kept = list(meters)
        self.changes = 1

    def version(self, project_id: str) -> int:
        return self.changes

    def meters_of_event(self, project_id: str, event_name: str) -> tuple[Meter, ...]:
        return tuple(meter for meter in self.kept if meter.project_id == project_id and meter.event_name == event_name)


class Mailbox:
    """Keeps what is announced. Takes messages of these projects only."""

    def __init__(self, *projects: str) -> None:
        self.projects = projects
        self.told: list[tuple[str, Mapping[str, Any]]] = []

    def wants(self, project_id: str, event_type: WebhookEvent) -> bool:
        return project_id in self.projects

    def announce(self, project_id: str, event_type: WebhookEvent, data: Mapping[str, object]) -> None:
        assert event_type is WebhookEvent.EVENT_REJECTED
        self.told.append((project_id, msgspec.json.decode(msgspec.json.encode(data))))


class Watched:
    """A watch over meters, and what it told of each load."""

    def __init__(self, *meters: Meter, wanting: Sequence[str] = ("p",)) -> None:
        self.shelf, self.mail, self.clock = Shelf(*meters), Mailbox(*wanting), ManualClock(0)
        self.failures: list[Exception] = []
        self._watch = UnmeteredWatch(self.shelf, self.mail, self.clock.monotonic, self.failures.append)

    def load(self, *events: Event, project_id: str = "p") -> list[tuple[str, str]]:
        """Ids and reasons of what is told of this load."""
        self.mail.told.clear()
        batch = Batch(project_id, Door.FLEXPRICE, 0, list(events))
        self._watch.on_load(LoadedEvents(9, events, [batch] * len(events), range(len(events))))
        return [(data["event"]["id"], data["reason"]) for _, data in self.mail.told]


def _meter(event_name: str, measure: Measure = COUNT, filters: tuple[Filter, ...] = ()) -> Meter:
    return Meter("m", "p", "m", event_name, measure, filters)


def _event(event_id: str, name: str = "use", properties: bytes = b"{}", **fields: Any) -> Event:
    return Event(event_id, name, 1_714_521_600_000, **{"customer_id": "c", **fields}, properties=properties)


def test_the_message_is_the_published_one() -> None:
    watched = Watched()
    watched.load(_event("e", "call", b'{"n": 1.50}', account_id="a", source="api"))
    assert watched.mail.told == [
        (
            "p",
            {
                "event_type": "event.rejected",
                "reason": "no_meter_for_event_name",
                "event": {
                    "id": "e",
                    "event_name": "call",
                    "external_customer_id": "c",
                    "customer_id": "a",
                    "timestamp": "2024-05-01T00:00:00Z",
                    "source": "api",
                    "properties": {"n": 1.5},
                },
            },
        )
    ]


EVENTS = {
    "no meter": (_event("e", "other"), [("e", "no_meter_for_event_name")]),
    "filtered out": (_event("e", "use", b'{"region":"us"}'), [("e", "no_matching_meter")]),
    "kept": (_event("e", "use", b'{"region":"eu"}'), []),
    "not a number": (_event("e", "sum", b'{"n":"x"}'), [("e", "not_a_number")]),
    "a number": (_event("e", "sum", b'{"n":"2"}'), []),
    "counted for certain": (_event("e", "sure", b'{"n":"x"}'), []),
    "of no customer": (_event("e", "other", customer_id=""), []),
    "a void mark": (_event("e", "other", flags=int(EventFlag.VOID)), []),
    "without properties": (_event("e", "use", b""), [("e", "no_matching_meter")]),
}


@pytest.mark.parametrize("name", EVENTS)
def test_which_events_are_told_of(name: str) -> None:
    event, told = EVENTS[name]
    expression = Measure(MeterType.SUM, expression="n * 2")
    watched = Watched(_meter("use", COUNT, EU), _meter("sum", expression), _meter("sure", expression), _meter("sure"))
    assert watched.load(event) == told
    assert watched.failures == []


def test_each_name_is_told_once_in_ten_minutes() -> None:
    watched = Watched()
    assert watched.load(_event("1"), _event("2"), _event("3", "other")) == [
        ("1", "no_meter_for_event_name"), ("3", "no_meter_for_event_name"),
    ]  # fmt: skip
    watched.clock.advance(QUIET_S - 1)
    assert watched.load(_event("4")) == []
    watched.clock.advance(1)
    assert watched.load(_event("5")) == [("5", "no_meter_for_event_name")]


def test_nothing_is_told_to_a_project_that_did_not_ask() -> None:
    watched = Watched(wanting=("q",))
    assert watched.load(_event("1"), project_id="p") == []
    assert watched.load(_event("1"), project_id="q") == [("1", "no_meter_for_event_name")]


def test_a_meter_that_was_made_meanwhile_is_asked() -> None:
    watched = Watched(_meter("use", COUNT, EU))
    assert watched.load(_event("1", properties=b'{"region":"us"}')) == [("1", "no_matching_meter")]
    watched.clock.advance(QUIET_S)
    watched.shelf.kept.append(_meter("use"))
    watched.shelf.changes += 1
    assert watched.load(_event("2", properties=b'{"region":"us"}')) == []


def test_made_up_names_flood_nobody() -> None:
    watched = Watched()
    assert len(watched.load(*(_event(str(n), f"name {n}") for n in range(TOLD_AT_ONCE + 5)))) == TOLD_AT_ONCE
    watched.clock.advance(QUIET_S)
    assert len(watched.load(_event("again"))) == 1


def test_a_load_costs_a_bounded_number_of_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unmetered, "LOOKED_AT", 2)
    watched = Watched(_meter("use", COUNT, EU))
    kept = _event("kept", properties=b'{"region":"eu"}')
    assert watched.load(kept, kept, _event("late")) == []
    assert watched.load(kept, _event("early")) == [("early", "no_matching_meter")]


def test_a_failure_is_told_and_stops_no_load() -> None:
    watched = Watched()

    def fail(project_id: str, event_type: WebhookEvent, data: Mapping[str, object]) -> None:
        raise RuntimeError("no disk")

    watched.mail.announce = fail  # type: ignore[method-assign]  # A mailbox that fails.
    assert watched.load(_event("1")) == []
    assert [str(failure) for failure in watched.failures] == ["no disk"]
