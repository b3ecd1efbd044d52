"""Payments, refunds, renewals and trials in theBizness's words. Only the route is public; the fields are ours.

    {"website_id", "amount", "currency", "type", "order_id", "transaction_id", "customer_id", "visitor_id", "event_name",
     "properties", "timestamp"}

- amount: a number, or a text that is one; exact, below 1e28, at most nine digits after the point. A free trial needs none.
- type: sale (the default), refund, renewal or free_trial. A negative amount without a type is a refund; a refund may be given
  positive and is kept negative; nothing else may be negative.
- currency: three letters; that of the website when absent.
- transaction_id: the payment's own id, which counts once per website. Absent: the order_id of a sale, and TYPE:ORDER_ID of
  anything else, so that an order is sold once and refunded in full once; renewals and partial refunds of one order need ids of
  their own. With neither id every call counts.

A payment becomes one event. Its properties are those that were sent, and amount, currency, type, order_id and transaction_id as
they are here, whatever the properties said under these names. A batch is one of events: {"website_id", "events": [...]}.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from streamgauge.kernel.event import Event, EventFlag
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.body import MAX_NUMBER_DIGITS, JsonObject, Node, Written, check_text, inspect, load_object, shorten
from streamgauge.wire.dialect import Arrival
from streamgauge.wire.fields import (
    MAX_NAME_LENGTH,
    missing_field,
    read_name,
    read_optional_text,
    read_required_id,
    read_time,
    wrong_type,
)
from streamgauge.wire.numbers import json_number, number_text
from streamgauge.wire.parameters import Pairs, one_of, refuse_unknown, single_values
from streamgauge.wire.properties import properties_of, read_properties
from streamgauge.wire.reading import elements_of, raw_elements
from streamgauge.wire.thebizness.refusals import error_of
from streamgauge.wire.timestamps import format_instant, parse_iso8601

ID_PREFIX = "rev"
DEFAULT_NAME = "revenue"
MAX_DIGITS_AFTER_POINT = 9
_AMOUNT = f"a number below 1e{MAX_NUMBER_DIGITS} with at most {MAX_DIGITS_AFTER_POINT} digits after the point"
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_MAX_AMOUNT_LENGTH = 100
_TOO_LARGE = Decimal(10) ** MAX_NUMBER_DIGITS
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_ID_BYTES = 16
_raw_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


class PaymentType(StrEnum):
    """What happened to the money."""

    SALE = "sale"
    REFUND = "refund"
    RENEWAL = "renewal"
    FREE_TRIAL = "free_trial"


class Payment(msgspec.Struct, frozen=True):
    """One payment as sent. amount: negative for a refund. currency: "" for the website's. transaction_id: "" for none.

    timestamp_ms: None when none was sent. properties: the JSON object as sent, b"" for none.
    """

    website_id: str
    amount: Decimal
    type: PaymentType
    currency: str = ""
    order_id: str = ""
    transaction_id: str = ""
    customer_id: str = ""
    visitor_id: str = ""
    event_name: str = DEFAULT_NAME
    timestamp_ms: int | None = None
    properties: bytes = b""


class ParsedPayments(NamedTuple):
    """A batch, sorted out: the good payments, each with its place in the request, and place and refusal of the others."""

    payments: list[tuple[int, Payment]]
    failures: list[tuple[int, Refusal]]


def parse_payment(body: bytes) -> Payment:
    """One payment. Raises Refusal."""
    tree = load_object(body)
    inspect(tree)
    return _payment(tree, tree, body)


def parse_payments(body: bytes) -> ParsedPayments:
    """A batch. Raises Refusal for what is wrong with the batch itself; elements fail one by one."""
    wrapper = load_object(body)
    nodes = elements_of(wrapper)
    read_required_id(wrapper, "website_id")
    parsed = ParsedPayments([], [])
    for index, (node, sent) in enumerate(zip(nodes, raw_elements(body, nodes), strict=True)):
        try:
            parsed.payments.append((index, _element(wrapper, node, bytes(sent))))
        except Refusal as refusal:
            parsed.failures.append((index, refusal.at(index)))
    return parsed


def to_event(payment: Payment, website_currency: str, arrival: Arrival) -> Event:
    """The payment as an event."""
    own: dict[str, object] = {
        "amount": json_number(payment.amount),
        "currency": payment.currency or website_currency,
        "type": payment.type.value,
    }
    own |= {name: text for name in ("order_id", "transaction_id") if (text := getattr(payment, name))}
    members: Mapping[str, object] = _raw_members.decode(payment.properties) if payment.properties else {}
    # By way of the careful reader, for the exact form of an amount that a double cannot carry.
    properties = read_properties(msgspec.json.encode({**members, **own}))
    # Also an id that is made here is one to be looked up: a payment is taken back by it.
    flags = EventFlag.REVENUE | EventFlag.ID_FROM_CLIENT
    if payment.timestamp_ms is not None:
        flags |= EventFlag.TIME_FROM_CLIENT
    known = payment.transaction_id
    return Event(
        event_id=revenue_id_of(payment.website_id, known) if known else arrival.mint.mint(ID_PREFIX),
        name=payment.event_name,
        timestamp_ms=arrival.now_ms if payment.timestamp_ms is None else payment.timestamp_ms,
        customer_id=payment.customer_id,
        visitor_id=payment.visitor_id,
        website_id=payment.website_id,
        flags=int(flags),
        properties=properties.sent,
        exact_properties=properties.exact,
    )


def revenue_id_of(website_id: str, transaction_id: str) -> str:
    """The event id under which a transaction of a website counts once."""
    digest = blake2b(transaction_id.encode(), digest_size=_ID_BYTES, key=blake2b(website_id.encode()).digest())
    return f"{ID_PREFIX}_{digest.hexdigest()}"


def render_payment(event: Event, payment: Payment, website_currency: str) -> bytes:
    return msgspec.json.encode(
        {
            "success": True,
            "revenue_id": event.event_id,
            "amount": json_number(payment.amount),
            "currency": payment.currency or website_currency,
            "timestamp": format_instant(event.timestamp_ms),
        }
    )


def render_payments(events: Sequence[Event], failures: Sequence[tuple[int, Refusal]]) -> bytes:
    reply: dict[str, object] = {
        "success": True,
        "processed": len(events),
        "failed": len(failures),
        "revenue_ids": [event.event_id for event in events],
    }
    if failures:
        reply["errors"] = [{"index": index} | error_of(refusal) for index, refusal in failures]
    return msgspec.json.encode(reply)


def parse_take_back(parameters: Pairs) -> str:
    """The website of a payment that is to be taken back. Raises Refusal."""
    refuse_unknown(parameters, ("website_id",))
    website_id = single_values(parameters).get("website_id")
    if website_id is None:
        raise missing_field("website_id")
    return website_id


def revenue_ids_named(website_id: str, named: str) -> tuple[str, ...]:
    """Under which ids to look for what is either a transaction id or a revenue id."""
    check_text(named)
    derived = revenue_id_of(website_id, named)
    return (derived, named) if named.startswith(f"{ID_PREFIX}_") else (derived,)


def render_taken_back() -> bytes:
    return b'{"success":true}'


def _element(wrapper: JsonObject, node: Node, sent: bytes) -> Payment:
    if not isinstance(node, JsonObject):
        raise wrong_type("event", "object")
    inspect(node)
    return _payment(wrapper, node, sent)


def _payment(wrapper: JsonObject, sent: JsonObject, raw: bytes) -> Payment:
    properties = properties_of(sent, raw)
    website_id = read_required_id(sent if sent.get("website_id") is not None else wrapper, "website_id")
    given = _type(sent)
    amount = _amount(sent, given)
    kind = given or (PaymentType.REFUND if amount < 0 else PaymentType.SALE)
    if amount < 0 and kind is not PaymentType.REFUND:
        raise _invalid("amount", f"0 or more for a {kind.value}; a refund has the type refund")
    order_id = read_optional_text(sent, "order_id")
    return Payment(
        website_id=website_id,
        # Without the rounding of arithmetic.
        amount=amount.copy_abs().copy_negate() if kind is PaymentType.REFUND else amount,
        type=kind,
        currency=_currency(sent),
        order_id=order_id,
        transaction_id=read_optional_text(sent, "transaction_id") or _transaction_of(kind, order_id),
        customer_id=read_optional_text(sent, "customer_id"),
        visitor_id=read_optional_text(sent, "visitor_id"),
        event_name=DEFAULT_NAME if sent.get("event_name") is None else read_name(sent, "event_name"),
        timestamp_ms=read_time(sent, parse_iso8601),
        properties=properties.sent,
    )


def _transaction_of(kind: PaymentType, order_id: str) -> str:
    if not order_id or kind is PaymentType.SALE:
        return order_id
    return f"{kind.value}:{order_id}"


def _type(sent: JsonObject) -> PaymentType | None:
    text = read_optional_text(sent, "type", MAX_NAME_LENGTH)
    if not text:
        return None
    try:
        return PaymentType(text)
    except ValueError:
        raise _invalid("type", one_of(PaymentType)) from None


def _amount(sent: JsonObject, kind: PaymentType | None) -> Decimal:
    value = sent.get("amount")
    if value is None:
        if kind is PaymentType.FREE_TRIAL:
            return Decimal(0)
        raise missing_field("amount", "number")
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise wrong_type("amount", "number")
    text = str(value)
    if not _NUMBER.fullmatch(text[: _MAX_AMOUNT_LENGTH + 1]):
        # Written numbers are sound, but one with an exponent of more digits is no amount.
        raise _out_of_range() if isinstance(value, Written) else wrong_type("amount", "number")
    if len(text) > _MAX_AMOUNT_LENGTH:
        raise _out_of_range()
    plain = number_text(Decimal(text))
    if Decimal(plain).copy_abs() >= _TOO_LARGE or len(plain.partition(".")[2]) > MAX_DIGITS_AFTER_POINT:
        raise _out_of_range()
    return Decimal(plain)


def _currency(sent: JsonObject) -> str:
    text = read_optional_text(sent, "currency", MAX_NAME_LENGTH)
    if text and not _CURRENCY.fullmatch(text):
        raise _invalid("currency", "an ISO 4217 code of three letters such as EUR", shorten(text))
    return text.upper()


def _out_of_range() -> Refusal:
    return Refusal(Reason.NUMBER_OUT_OF_RANGE, f"Invalid field: amount must be {_AMOUNT}", field="amount", expected=_AMOUNT)


def _invalid(field: str, expected: str, given: str = "") -> Refusal:
    ending = f"; it is {given}" if given else ""
    return Refusal(Reason.INVALID_PARAMETER, f"Invalid field: {field} must be {expected}{ending}", field=field, expected=expected)
