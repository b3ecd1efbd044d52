"""Payments in theBizness's words: amounts exact, one id for one transaction, every fault named."""

import json
from decimal import Decimal
from typing import Any

import pytest

from streamgauge.kernel.event import Event, EventFlag
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.dialect import Arrival
from streamgauge.wire.thebizness.revenue import PaymentType, parse_payment, parse_payments, revenue_ids_named, to_event
from tests.wire.arrivals import NOW_MS, CountingMint


def _body(**fields: object) -> bytes:
    return json.dumps({"website_id": "w", "amount": 1, **fields}).encode()


def _event(body: bytes, currency: str = "EUR") -> Event:
    return to_event(parse_payment(body), currency, Arrival(NOW_MS, CountingMint()))


def _properties(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event.properties, parse_float=Decimal)
    return found


AMOUNTS = {
    "a whole number": (b"5", Decimal(5)),
    "a fraction": (b"99.99", Decimal("99.99")),
    "nine digits after the point": (b"0.000000001", Decimal("0.000000001")),
    "zeros after the ninth digit": (b"1.50000000000000", Decimal("1.5")),
    "28 digits before the point": (b"1234567890123456789012345678.123456789", Decimal("1234567890123456789012345678.123456789")),
    "an exponent": (b"1.5e3", Decimal(1500)),
    "a text": (b'"12345678901234567.89"', Decimal("12345678901234567.89")),
    "a text with an exponent": (b'"15E-1"', Decimal("1.5")),
    "zero": (b"0", Decimal(0)),
}


@pytest.mark.parametrize(("written", "amount"), AMOUNTS.values(), ids=AMOUNTS)
def test_an_amount_is_kept_to_the_last_digit(written: bytes, amount: Decimal) -> None:
    event = _event(b'{"website_id":"w","amount":%b}' % written)
    assert Decimal(_properties(event)["amount"]) == amount
    if event.exact_properties:
        assert Decimal(str(json.loads(event.exact_properties)["amount"])) == amount
    else:
        assert round(Decimal(repr(json.loads(event.properties)["amount"])), 9) == amount


def test_the_largest_amount_has_an_exact_form() -> None:
    event = _event(b'{"website_id":"w","amount":"12345678901234567.89"}')
    assert json.loads(event.exact_properties)["amount"] == "12345678901234567.89"


REFUSED = {
    "no website": (b'{"amount":1}', Reason.MISSING_FIELD, "website_id", "string"),
    "a website that is a number": (_body(website_id=5), Reason.WRONG_TYPE, "website_id", "string"),
    "no amount": (b'{"website_id":"w"}', Reason.MISSING_FIELD, "amount", "number"),
    "no amount of a refund": (b'{"website_id":"w","type":"refund"}', Reason.MISSING_FIELD, "amount", "number"),
    "an amount that is no number": (_body(amount="abc"), Reason.WRONG_TYPE, "amount", "number"),
    "an empty amount": (_body(amount=""), Reason.WRONG_TYPE, "amount", "number"),
    "an amount with a currency sign": (_body(amount="$5"), Reason.WRONG_TYPE, "amount", "number"),
    "an amount with a comma": (_body(amount="1,5"), Reason.WRONG_TYPE, "amount", "number"),
    "an amount in other digits": (_body(amount="١٢"), Reason.WRONG_TYPE, "amount", "number"),
    "an amount NaN": (_body(amount="NaN"), Reason.WRONG_TYPE, "amount", "number"),
    "an amount Infinity": (_body(amount="Infinity"), Reason.WRONG_TYPE, "amount", "number"),
    "an amount true": (_body(amount=True), Reason.WRONG_TYPE, "amount", "number"),
    "an amount in a list": (_body(amount=[1]), Reason.WRONG_TYPE, "amount", "number"),
    "ten digits after the point": (_body(amount="0.0000000001"), Reason.NUMBER_OUT_OF_RANGE, "amount", "digits after the point"),
    "29 digits": (_body(amount="1" + "0" * 28), Reason.NUMBER_OUT_OF_RANGE, "amount", "below 1e28"),
    "a hundred million digits": (b'{"website_id":"w","amount":1e-99999999}', Reason.NUMBER_OUT_OF_RANGE, "amount", "below 1e28"),
    "a long text": (_body(amount="1" * 5_000), Reason.NUMBER_OUT_OF_RANGE, "amount", "below 1e28"),
    "a negative sale": (_body(amount=-1, type="sale"), Reason.INVALID_PARAMETER, "amount", "0 or more for a sale"),
    "a negative renewal": (_body(amount=-1, type="renewal"), Reason.INVALID_PARAMETER, "amount", "0 or more"),
    "an unknown type": (_body(type="gift"), Reason.INVALID_PARAMETER, "type", "one of sale, refund, renewal, free_trial"),
    "a type that is a number": (_body(type=1), Reason.WRONG_TYPE, "type", "string"),
    "a currency of four letters": (_body(currency="EURO"), Reason.INVALID_PARAMETER, "currency", "ISO 4217"),
    "a currency sign": (_body(currency="€"), Reason.INVALID_PARAMETER, "currency", "ISO 4217"),
    "a currency that is a number": (_body(currency=978), Reason.WRONG_TYPE, "currency", "string"),
    "an order that is a number": (_body(order_id=1), Reason.WRONG_TYPE, "order_id", "string"),
    "a transaction that is a list": (_body(transaction_id=["t"]), Reason.WRONG_TYPE, "transaction_id", "string"),
    "a long transaction": (_body(transaction_id="t" * 513), Reason.TEXT_TOO_LONG, "transaction_id", "512"),
    "a customer that is a number": (_body(customer_id=1), Reason.WRONG_TYPE, "customer_id", "string"),
    "a visitor that is a number": (_body(visitor_id=1), Reason.WRONG_TYPE, "visitor_id", "string"),
    "an empty name": (_body(event_name=" "), Reason.EMPTY_NAME, "event_name", "string"),
    "properties that are a text": (_body(properties="x"), Reason.PROPERTIES_NOT_OBJECT, "properties", "object"),
    "a time that is none": (_body(timestamp="x"), Reason.INVALID_TIMESTAMP, "timestamp", "ISO 8601"),
    "equal keys": (b'{"website_id":"w","amount":1,"amount":2}', Reason.DUPLICATE_KEY, "amount", ""),
    "no object": (b"[]", Reason.BODY_NOT_OBJECT, "", "object"),
    "no JSON": (b"{", Reason.MALFORMED_JSON, "", ""),
    "a NUL": (b'{"website_id":"w","amount":1,"order_id":"\\u0000"}', Reason.NUL_CHARACTER, "", ""),
}


@pytest.mark.parametrize(("body", "reason", "field", "expected"), REFUSED.values(), ids=REFUSED)
def test_a_fault_is_named(body: bytes, reason: Reason, field: str, expected: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_payment(body)
    assert (refused.value.reason, refused.value.field) == (reason, field)
    assert expected in refused.value.expected


KINDS = {
    "a sale": ({}, PaymentType.SALE, "1"),
    "negative": ({"amount": -2}, PaymentType.REFUND, "-2"),
    "a refund given positive": ({"type": "refund", "amount": 2}, PaymentType.REFUND, "-2"),
    "a refund given negative": ({"type": "refund", "amount": "-2.50"}, PaymentType.REFUND, "-2.5"),
    "a refund of nothing": ({"type": "refund", "amount": 0}, PaymentType.REFUND, "0"),
    "a large refund": (
        {"type": "refund", "amount": "1234567890123456789012345678.123456789"},
        PaymentType.REFUND,
        "-1234567890123456789012345678.123456789",
    ),
    "a renewal": ({"type": "renewal"}, PaymentType.RENEWAL, "1"),
    "a trial": ({"type": "free_trial", "amount": None}, PaymentType.FREE_TRIAL, "0"),
    "null for absent": ({"type": None, "order_id": None, "currency": None}, PaymentType.SALE, "1"),
}


@pytest.mark.parametrize(("fields", "kind", "amount"), KINDS.values(), ids=KINDS)
def test_the_type_and_sign_of_a_payment(fields: dict[str, object], kind: PaymentType, amount: str) -> None:
    properties = _properties(_event(_body(**fields)))
    assert (properties["type"], str(properties["amount"])) == (kind.value, amount)


def _same(first: dict[str, object], second: dict[str, object]) -> bool:
    return _event(_body(**first)).event_id == _event(_body(**second)).event_id


IDENTITIES = {
    "the same order": ({"order_id": "o"}, {"order_id": "o", "amount": 7}, True),
    "a transaction is an order's": ({"order_id": "o"}, {"transaction_id": "o"}, True),
    "another website": ({"order_id": "o"}, {"order_id": "o", "website_id": "v"}, False),
    "a refund of the order": ({"order_id": "o"}, {"order_id": "o", "type": "refund"}, False),
    "two full refunds of the order": ({"order_id": "o", "type": "refund"}, {"order_id": "o", "amount": -1}, True),
    "two partial refunds": (
        {"order_id": "o", "type": "refund", "transaction_id": "r1"},
        {"order_id": "o", "type": "refund", "transaction_id": "r2"},
        False,
    ),
    "a refund by the name it is kept under": ({"order_id": "o", "type": "refund"}, {"transaction_id": "refund:o"}, True),
    "the border of website and transaction": (
        {"website_id": "ab", "order_id": "c"},
        {"website_id": "a", "order_id": "bc"},
        False,
    ),
}


@pytest.mark.parametrize(("first", "second", "is_same"), IDENTITIES.values(), ids=IDENTITIES)
def test_what_counts_once(first: dict[str, object], second: dict[str, object], is_same: bool) -> None:
    assert _same(first, second) is is_same


def test_without_an_id_every_call_counts() -> None:
    mint = CountingMint()
    ids = [to_event(parse_payment(_body()), "EUR", Arrival(NOW_MS, mint)).event_id for _ in range(2)]
    assert ids == ["rev_1", "rev_2"]
    assert revenue_ids_named("w", "rev_1")[1] == "rev_1"


def test_properties_are_kept_and_the_payment_has_the_last_word() -> None:
    event = _event(
        _body(
            properties={"plan": "pro", "amount": 1e9, "type": "x"}, order_id="o", currency="usd", customer_id="c", visitor_id="v"
        )
    )
    assert _properties(event) == {
        "plan": "pro", "amount": 1, "type": "sale", "currency": "USD", "order_id": "o", "transaction_id": "o",
    }  # fmt: skip
    assert (event.name, event.customer_id, event.visitor_id, event.website_id) == ("revenue", "c", "v", "w")
    assert event.timestamp_ms == NOW_MS
    assert event.flags == EventFlag.REVENUE | EventFlag.ID_FROM_CLIENT


def test_the_currency_is_the_websites_by_default() -> None:
    assert _properties(_event(_body(), "SEK"))["currency"] == "SEK"


def test_a_batch_fails_element_by_element() -> None:
    elements = [{"amount": 1}, {}, 5, {"amount": "2", "website_id": "v"}, {"amount": 1, "type": "gift"}]
    parsed = parse_payments(json.dumps({"website_id": "w", "events": elements}).encode())
    assert [(index, payment.website_id, str(payment.amount)) for index, payment in parsed.payments] == [
        (0, "w", "1"),
        (3, "v", "2"),
    ]
    assert [(index, refusal.field) for index, refusal in parsed.failures] == [(1, "amount"), (2, "event"), (4, "type")]


@pytest.mark.parametrize(
    ("batch", "field"),
    [({"events": [{"amount": 1}]}, "website_id"), ({"website_id": "w"}, "events"), ({"website_id": "w", "events": []}, "events")],
    ids=["no website", "no events", "empty"],
)
def test_a_fault_of_the_batch_itself(batch: dict[str, object], field: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_payments(json.dumps(batch).encode())
    assert refused.value.field == field
