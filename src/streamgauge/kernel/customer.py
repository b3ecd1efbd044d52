"""What shall become of a customer, and which customers a list shows: checked, and ready for the control plane."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec
from msgspec import UNSET, UnsetType

from streamgauge.kernel.metering import Address


class CustomerSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a new customer shall be. parent_id: customer_id of another customer of the project, "" for none."""

    external_id: str
    name: str
    email: str = ""
    contact: str = ""
    address: Address = Address()
    timezone: str = "UTC"
    metadata: Mapping[str, str] = {}
    aliases: tuple[str, ...] = ()
    parent_id: str = ""


class CustomerChange(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be different about a customer; UNSET stays as it is.

    address: parts of the Address by name, the others stay. aliases and metadata: all of them, as they shall be afterwards.
    """

    external_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    contact: str | UnsetType = UNSET
    address: Mapping[str, str] | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    metadata: Mapping[str, str] | UnsetType = UNSET
    aliases: tuple[str, ...] | UnsetType = UNSET
    parent_id: str | UnsetType = UNSET


class CustomerText(StrEnum):
    """The texts of a customer that a list can be searched by. Values are the names that Flexprice publishes."""

    ID = "id"
    EXTERNAL_ID = "external_id"
    NAME = "name"
    EMAIL = "email"
    CONTACT = "contact"
    TIMEZONE = "timezone"


class TextOperator(StrEnum):
    """How a text is held against values: whole (EQUALS, IN, NOT_IN), or by its part, with A to Z in any case."""

    EQUALS = "eq"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"


class CustomerTest(msgspec.Struct, frozen=True):
    """Keeps the customers whose text compares so with one of the values; NOT_IN and NOT_CONTAINS: with none of them."""

    text: CustomerText
    operator: TextOperator
    values: tuple[str, ...]


class CustomerSortKey(StrEnum):
    """What a list can be sorted by."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    NAME = "name"
    EXTERNAL_ID = "external_id"
    EMAIL = "email"


class CustomerSort(msgspec.Struct, frozen=True):
    key: CustomerSortKey
    descending: bool = True


class CustomerFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which customers a list shows; None for all, joined by AND.

    external_ids: aliases count too. metadata: each of its pairs must be there. sort: before the order of making.
    """

    customer_ids: tuple[str, ...] | None = None
    external_ids: tuple[str, ...] | None = None
    email: str | None = None
    parent_ids: tuple[str, ...] | None = None
    made_from_ms: int | None = None
    made_before_ms: int | None = None
    metadata: Mapping[str, str] = {}
    tests: tuple[CustomerTest, ...] = ()
    sort: tuple[CustomerSort, ...] = ()
