"""For which conversion goals an event counts, from the journal and from the store alike."""

from typing import Any

import msgspec
import pytest

from streamgauge.kernel.event import Event, EventFlag
from streamgauge.kernel.query import StoredEvent
from streamgauge.kernel.website import PAGE_VIEW, Condition, ConversionEvent, Operator, PageMatch, WebContext
from streamgauge.metering.goals import goals_of
from streamgauge.metering.matching import EventFacts

EVENT = Event("e", "signup", 0, website_id="w", properties=b'{"plan":"pro","seats":5}')
VIEW = msgspec.structs.replace(EVENT, name=PAGE_VIEW, web=WebContext(path="/thanks/42"))


def _goal(event_name: str = "signup", **rest: Any) -> ConversionEvent:
    return ConversionEvent("g", "w", "goal", event_name, **rest)


def _is(name: str, *values: str, operator: Operator = Operator.IS) -> Condition:
    return Condition(name, operator, values)


CASES = [
    pytest.param(EVENT, _goal(), True, id="its name"),
    pytest.param(EVENT, _goal("login"), False, id="another name"),
    pytest.param(EVENT, _goal(is_active=False), False, id="switched off"),
    pytest.param(msgspec.structs.replace(EVENT, flags=int(EventFlag.BOT)), _goal(), False, id="of a bot"),
    pytest.param(EVENT, _goal(conditions=(_is("plan", "free", "pro"),)), True, id="one of two values"),
    pytest.param(EVENT, _goal(conditions=(_is("seats", "5"),)), True, id="a number by its text"),
    pytest.param(EVENT, _goal(conditions=(_is("plan", "pro"), _is("seats", "6"))), False, id="both must hold"),
    pytest.param(EVENT, _goal(conditions=(_is("coupon", ""),)), True, id="what is absent is the empty text"),
    pytest.param(EVENT, _goal(conditions=(_is("plan", "free", operator=Operator.IS_NOT),)), True, id="not a value"),
    pytest.param(VIEW, _goal(PAGE_VIEW, page=PageMatch(Operator.MATCHES, ("^/thanks/[0-9]+$",))), True, id="a page"),
    pytest.param(VIEW, _goal(PAGE_VIEW, page=PageMatch(Operator.IS, ("/thanks",))), False, id="another page"),
    pytest.param(
        msgspec.structs.replace(VIEW, web=None), _goal(PAGE_VIEW, page=PageMatch(Operator.IS, ("/",))), False, id="no page"
    ),
]


@pytest.mark.parametrize(("event", "goal", "counts"), CASES)
def test_which_goals_count_it(event: Event, goal: ConversionEvent, counts: bool) -> None:
    stored = StoredEvent(
        "e", event.name, 0, 0, "thebizness", "", "", "", "w", "", event.properties, 1,
        flags=event.flags, path=event.web.path if event.web else "",
    )  # fmt: skip
    for one in (event, stored):
        assert goals_of(EventFacts(one), [goal]) == ((goal,) if counts else ())
