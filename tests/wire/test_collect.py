"""What the tracker sends, as events."""

import json
from typing import Any

import pytest

from streamgauge.kernel.event import Event, EventFlag
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.dialect import NoneAccepted
from streamgauge.wire.thebizness.collect import MAX_AGE_MS, MAX_EVENTS, parse_collect
from streamgauge.wire.thebizness.revenue import revenue_id_of
from tests.wire.arrivals import NOW_MS, arrival

PAGE = {"name": "page_view", "url": "https://shop.example/a?b=c"}


def request(*events: object, **more: object) -> bytes:
    return json.dumps({"website_id": "w", "events": list(events), **more}).encode()


def parsed(event: object) -> Event:
    """The one event of a request."""
    collected = parse_collect(request(event), arrival(), lambda _: "CHF")
    assert collected.website_id == "w"
    (only,) = collected.batch.events
    return only


def properties_of(event: Event) -> Any:
    return json.loads(event.properties)


def test_a_page_view_with_everything() -> None:
    event = parsed(
        {
            **PAGE,
            "id": "k3x9",
            "referrer": "https://search.example/",
            "title": "A",
            "screen": "1200x800",
            "language": "en-GB",
            "props": {"plan": "pro"},
            "customer_id": "cust_1",
            "visitor_id": "v1",
            "age_ms": 1500,
        }
    )
    assert (event.event_id, event.name, event.website_id, event.source) == ("trk_k3x9", "page_view", "w", "tracker")
    assert (event.customer_id, event.visitor_id) == ("cust_1", "v1")
    assert event.timestamp_ms == NOW_MS - 1500
    assert event.flags == EventFlag.FIRST_WINS | EventFlag.ID_FROM_CLIENT | EventFlag.TIME_FROM_CLIENT
    assert properties_of(event) == {
        "page_url": PAGE["url"],
        "referrer": "https://search.example/",
        "page_title": "A",
        "screen": "1200x800",
        "language": "en-GB",
        "plan": "pro",
    }


def test_a_page_view_with_the_least() -> None:
    event = parsed(PAGE)
    assert event.event_id.startswith("evt_")
    assert (event.timestamp_ms, event.flags) == (NOW_MS, EventFlag.FIRST_WINS)
    assert properties_of(event) == {"page_url": PAGE["url"]}


def test_a_property_of_the_sender_wins_over_a_fact_of_the_page() -> None:
    event = parsed({**PAGE, "language": "en", "props": {"language": ["fr"], "page_title": None}})
    assert properties_of(event) == {"page_url": PAGE["url"], "language": ["fr"], "page_title": None}


def test_numbers_of_properties_keep_their_digits() -> None:
    body = b'{"website_id":"w","events":[{"name":"x","url":"/","props":{"amount":12345678901.123456789,"small":1.50}}]}'
    (event,) = parse_collect(body, arrival(), lambda _: "CHF").batch.events
    assert event.properties == b'{"page_url":"/","amount":12345678901.123456789,"small":1.50}'
    assert b'"12345678901.123456789"' in event.exact_properties


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        pytest.param({"name": None}, Reason.MISSING_FIELD, "name", id="no name"),
        pytest.param({"name": " "}, Reason.EMPTY_NAME, "name", id="an empty name"),
        pytest.param({"name": "x" * 256}, Reason.TEXT_TOO_LONG, "name", id="a long name"),
        pytest.param({"url": ""}, Reason.MISSING_FIELD, "url", id="no address"),
        pytest.param({"url": 1}, Reason.WRONG_TYPE, "url", id="an address that is no text"),
        pytest.param({"title": {}}, Reason.WRONG_TYPE, "title", id="a title that is no text"),
        pytest.param({"id": "x" * 129}, Reason.TEXT_TOO_LONG, "id", id="a long id"),
        pytest.param({"id": 7}, Reason.WRONG_TYPE, "id", id="an id that is no text"),
        pytest.param({"customer_id": 7}, Reason.WRONG_TYPE, "customer_id", id="a customer that is no text"),
        pytest.param({"visitor_id": "v" * 513}, Reason.TEXT_TOO_LONG, "visitor_id", id="a long visitor"),
        pytest.param({"props": [1]}, Reason.PROPERTIES_NOT_OBJECT, "props", id="properties that are no object"),
        pytest.param({"props": {"a": "\0"}}, Reason.NUL_CHARACTER, "", id="a NUL in a property"),
        pytest.param({"props": {"a": 1e300}}, Reason.NUMBER_OUT_OF_RANGE, "", id="a number that is too large"),
        pytest.param({"age_ms": "5"}, Reason.WRONG_TYPE, "age_ms", id="an age that is no number"),
        pytest.param({"age_ms": 1.5}, Reason.WRONG_TYPE, "age_ms", id="half a millisecond"),
        pytest.param({"age_ms": True}, Reason.WRONG_TYPE, "age_ms", id="an age that is a truth"),
        pytest.param({"age_ms": -1}, Reason.TIMESTAMP_OUT_OF_RANGE, "age_ms", id="from the future"),
        pytest.param({"age_ms": MAX_AGE_MS + 1}, Reason.TIMESTAMP_OUT_OF_RANGE, "age_ms", id="older than a day"),
    ],
)
def test_an_event_is_refused_by_name_and_the_others_are_kept(change: dict[str, object], reason: Reason, field: str) -> None:
    collected = parse_collect(request(PAGE, PAGE | change, PAGE), arrival(), lambda _: "CHF")
    assert collected.batch.indexes == [0, 2]
    ((index, refusal),) = collected.batch.failures
    assert (index, refusal.reason, refusal.field) == (1, reason, field)
    assert refusal.expected or not field
    with pytest.raises(NoneAccepted) as refused:
        parse_collect(request(PAGE | change), arrival(), lambda _: "CHF")
    assert (refused.value.reason, refused.value.index) == (reason, 0)


@pytest.mark.parametrize(
    ("body", "reason", "field"),
    [
        pytest.param(b"", Reason.MALFORMED_JSON, "", id="nothing"),
        pytest.param(b"[]", Reason.BODY_NOT_OBJECT, "", id="no object"),
        pytest.param(b'{"events":[{}]}', Reason.MISSING_FIELD, "website_id", id="no website"),
        pytest.param(b'{"website_id":"w"}', Reason.MISSING_FIELD, "events", id="no events"),
        pytest.param(b'{"website_id":"w","events":{}}', Reason.WRONG_TYPE, "events", id="events that are no list"),
        pytest.param(b'{"website_id":"w","events":[]}', Reason.BATCH_EMPTY, "events", id="an empty list"),
        pytest.param(b'{"website_id":"w","events":[7]}', Reason.WRONG_TYPE, "event", id="an event that is no object"),
        pytest.param(b'{"website_id":"w","website_id":"v","events":[{}]}', Reason.DUPLICATE_KEY, "website_id", id="twice"),
        pytest.param(request(*[PAGE] * (MAX_EVENTS + 1)), Reason.BATCH_TOO_LARGE, "events", id="too many"),
        pytest.param(b'{"website_id":"w","events":[{"name":"\\ud800","url":"/"}]}', Reason.INVALID_UTF8, "", id="half a pair"),
    ],
)
def test_a_request_is_refused_by_name(body: bytes, reason: Reason, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_collect(body, arrival(), lambda _: "CHF")
    assert (refused.value.reason, refused.value.field) == (reason, field)


def test_as_many_events_as_allowed() -> None:
    assert len(parse_collect(request(*[PAGE] * MAX_EVENTS), arrival(), lambda _: "CHF").batch.events) == MAX_EVENTS


SALE = {**PAGE, "name": "Purchase", "id": "a", "revenue": {"amount": 99.90, "currency": "eur", "order_id": "o-1"}}


def test_revenue_is_a_payment_that_counts_once_per_website() -> None:
    event = parsed(SALE)
    assert event.flags == EventFlag.FIRST_WINS | EventFlag.ID_FROM_CLIENT | EventFlag.REVENUE
    assert event.event_id == revenue_id_of("w", "o-1") == parsed({**SALE, "id": "b"}).event_id
    (elsewhere,) = parse_collect(request(SALE).replace(b'"w"', b'"v"'), arrival(), lambda _: "CHF").batch.events
    assert elsewhere.event_id == revenue_id_of("v", "o-1") != event.event_id
    assert properties_of(event) == {
        "page_url": PAGE["url"],
        "amount": 99.9,
        "currency": "EUR",
        "type": "sale",
        "order_id": "o-1",
        "transaction_id": "o-1",
    }


@pytest.mark.parametrize(
    ("amount", "kept"),
    [
        pytest.param(b"19.90", b"19.9", id="a number"),
        pytest.param(b'"19.90"', b"19.9", id="text, as attributes have it"),
        pytest.param(b"0", b"0", id="nothing, for a trial"),
        pytest.param(b"12345678901234567890.123456789", b'"12345678901234567890.123456789"', id="more digits than a double has"),
    ],
)
def test_amounts_are_exact(amount: bytes, kept: bytes) -> None:
    body = request(SALE).replace(b"99.9", amount)
    (event,) = parse_collect(body, arrival(), lambda _: "CHF").batch.events
    assert b'"amount":' + kept + b"," in (event.exact_properties or event.properties)


def test_a_payment_without_an_order_has_the_id_of_its_event() -> None:
    assert parsed({**SALE, "revenue": {"amount": 1, "currency": "EUR"}}).event_id == "trk_a"


def test_a_payment_without_a_currency_is_in_that_of_the_website() -> None:
    assert properties_of(parsed({**SALE, "revenue": {"amount": 1}}))["currency"] == "CHF"


def test_the_transaction_names_a_payment_before_the_order_does() -> None:
    revenue = {"amount": 1, "currency": "EUR", "order_id": "o", "transaction_id": "t"}
    assert parsed({**SALE, "revenue": revenue}).event_id == revenue_id_of("w", "t")


@pytest.mark.parametrize(
    ("revenue", "reason", "field"),
    [
        pytest.param(5, Reason.WRONG_TYPE, "revenue", id="no object"),
        pytest.param({"currency": "EUR"}, Reason.MISSING_FIELD, "amount", id="no amount"),
        pytest.param({"amount": True, "currency": "EUR"}, Reason.WRONG_TYPE, "amount", id="an amount that is a truth"),
        pytest.param({"amount": [1], "currency": "EUR"}, Reason.WRONG_TYPE, "amount", id="an amount that is a list"),
        pytest.param(
            {"amount": -1, "currency": "EUR"}, Reason.INVALID_PARAMETER, "type", id="a negative amount, which is a refund"
        ),
        pytest.param({"amount": "1,50", "currency": "EUR"}, Reason.WRONG_TYPE, "amount", id="an amount with a comma"),
        pytest.param({"amount": 1, "currency": "€"}, Reason.INVALID_PARAMETER, "currency", id="a sign for a currency"),
        pytest.param({"amount": 1, "currency": "EUR", "type": "refund"}, Reason.INVALID_PARAMETER, "type", id="a refund"),
        pytest.param(
            {"amount": 1, "currency": "EUR", "order_id": 7}, Reason.WRONG_TYPE, "order_id", id="an order that is a number"
        ),
    ],
)
def test_revenue_that_a_page_may_not_tell_of_is_refused(revenue: object, reason: Reason, field: str) -> None:
    with pytest.raises(NoneAccepted) as refused:
        parsed({**SALE, "revenue": revenue})
    assert (refused.value.reason, refused.value.field) == (reason, field)
    assert refused.value.expected
