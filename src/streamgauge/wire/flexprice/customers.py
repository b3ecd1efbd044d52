"""Customers at the Flexprice door: parsed, and rendered as its official clients read them.

As published: external_id and name are required; email, contact (20 characters), address (255, cities and states 100, postal codes
20, country as ISO alpha-2), timezone (IANA, UTC) and metadata are not. Ours: aliases, parent_customer_id, parent_external_id.

What the original keeps besides (contact persons, tax, currency, integrations) is ignored. Who made a customer is not kept.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec import UNSET

from streamgauge.kernel.calendar import check_timezone
from streamgauge.kernel.countries import country_codes
from streamgauge.kernel.customer import CustomerChange, CustomerSpec
from streamgauge.kernel.metering import Address, Customer
from streamgauge.kernel.refusal import Refusal
from streamgauge.wire.fields import MAX_ID_LENGTH
from streamgauge.wire.flexprice.payload import Payload
from streamgauge.wire.flexprice.resources import (
    ListPage,
    bounded_text,
    page_of,
    refuse_field,
    render_list,
    required_text,
    texts_by_name,
)
from streamgauge.wire.parameters import Pairs
from streamgauge.wire.timestamps import format_instant

MAX_NAME_LENGTH = 255
MAX_EMAIL_LENGTH = 254
MAX_CONTACT_LENGTH = 20
ADDRESS_LENGTHS: Mapping[str, int] = {"line1": 255, "line2": 255, "city": 100, "state": 100, "postal_code": 20}
_COUNTRY = "address_country"
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@.<>()\[\],;:\\\"]+(?:\.[^\s@.<>()\[\],;:\\\"]+)+")


class NewCustomer(NamedTuple):
    """parent_external_id: an id of the parent, for the spec to be completed with; "" when there is none to be found."""

    spec: CustomerSpec
    parent_external_id: str


class ChangedCustomer(NamedTuple):
    """As NewCustomer; "" too when the parent stays."""

    change: CustomerChange
    parent_external_id: str


class Named(NamedTuple):
    """A customer by its own id or by an external one; one of the two is ""."""

    customer_id: str
    external_id: str


def parse_new_customer(body: bytes) -> NewCustomer:
    """Raises Refusal, and nothing else."""
    payload = Payload.from_body(body)
    parent_id, parent_external_id = _parent(payload)
    spec = CustomerSpec(
        external_id=required_text(payload, "external_id", MAX_ID_LENGTH),
        name=required_text(payload, "name", MAX_NAME_LENGTH),
        email=_email(payload),
        contact=bounded_text(payload, "contact", MAX_CONTACT_LENGTH),
        address=Address(**_address(payload)),
        timezone=_timezone(payload),
        metadata=texts_by_name(payload, "metadata"),
        aliases=_aliases(payload),
        parent_id=parent_id,
    )
    return NewCustomer(spec, parent_external_id)


def parse_customer_change(body: bytes) -> ChangedCustomer:
    """The same fields, each only where it shall be different; the address by its parts. Raises Refusal, and nothing else."""
    payload = Payload.from_body(body)
    parent_id, parent_external_id = _parent(payload)
    moves = payload.has("parent_customer_id") or payload.has("parent_external_id")
    address = _address(payload)
    change = CustomerChange(
        external_id=required_text(payload, "external_id", MAX_ID_LENGTH) if payload.has("external_id") else UNSET,
        name=required_text(payload, "name", MAX_NAME_LENGTH) if payload.has("name") else UNSET,
        email=_email(payload) if payload.has("email") else UNSET,
        contact=bounded_text(payload, "contact", MAX_CONTACT_LENGTH) if payload.has("contact") else UNSET,
        address=address or UNSET,
        timezone=_timezone(payload) if payload.has("timezone") else UNSET,
        metadata=texts_by_name(payload, "metadata") if payload.has("metadata") else UNSET,
        aliases=_aliases(payload) if payload.has("aliases") else UNSET,
        parent_id=parent_id if moves else UNSET,
    )
    return ChangedCustomer(change, parent_external_id)


def parse_named(parameters: Pairs) -> Named:
    """id or external_customer_id, which of the two is meant. Raises Refusal."""
    payload = Payload.from_query_string(parameters)
    named = Named(payload.text("id"), payload.text("external_customer_id"))
    if bool(named.customer_id) == bool(named.external_id):
        raise refuse_field("id", "either id or external_customer_id")
    return named


def parse_page(parameters: Pairs) -> ListPage:
    """Raises Refusal."""
    return page_of(Payload.from_query_string(parameters))


def render_customer(customer: Customer) -> bytes:
    return msgspec.json.encode(_fields(customer))


def render_customers(customers: Sequence[Customer], total: int, page: ListPage) -> bytes:
    return render_list([_fields(customer) for customer in customers], total, page)


def _fields(customer: Customer) -> Mapping[str, object]:
    address = customer.address
    return {
        "id": customer.customer_id,
        "external_id": customer.external_id,
        "aliases": customer.aliases,
        "parent_customer_id": customer.parent_id,
        "name": customer.name,
        "email": customer.email,
        "contact": customer.contact,
        **{f"address_{part}": getattr(address, part) for part in address.__struct_fields__},
        "timezone": customer.timezone,
        "metadata": customer.metadata,
        "tenant_id": customer.project_id,
        "environment_id": customer.project_id,
        "status": "published",
        "created_at": format_instant(customer.created_at_ms),
        "updated_at": format_instant(customer.updated_at_ms),
        "created_by": "",
        "updated_by": "",
    }


def _email(payload: Payload) -> str:
    email = bounded_text(payload, "email", MAX_EMAIL_LENGTH)
    if email and _EMAIL.fullmatch(email) is None:
        raise refuse_field("email", "an e-mail address")
    return email


def _address(payload: Payload) -> Mapping[str, str]:
    """The parts that are given, by the names that they have in Address."""
    given: dict[str, str] = {}
    for part, most in ADDRESS_LENGTHS.items():
        name = f"address_{part}"
        if payload.has(name):
            given[part] = bounded_text(payload, name, most)
    if payload.has(_COUNTRY):
        given["country"] = country = payload.text(_COUNTRY)
        if country and country not in country_codes():
            raise refuse_field(_COUNTRY, "a country as ISO 3166 alpha-2, such as DE")
    return given


def _timezone(payload: Payload) -> str:
    name = payload.text("timezone") or "UTC"
    try:
        return check_timezone(name)
    except Refusal as refusal:
        raise refuse_field("timezone", refusal.expected) from refusal


def _aliases(payload: Payload) -> tuple[str, ...]:
    aliases = payload.texts("aliases")
    for place, alias in enumerate(aliases):
        if not alias.strip() or len(alias) > MAX_ID_LENGTH:
            raise refuse_field(f"aliases[{place}]", f"a text of 1 to {MAX_ID_LENGTH} characters")
    return aliases


def _parent(payload: Payload) -> tuple[str, str]:
    """parent_customer_id and parent_external_id, at most one of them given."""
    customer_id, external_id = payload.text("parent_customer_id"), payload.text("parent_external_id")
    if customer_id and external_id:
        raise refuse_field("parent_customer_id", "either parent_customer_id or parent_external_id")
    return customer_id, external_id
