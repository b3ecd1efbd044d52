"""What shall become of a website or a conversion event: as asked for, not checked yet. The control plane checks and keeps it."""

from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from streamgauge.kernel.website import Condition, PageMatch


class WebsiteSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a new website shall be. website_id None: the server makes one. name None: the domain. identity: in words."""

    domain: str
    website_id: str | None = None
    timezone: str = "UTC"
    currency: str = "USD"
    name: str | None = None
    allowed_origins: tuple[str, ...] = ()
    identity: str = "daily"


class WebsiteChange(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be different about a website; UNSET stays as it is."""

    domain: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    allowed_origins: tuple[str, ...] | UnsetType = UNSET
    identity: str | UnsetType = UNSET


class ConversionEventChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a conversion event shall be, or what shall be different about one; UNSET takes the default, or stays as it is.

    The parts of it that only the sender's words can be wrong in (operators, patterns, lengths) are checked already.
    """

    name: str | UnsetType = UNSET
    event_name: str | UnsetType = UNSET
    conditions: tuple[Condition, ...] | UnsetType = UNSET
    page: PageMatch | UnsetType | None = UNSET
    value: Decimal | UnsetType | None = UNSET
    currency: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
