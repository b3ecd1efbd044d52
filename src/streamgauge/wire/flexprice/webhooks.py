"""Webhook endpoints and deliveries at the Flexprice door: our own addition, for the original manages them elsewhere.

Messages have the form that the Standard Webhooks convention proposes: {"type", "timestamp", "data"}, with the headers webhook-id,
webhook-timestamp and webhook-signature.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

import msgspec
from msgspec import UNSET

from streamgauge.kernel.webhook import (
    DeliveryState,
    EndpointChange,
    EndpointSpec,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from streamgauge.wire.flexprice.payload import Payload
from streamgauge.wire.flexprice.resources import ListPage, page_of, refuse_field, render_list
from streamgauge.wire.parameters import Pairs, one_of
from streamgauge.wire.timestamps import format_instant

_MAX_DESCRIPTION_CHARACTERS = 500
_Named = TypeVar("_Named", bound=StrEnum)


class DeliveriesAsked(msgspec.Struct, frozen=True):
    """Which deliveries are asked for; None for all."""

    page: ListPage
    endpoint_id: str | None
    event_type: WebhookEvent | None
    state: DeliveryState | None


def parse_new_endpoint(body: bytes) -> EndpointSpec:
    """url (required), event_types, description, is_enabled. The address itself is checked elsewhere. Raises Refusal."""
    payload = Payload.from_body(body)
    return EndpointSpec(
        url=payload.required_text("url"),
        event_types=_event_types(payload),
        description=_description(payload),
        is_enabled=_is_enabled(payload, default=True),
    )


def parse_endpoint_change(body: bytes) -> EndpointChange:
    """The same fields, each only where it shall be different. Raises Refusal."""
    payload = Payload.from_body(body)
    return EndpointChange(
        url=payload.required_text("url") if payload.has("url") else UNSET,
        event_types=_event_types(payload) if payload.has("event_types") else UNSET,
        description=_description(payload) if payload.has("description") else UNSET,
        is_enabled=_is_enabled(payload, default=True) if payload.has("is_enabled") else UNSET,
    )


def parse_page(parameters: Pairs) -> ListPage:
    """Raises Refusal."""
    return page_of(Payload.from_query_string(parameters))


def parse_deliveries(parameters: Pairs) -> DeliveriesAsked:
    """limit, offset, order, endpoint_id, event_type, state. Raises Refusal."""
    payload = Payload.from_query_string(parameters)
    return DeliveriesAsked(
        page_of(payload),
        payload.text("endpoint_id") or None,
        _named(payload.text("event_type"), "event_type", WebhookEvent),
        _named(payload.text("state"), "state", DeliveryState),
    )


def render_endpoint(endpoint: WebhookEndpoint, *, with_secret: bool = False) -> bytes:
    """The secret is shown when the endpoint is made, and where it is asked for by itself."""
    return msgspec.json.encode(_endpoint_fields(endpoint) | ({"secret": endpoint.secret} if with_secret else {}))


def render_secret(endpoint: WebhookEndpoint) -> bytes:
    return msgspec.json.encode({"id": endpoint.endpoint_id, "secret": endpoint.secret})


def render_endpoints(endpoints: Sequence[WebhookEndpoint], page: ListPage) -> bytes:
    ordered = endpoints[::-1] if page.newest_first else endpoints
    shown = ordered[page.offset : page.offset + page.limit]
    return render_list([_endpoint_fields(endpoint) for endpoint in shown], len(endpoints), page)


def render_delivery(delivery: WebhookDelivery) -> bytes:
    return msgspec.json.encode(_delivery_fields(delivery))


def render_deliveries(deliveries: Sequence[WebhookDelivery], total: int, page: ListPage) -> bytes:
    return render_list([_delivery_fields(delivery) for delivery in deliveries], total, page)


def _endpoint_fields(endpoint: WebhookEndpoint) -> dict[str, object]:
    return {
        "id": endpoint.endpoint_id,
        "environment_id": endpoint.project_id,
        "url": endpoint.url,
        "event_types": endpoint.event_types,
        "description": endpoint.description,
        "is_enabled": endpoint.is_enabled,
        "created_at": format_instant(endpoint.created_at_ms),
        "updated_at": format_instant(endpoint.updated_at_ms),
    }


def _delivery_fields(delivery: WebhookDelivery) -> Mapping[str, object]:
    return {
        "id": delivery.delivery_id,
        "endpoint_id": delivery.endpoint_id,
        "message_id": delivery.message_id,
        "event_type": delivery.event_type,
        "payload": msgspec.Raw(delivery.payload.encode()),
        "state": delivery.state,
        "attempts": delivery.attempts,
        "next_attempt_at": _instant(delivery.next_attempt_at_ms),
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "created_at": format_instant(delivery.created_at_ms),
        "finished_at": _instant(delivery.finished_at_ms),
    }


def _instant(time_ms: int | None) -> str | None:
    return None if time_ms is None else format_instant(time_ms)


def _event_types(payload: Payload) -> tuple[WebhookEvent, ...]:
    names = payload.texts("event_types")
    if len(set(names)) < len(names):
        raise refuse_field("event_types", "each type once")
    found = (_named(name, f"event_types[{place}]", WebhookEvent) for place, name in enumerate(names))
    return tuple(event_type for event_type in found if event_type is not None)


def _named(name: str, field: str, kinds: type[_Named]) -> _Named | None:
    if not name:
        return None
    try:
        return kinds(name)
    except ValueError as error:
        raise refuse_field(field, one_of(kinds)) from error


def _description(payload: Payload) -> str:
    text = payload.text("description")
    if len(text) > _MAX_DESCRIPTION_CHARACTERS:
        raise refuse_field("description", f"at most {_MAX_DESCRIPTION_CHARACTERS} characters")
    return text


def _is_enabled(payload: Payload, *, default: bool) -> bool:
    value = payload.raw("is_enabled")
    if value is None:
        return default
    if not isinstance(value, bool):
        raise refuse_field("is_enabled", "true or false")
    return value
