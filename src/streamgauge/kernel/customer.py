"""What shall become of a customer: checked, and ready to be kept."""

from collections.abc import Mapping

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
    """What shall be different about a customer; UNSET stays as it is. aliases: all of them, as they shall be afterwards."""

    external_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    contact: str | UnsetType = UNSET
    address: Address | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    metadata: Mapping[str, str] | UnsetType = UNSET
    aliases: tuple[str, ...] | UnsetType = UNSET
    parent_id: str | UnsetType = UNSET
