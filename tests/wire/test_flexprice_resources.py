"""Customers, API keys and closed periods: whatever is sent is read or refused by name, and nothing else happens."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamgauge.kernel.refusal import Kind, Refusal
from streamgauge.wire.flexprice import customer_lists, customers, periods, secrets

NOW_MS = 1_705_320_000_000
FIELDS = (
    "external_id", "name", "email", "contact", "address_line1", "address_city", "address_country", "timezone", "metadata",
    "aliases", "parent_customer_id", "parent_external_id", "type", "expires_at", "service_account_id", "start_time", "end_time",
    "limit", "offset", "order", "status", "customer_ids", "external_ids", "parent_customer_ids", "filters", "sort",
)  # fmt: skip
TEXTS = st.sampled_from(
    ("", " ", "a", "DE", "Europe/Berlin", "a@b.example", "private_key", "asc", "published", "2024-01-01T00:00:00Z",
     "2199-12-31T00:00:00Z", "x" * 600, "';--", "☃", "\u0000")
) | st.text(max_size=20)  # fmt: skip
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "field": st.sampled_from(("name", "created_at", "id", "x")),
        "operator": st.sampled_from(("eq", "in", "contains", "x")),
        "direction": st.sampled_from(("asc", "desc", "x")),
        "value": st.dictionaries(st.sampled_from(("string", "array")), TEXTS | st.lists(TEXTS, max_size=3), max_size=2),
    },
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
    | CONDITIONS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
BODIES = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8)
PARSERS: dict[str, Callable[[bytes], object]] = {
    "new customer": customers.parse_new_customer,
    "change of a customer": customers.parse_customer_change,
    "search": customer_lists.parse_search,
    "new key": lambda body: secrets.parse_new_secret(body, NOW_MS),
    "period": periods.parse_span,
}
READERS: dict[str, Callable[[list[tuple[str, str]]], object]] = {
    "list of customers": customer_lists.parse_list,
    "which customer": customers.parse_named,
    "page of children": customers.parse_page,
    "list of keys": secrets.parse_list,
    "list of periods": periods.parse_page,
}


def refusal_of(action: Callable[[], object]) -> Refusal | None:
    try:
        action()
    except Refusal as refusal:
        return refusal
    return None


@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
@settings(max_examples=150, deadline=None)
@given(body=BODIES)
def test_any_body_is_read_or_refused_by_name(parse: Callable[[bytes], object], body: dict[str, Any]) -> None:
    refusal = refusal_of(lambda: parse(msgspec.json.encode(body)))
    assert refusal is None or (refusal.kind is Kind.INVALID and refusal.details)


@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
@settings(max_examples=50, deadline=None)
@given(body=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(parse: Callable[[bytes], object], body: bytes) -> None:
    refusal = refusal_of(lambda: parse(body))
    assert refusal is None or refusal.kind is Kind.INVALID


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@settings(max_examples=80, deadline=None)
@given(
    parameters=st.lists(
        st.tuples(st.sampled_from((*FIELDS, "id", "external_customer_id")), TEXTS | st.sampled_from("019")), max_size=4
    )
)
def test_any_parameters_are_read_or_refused_by_name(
    read: Callable[[list[tuple[str, str]]], object], parameters: list[tuple[str, str]]
) -> None:
    refusal = refusal_of(lambda: read(parameters))
    assert refusal is None or (refusal.kind is Kind.INVALID and refusal.details)


def test_a_new_customer_is_read_whole() -> None:
    body = {"external_id": " c1 ", "name": "N", "address_city": "Bonn", "aliases": ["a"], "parent_external_id": "top"}
    spec, parent = customers.parse_new_customer(msgspec.json.encode(body))
    assert (spec.external_id, spec.address.city, spec.aliases, spec.timezone, parent) == (" c1 ", "Bonn", ("a",), "UTC", "top")


EMAILS = {
    "a@b.example": True, "first.last+tag@sub.domain.example": True, "ü@bücher.example": True, "o'hara@b.example": True,
    "a@b": False, "@b.example": False, "a@.example": False, "a@b..example": False, "a b@c.example": False, "a@b.example ": False,
    "<a@b.example>": False, "a@b@c.example": False, "a@b.example,c@d.example": False, "mailto:a@b.example": False,
}  # fmt: skip


@pytest.mark.parametrize(("email", "taken"), EMAILS.items())
def test_addresses_of_mail(email: str, taken: bool) -> None:
    body = msgspec.json.encode({"external_id": "c", "name": "N", "email": email})
    if taken:
        assert customers.parse_new_customer(body).spec.email == email
    else:
        with pytest.raises(Refusal) as told:
            customers.parse_new_customer(body)
        assert told.value.field == "email"
