"""Webhooks: who is told what, and what became of each telling. Times are milliseconds since 1970, UTC."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

import msgspec
from msgspec import UNSET, UnsetType


class WebhookEvent(StrEnum):
    """The closed set of what is told."""

    EVENT_REJECTED = "event.rejected"
    SOFT_LIMIT_REACHED = "entitlement.soft_limit_reached"
    HARD_LIMIT_REACHED = "entitlement.hard_limit_reached"
    ALERT_STATE_CHANGED = "alert.state_changed"
    TEST = "webhook.test"


class DeliveryState(StrEnum):
    """PENDING: not tried yet, or to be tried again. DEAD: given up; it is kept and can be sent again by hand."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class WebhookEndpoint(msgspec.Struct, frozen=True):
    """An address of a project that is told of events. event_types: empty for all. secret: whsec_ and base64, by the Standard
    Webhooks convention; every delivery is signed with it."""

    endpoint_id: str
    project_id: str
    url: str
    secret: str
    event_types: tuple[WebhookEvent, ...] = ()
    description: str = ""
    is_enabled: bool = True
    created_at_ms: int = 0
    updated_at_ms: int = 0

    def takes(self, event_type: WebhookEvent) -> bool:
        return self.is_enabled and (not self.event_types or event_type in self.event_types)


class EndpointSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a new endpoint shall be; checked."""

    url: str
    event_types: tuple[WebhookEvent, ...] = ()
    description: str = ""
    is_enabled: bool = True


class EndpointChange(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be different about an endpoint; UNSET stays as it is. Checked."""

    url: str | UnsetType = UNSET
    event_types: tuple[WebhookEvent, ...] | UnsetType = UNSET
    description: str | UnsetType = UNSET
    is_enabled: bool | UnsetType = UNSET


class WebhookDelivery(msgspec.Struct, frozen=True):
    """One message to one endpoint. message_id: the same at every try, so that a receiver can tell a repetition.

    payload: the body as sent, JSON. next_attempt_at_ms: None unless pending. last_status: of the last answer, None without one.
    """

    delivery_id: str
    project_id: str
    endpoint_id: str
    message_id: str
    event_type: WebhookEvent
    payload: str
    state: DeliveryState
    attempts: int
    next_attempt_at_ms: int | None
    last_status: int | None
    last_error: str
    created_at_ms: int
    finished_at_ms: int | None


class Announcer(Protocol):
    """Tells the endpoints of a project that something happened."""

    def wants(self, project_id: str, event_type: WebhookEvent) -> bool:
        """Whether any endpoint would be told. From memory."""
        ...

    def announce(self, project_id: str, event_type: WebhookEvent, data: Mapping[str, object]) -> None: ...
