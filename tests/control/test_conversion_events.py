"""Conversion events: kept exactly, changed in parts, gone with their website, and nobody else's."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial

import pytest
from msgspec import structs

from streamgauge.control import Control, ConversionEventChange, WebsiteSpec, conversion_events
from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Condition, ConversionEvent, Operator, PageMatch, Website
from tests.control.conftest import NOON_MS

THANKS = PageMatch(Operator.IS, ("/thanks", "/danke"))
SIGNUP = ConversionEventChange(name="Signup", event_name="signup")


@pytest.fixture
def site(control: Control) -> Website:
    return control.create_website("shop", WebsiteSpec(domain="a.example", website_id="w", currency="EUR"))


def test_it_is_kept_with_every_digit_and_seen_by_other_processes(control: Control, other: Control, site: Website) -> None:
    conditions = (Condition("plan", Operator.IS_NOT, ("a", "")), Condition("\"'", Operator.MATCHES, ("^x",)))
    wanted = ConversionEventChange(
        name=" Big ", event_name="purchase", conditions=conditions, value=Decimal("0.100000001"), currency="usd", is_active=False
    )
    made = control.create_conversion_event(site.project_id, "w", wanted)
    assert made.conversion_event_id.startswith("cev_")
    assert made == ConversionEvent(
        made.conversion_event_id,
        "w",
        "Big",
        "purchase",
        conditions,
        value=Decimal("0.100000001"),
        currency="USD",
        is_active=False,
        created_at_ms=NOON_MS,
        updated_at_ms=NOON_MS,
    )
    assert control.conversion_events("w") == (made,)
    other.refresh()
    assert other.conversion_event_of(site.project_id, "w", made.conversion_event_id) == made


def test_defaults_are_the_websites_currency_no_value_and_active(control: Control, site: Website) -> None:
    made = control.create_conversion_event(site.project_id, "w", SIGNUP)
    assert (made.currency, made.value, made.is_active, made.conditions, made.page) == ("EUR", None, True, (), None)


def test_they_are_listed_in_the_order_of_their_making(control: Control, site: Website, clock: ManualClock) -> None:
    made = []
    for _ in range(3):
        clock.advance(1)
        made.append(control.create_conversion_event(site.project_id, "w", SIGNUP))
    assert control.conversion_events("w") == tuple(made)
    assert control.conversion_events("unknown") == ()


def test_a_change_keeps_what_it_does_not_name(control: Control, site: Website, clock: ManualClock) -> None:
    before = control.create_conversion_event(
        site.project_id, "w", ConversionEventChange(name="A", event_name="a", value=Decimal("9.99"))
    )
    clock.advance(1)
    change = ConversionEventChange(is_active=False, value=None)
    after = control.update_conversion_event(site.project_id, "w", before.conversion_event_id, change)
    assert after == structs.replace(before, is_active=False, value=None, updated_at_ms=NOON_MS + 1000)
    assert control.conversion_events("w") == (after,)


def test_a_page_counts_page_views(control: Control, site: Website) -> None:
    made = control.create_conversion_event(site.project_id, "w", ConversionEventChange(name="A", page=THANKS))
    assert (made.event_name, made.page) == ("page_view", THANKS)
    place = (site.project_id, "w", made.conversion_event_id)
    with pytest.raises(Refusal) as caught:
        control.update_conversion_event(*place, ConversionEventChange(page=None))
    assert (caught.value.reason, caught.value.field) == (Reason.MISSING_FIELD, "event_name")
    with pytest.raises(Refusal, match="with a page it must be page_view"):
        control.update_conversion_event(*place, ConversionEventChange(event_name="signup"))
    assert control.conversion_events("w") == (made,)
    changed = control.update_conversion_event(*place, ConversionEventChange(page=None, event_name="signup"))
    assert (changed.event_name, changed.page) == ("signup", None)
    again = control.update_conversion_event(*place, ConversionEventChange(page=THANKS))
    assert (again.event_name, again.page) == ("page_view", THANKS)


@pytest.mark.parametrize(
    ("wanted", "reason", "field"),
    [
        pytest.param(ConversionEventChange(event_name="a"), Reason.MISSING_FIELD, "name", id="no name"),
        pytest.param(ConversionEventChange(name="A"), Reason.MISSING_FIELD, "event_name", id="neither event nor page"),
        pytest.param(
            ConversionEventChange(name="A", event_name="a", page=THANKS), Reason.INVALID_PARAMETER, "event_name", id="both"
        ),
        pytest.param(ConversionEventChange(name=" ", event_name="a"), Reason.INVALID_PARAMETER, "name", id="a blank name"),
        pytest.param(
            ConversionEventChange(name="A", event_name="a", currency="€"), Reason.INVALID_PARAMETER, "currency", id="a sign"
        ),
    ],
)
def test_a_wrong_one_is_refused_and_leaves_nothing(
    control: Control, site: Website, wanted: ConversionEventChange, reason: Reason, field: str
) -> None:
    with pytest.raises(Refusal) as caught:
        control.create_conversion_event(site.project_id, "w", wanted)
    assert (caught.value.reason, caught.value.field) == (reason, field)
    assert control.conversion_events("w") == ()


def test_those_of_another_project_or_website_are_not_there(control: Control, site: Website) -> None:
    made = control.create_conversion_event(site.project_id, "w", SIGNUP)
    own = control.create_website("thief", WebsiteSpec(domain="b.example", website_id="own"))
    sibling = control.create_website("shop", WebsiteSpec(domain="c.example", website_id="sibling"))
    event_id = made.conversion_event_id
    attempts: list[Callable[[], object]] = [partial(control.create_conversion_event, own.project_id, "w", SIGNUP)]
    for project_id, website_id in ((own.project_id, "w"), (own.project_id, "own"), (sibling.project_id, "sibling")):
        place = (project_id, website_id, event_id)
        attempts += [
            partial(control.conversion_event_of, *place),
            partial(control.update_conversion_event, *place, SIGNUP),
            partial(control.delete_conversion_event, *place),
        ]
    for attempt in attempts:
        with pytest.raises(Refusal, match="There is no") as caught:
            attempt()
        assert caught.value.reason is Reason.NOT_FOUND
    assert control.conversion_events("w") == (made,)


def test_they_go_alone_or_with_their_website(control: Control, site: Website) -> None:
    first, second = (control.create_conversion_event(site.project_id, "w", SIGNUP) for _ in range(2))
    control.delete_conversion_event(site.project_id, "w", first.conversion_event_id)
    assert control.conversion_events("w") == (second,)
    control.delete_website(site.project_id, "w")
    assert control.conversion_events("w") == ()
    control.create_website("shop", WebsiteSpec(domain="a.example", website_id="w"))
    assert control.conversion_events("w") == ()


def test_a_website_has_a_bounded_number(control: Control, site: Website, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion_events, "MAX_CONVERSION_EVENTS", 1)
    control.create_conversion_event(site.project_id, "w", SIGNUP)
    with pytest.raises(Refusal, match="at most 1 conversion events of a website"):
        control.create_conversion_event(site.project_id, "w", SIGNUP)
