"""The ledger against the store: after whatever was loaded in whatever order, both say the same of every pair."""

import asyncio
import contextlib
import itertools
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamgauge.kernel.customer import CustomerChange
from streamgauge.kernel.event import Event, EventFlag
from streamgauge.kernel.limit import EntitlementChange, Verdict
from streamgauge.kernel.metering import LimitPeriod, Measure, MeterType, ResetUsage
from streamgauge.kernel.query import Filter, PropertyKey, Window
from streamgauge.kernel.refusal import Refusal
from streamgauge.metering import running_usage
from streamgauge.store import Store
from tests.metering.ledger_world import World, world
from tests.query.ledger import ms

NOW = ms("2026-03-29T00:30Z")
"""A clock of Berlin is put forward half an hour later, and a month ends two days later."""
DAY_MS = 86_400_000
CLIENT = int(EventFlag.ID_FROM_CLIENT)
_folders = itertools.count(1)

MEASURES = {
    **{type_.value: Measure(type_, field="n") for type_ in MeterType if type_ is not MeterType.COUNT},
    "COUNT": Measure(MeterType.COUNT),
    "a multiplier": Measure(MeterType.SUM_WITH_MULTIPLIER, field="n", multiplier=Decimal("0.001")),
    "sums of hours": Measure(MeterType.SUM, field="n", bucket_size=Window.HOUR),
    "maxima of hours": Measure(MeterType.MAX, field="n", bucket_size=Window.HOUR),
    "maxima of groups": Measure(MeterType.MAX, field="n", bucket_size=Window.DAY, group_by=(PropertyKey("g"),)),
    "an expression": Measure(MeterType.SUM, expression="n * 2 + 1"),
    "the mean of an expression": Measure(MeterType.AVG, expression="n / 3"),
    "the latest of an expression": Measure(MeterType.LATEST, expression="n + 1"),
}
EVER = {"COUNT", "SUM", "AVG", "MAX", "LATEST", "COUNT_UNIQUE", "an expression"}

_properties = st.fixed_dictionaries(
    {}, optional={"n": st.sampled_from([0, 1, 2.5, -3, 7, "4", "abc", 1000000.123456789]), "g": st.sampled_from(["a", "b"])}
)
_event = st.tuples(
    st.just("event"),
    st.integers(0, 12),
    st.sampled_from(["c1", "c1-alias", "c2", "c2", "other"]),
    st.sampled_from([-40, -3, -1, -1, 0, 0, 0, 1, 2, 30]).flatmap(lambda days: st.integers(0, 23).map(lambda h: days * 24 + h)),
    _properties,
)
_steps = st.lists(
    st.one_of(
        st.lists(_event, min_size=1, max_size=6).map(lambda events: ("load", events)),
        st.tuples(st.just("void"), st.integers(0, 12)),
        st.tuples(st.just("hours"), st.sampled_from([1, 5, 26, 24 * 9, 24 * 33])),
        st.tuples(st.just("close"), st.integers(1, 40)),
        st.tuples(st.just("look"), st.booleans()),
    ),
    min_size=2,
    max_size=10,
)


def _made(event_id: str, customer_id: str, at_ms: int, properties: dict[str, Any], flags: int = CLIENT) -> Event:
    return Event(event_id, "use", at_ms, customer_id=customer_id, flags=flags, properties=json.dumps(properties).encode())


async def _take(here: World, step: Any, pairs: list[Any]) -> None:
    now_ms = here.clock.now_ms()
    match step:
        case ("load", events):
            here.send(*[_made(f"e{id_}", who, now_ms + hours * 3_600_000, given) for _, id_, who, hours, given in events])
        case ("void", id_):
            here.send(_made(f"e{id_}", "", now_ms, {}, CLIENT | EventFlag.VOID))
        case ("hours", hours):
            here.clock.advance(hours * 3600)
        case ("close", days):
            start_ms = now_ms // DAY_MS * DAY_MS - days * DAY_MS
            with contextlib.suppress(Refusal):  # It is closed already.
                here.control.closed_periods.close(here.project_id, start_ms, start_ms + DAY_MS, here.journal.end, "key")
        case ("look", True):
            await _agree(here, pairs)
        case ("look", False):
            await asyncio.gather(*(here.check(who, feature) for who, feature in pairs))


async def _agree(here: World, pairs: list[Any]) -> None:
    await here.loaded()
    for who, feature in pairs:
        checked = await here.check(who, feature)
        assert checked.period is not None
        stored = await here.stored_usage(who, feature, checked.period)
        assert checked.usage == stored, (who, feature.name, checked.period)
        assert checked.position >= here.journal.end


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(steps=_steps, period=st.sampled_from(LimitPeriod))
def test_ledger_and_store_say_the_same(tmp_path: Path, store: Store, period: LimitPeriod, steps: list[Any]) -> None:
    async def live() -> None:
        async with world(tmp_path / str(next(_folders)), store, NOW) as here:
            c1 = here.customer("c1", aliases=("c1-alias",), timezone="Europe/Berlin")
            c2 = here.customer("c2")
            pairs = []
            for name, measure in MEASURES.items():
                if period is LimitPeriod.LIFETIME and name not in EVER:
                    continue
                feature = here.feature(measure)
                for customer in (c1, c2):
                    here.entitle(customer, feature, period)
                    pairs.append((customer.external_id, feature))
            for step in steps:
                await _take(here, step, pairs)
            await _agree(here, pairs)

    asyncio.run(live())


def _live(tmp_path: Path, store: Store, story: Any, **rest: Any) -> None:
    async def live() -> None:
        async with world(tmp_path / "world", store, NOW, **rest) as here:
            await story(here)

    asyncio.run(live())


def _use(number: int, properties: dict[str, Any], who: str = "c1", at_ms: int = NOW) -> Event:
    return _made(f"use{number}", who, at_ms, properties)


MOVES = [
    "COUNT",
    "SUM",
    "AVG",
    "MAX",
    "COUNT_UNIQUE",
    "LATEST",
    "WEIGHTED_SUM",
    "maxima of hours",
    "maxima of groups",
    "an expression",
]


@pytest.mark.parametrize("name", MOVES)
def test_usage_moves_on_without_asking_the_store(tmp_path: Path, store: Store, name: str) -> None:
    async def story(here: World) -> None:
        feature = here.feature(MEASURES[name])
        here.entitle(here.customer("c1"), feature)
        here.send(_use(1, {"n": 2}), _use(2, {"n": 3, "g": "b"}))
        await here.loaded()
        await here.check("c1", feature)
        asked = here.runner.asked
        for number in range(3, 9):
            here.send(_use(number, {"n": number * 1.5, "g": "a"}, at_ms=NOW - number * 60_000), _use(100 + number, {}, "other"))
        here.send(_use(2, {"n": 3, "g": "b"}))
        await _agree(here, [("c1", feature)])
        assert here.runner.asked == asked
        here.clock.advance(86_400 * 5)
        assert (await here.check("c1", feature)).usage == 0, "a new month"
        here.send(_use(20, {"n": 4}, at_ms=here.clock.now_ms()))
        await _agree(here, [("c1", feature)])
        assert here.runner.asked == asked

    _live(tmp_path, store, story)


def test_what_cannot_be_moved_on_is_asked_again(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_usage, "MAX_CELLS", 3)

    async def story(here: World) -> None:
        names = ("COUNT_UNIQUE", "maxima of hours", "the mean of an expression")
        pairs = [("c1", here.feature(MEASURES[name])) for name in names]
        customer = here.customer("c1")
        for _, feature in pairs:
            here.entitle(customer, feature)
        for number in range(8):
            here.send(_use(number, {"n": number}, at_ms=NOW - number * 3_600_000))
            await _agree(here, pairs)

    _live(tmp_path, store, story)


def test_changes_of_customers_entitlements_and_meters_are_seen_at_once(tmp_path: Path, store: Store) -> None:
    async def story(here: World) -> None:
        feature, customer = here.feature(MEASURES["SUM"]), here.customer("c1")
        here.entitle(customer, feature, hard_limit=Decimal(10))
        here.send(_use(1, {"n": 2, "g": "a"}), _use(2, {"n": 5, "g": "b"}, "c1-late"))
        await here.loaded()
        assert (await here.check("c1", feature)).usage == 2
        assert (await here.check("c1-late", feature)).verdict is Verdict.NO_ENTITLEMENT
        here.control.customers.update(here.project_id, customer.customer_id, CustomerChange(aliases=("c1-late",)))
        assert (await here.check("c1", feature)).usage == (await here.check("c1-late", feature)).usage == 7
        entitled = (await here.check("c1", feature)).entitlement
        assert entitled is not None
        here.control.entitlements.update(here.project_id, entitled.entitlement_id, EntitlementChange(hard_limit=Decimal(7)))
        assert (await here.check("c1", feature)).verdict is Verdict.HARD_LIMIT_REACHED
        here.control.catalogue.add_filters(here.project_id, feature.meter_id, [Filter(PropertyKey("g"), ("b",))])
        assert (await here.check("c1", feature)).usage == 5
        here.control.entitlements.delete(here.project_id, entitled.entitlement_id)
        assert (await here.check("c1", feature)).verdict is Verdict.NO_ENTITLEMENT

    _live(tmp_path, store, story)


def test_a_meter_that_never_starts_anew_keeps_its_usage(tmp_path: Path, store: Store) -> None:
    async def story(here: World) -> None:
        feature = here.feature(MEASURES["SUM"], ResetUsage.NEVER)
        here.entitle(here.customer("c1"), feature)
        here.send(_use(1, {"n": 2}, at_ms=NOW - 400 * DAY_MS), _use(2, {"n": 5}))
        await _agree(here, [("c1", feature)])
        here.clock.advance(86_400 * 40)
        here.send(_use(3, {"n": 1}, at_ms=here.clock.now_ms()), _use(4, {"n": 1}, at_ms=NOW - 900 * DAY_MS))
        await _agree(here, [("c1", feature)])
        assert (await here.check("c1", feature)).usage == 9

    _live(tmp_path, store, story)


def test_memory_is_bounded_and_what_was_let_go_is_built_again(tmp_path: Path, store: Store) -> None:
    async def story(here: World) -> None:
        feature = here.feature(MEASURES["COUNT"])
        for number in range(8):
            here.entitle(here.customer(f"c{number}"), feature)
            here.send(_use(number, {}, f"c{number}"))
        await here.loaded()
        for _ in range(2):
            await _agree(here, [(f"c{number}", feature) for number in range(8)])
        assert here.limits.ledger.pairs <= 3

    _live(tmp_path, store, story, max_pairs=3)


def test_nothing_is_lost_or_counted_twice_while_pairs_are_built(tmp_path: Path, store: Store) -> None:
    async def story(here: World) -> None:
        feature = here.feature(MEASURES["COUNT"])
        customers = [f"c{number}" for number in range(10)]
        for external_id in customers:
            here.entitle(here.customer(external_id), feature)
        numbers = itertools.count()
        for _ in range(12):
            here.send(*[_use(next(numbers), {}, external_id) for external_id in customers])
            key = (here.project_id, customers[0], feature.feature_id)
            found = here.limits.ledger.find(*key, here.clock.now_ms())
            if found is not None:
                here.limits.ledger.forget(found)
            await asyncio.gather(*(here.check(external_id, feature) for external_id in customers))
        await _agree(here, [(external_id, feature) for external_id in customers])
        assert (await here.check("c0", feature)).usage == 12

    _live(tmp_path, store, story)
