"""What meters count, as a question to the store; what it answers is in tests/flows/test_unmetered.py."""

import pytest

from streamgauge.kernel.expression import parse_expression
from streamgauge.kernel.metering import Measure, Meter, MeterType
from streamgauge.kernel.query import Filter, Matcher, PropertyKey
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.metering.uncounted import MAX_CONDITIONAL, matchers_of

EU = (Filter(PropertyKey("region"), ("eu",)),)
COUNT = Measure(MeterType.COUNT)
DOUBLE = Measure(MeterType.SUM, expression="n * 2")


def _meter(event_name: str, measure: Measure = COUNT, filters: tuple[Filter, ...] = ()) -> Meter:
    return Meter("m", "p", "m", event_name, measure, filters)


METERS = [
    _meter("a"),
    _meter("a", COUNT, EU),
    _meter("b", COUNT, EU),
    _meter("b", Measure(MeterType.SUM, "n"), EU),
    _meter("b", DOUBLE),
]


@pytest.mark.parametrize(
    ("meters", "event_name", "matchers"),
    [
        pytest.param([], None, (), id="no meters"),
        pytest.param(
            METERS, None, (Matcher("a"), Matcher("b", EU), Matcher("b", (), parse_expression("n * 2"))), id="each thing once"
        ),
        pytest.param(METERS, "a", (Matcher("a"),), id="of one name"),
        pytest.param(METERS, "c", (), id="of another name"),
    ],
)
def test_what_meters_count(meters: list[Meter], event_name: str | None, matchers: tuple[Matcher, ...]) -> None:
    assert matchers_of(meters, event_name) == matchers


def test_too_many_conditions_are_refused_unless_one_name_is_asked_for() -> None:
    plain = [_meter(f"plain {n}") for n in range(MAX_CONDITIONAL + 1)]
    meters = [_meter(f"name {n}", COUNT, EU) for n in range(MAX_CONDITIONAL + 1)]
    assert len(matchers_of(plain + meters[1:])) == 2 * MAX_CONDITIONAL + 1
    with pytest.raises(Refusal) as caught:
        matchers_of(plain + meters)
    assert (caught.value.reason, caught.value.field) == (Reason.INVALID_PARAMETER, "event_name")
    assert len(matchers_of(plain + meters, "name 7")) == 1
