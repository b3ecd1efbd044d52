"""The Flexprice door's routes about webhooks: endpoints, and what became of each delivery.

Who may: a key with the scope admin, for an endpoint sees what its project announces, and makes the server connect to an address.
"""

import asyncio
from typing import NamedTuple

from msgspec import UNSET

from streamgauge.control.webhooks import DeliveryFilter, Webhooks
from streamgauge.kernel.access import Scope
from streamgauge.kernel.event import Door
from streamgauge.web.door_routes import DoorRoute, Question
from streamgauge.web.reply import Reply
from streamgauge.webhooks import check_url
from streamgauge.wire.flexprice import webhooks as wire


class WebhookDesk(NamedTuple):
    """What the routes need. private_allowed: whether an endpoint may lie in a private network."""

    webhooks: Webhooks
    private_allowed: bool


async def answer_create(desk: WebhookDesk, question: Question) -> Reply:
    spec = wire.parse_new_endpoint(question.body)
    check_url(spec.url, private_allowed=desk.private_allowed)
    made = await asyncio.to_thread(desk.webhooks.create, question.project_id, spec)
    return Reply(201, wire.render_endpoint(made, with_secret=True))


async def answer_list(desk: WebhookDesk, question: Question) -> Reply:
    page = wire.parse_page(question.parameters)
    return Reply(200, wire.render_endpoints(desk.webhooks.endpoints(question.project_id), page))


async def answer_get(desk: WebhookDesk, question: Question) -> Reply:
    return Reply(200, wire.render_endpoint(desk.webhooks.endpoint(question.project_id, question.path["id"])))


async def answer_secret(desk: WebhookDesk, question: Question) -> Reply:
    return Reply(200, wire.render_secret(desk.webhooks.endpoint(question.project_id, question.path["id"])))


async def answer_update(desk: WebhookDesk, question: Question) -> Reply:
    change = wire.parse_endpoint_change(question.body)
    if change.url is not UNSET:
        check_url(change.url, private_allowed=desk.private_allowed)
    changed = await asyncio.to_thread(desk.webhooks.update, question.project_id, question.path["id"], change)
    return Reply(200, wire.render_endpoint(changed))


async def answer_delete(desk: WebhookDesk, question: Question) -> Reply:
    await asyncio.to_thread(desk.webhooks.delete, question.project_id, question.path["id"])
    return Reply(204, b"")


async def answer_test(desk: WebhookDesk, question: Question) -> Reply:
    sent = await asyncio.to_thread(desk.webhooks.send_test, question.project_id, question.path["id"])
    return Reply(202, wire.render_delivery(sent))


async def answer_deliveries(desk: WebhookDesk, question: Question) -> Reply:
    asked = wire.parse_deliveries(question.parameters)
    wanted = DeliveryFilter(endpoint_id=asked.endpoint_id, event_type=asked.event_type, state=asked.state)
    found, total = await asyncio.to_thread(
        desk.webhooks.deliveries,
        question.project_id,
        wanted,
        asked.page.limit,
        asked.page.offset,
        newest_first=asked.page.newest_first,
    )
    return Reply(200, wire.render_deliveries(found, total, asked.page))


async def answer_delivery(desk: WebhookDesk, question: Question) -> Reply:
    found = await asyncio.to_thread(desk.webhooks.delivery, question.project_id, question.path["id"])
    return Reply(200, wire.render_delivery(found))


async def answer_retry(desk: WebhookDesk, question: Question) -> Reply:
    again = await asyncio.to_thread(desk.webhooks.retry, question.project_id, question.path["id"])
    return Reply(202, wire.render_delivery(again))


_ALL = "/v1/webhooks/endpoints"
_ONE = f"{_ALL}/{{id}}"
_DELIVERIES = "/v1/webhooks/deliveries"

WEBHOOK_ROUTES = (
    DoorRoute(Door.FLEXPRICE, "POST", _ALL, answer_create, Scope.ADMIN),
    DoorRoute(Door.FLEXPRICE, "GET", _ALL, answer_list, Scope.ADMIN),
    DoorRoute(Door.FLEXPRICE, "GET", _ONE, answer_get, Scope.ADMIN),
    DoorRoute(Door.FLEXPRICE, "PUT", _ONE, answer_update, Scope.ADMIN),
    DoorRoute(Door.FLEXPRICE, "DELETE", _ONE, answer_delete, Scope.ADMIN),
    DoorRoute(Door.FLEXPRICE, "GET", f"{_ONE}/secret", answer_secret, Scope.ADMIN),
    DoorRoute(Door.FLEXPRICE, "POST", f"{_ONE}/test", answer_test, Scope.ADMIN),
    DoorRoute(Door.FLEXPRICE, "GET", _DELIVERIES, answer_deliveries, Scope.ADMIN),
    DoorRoute(Door.FLEXPRICE, "GET", f"{_DELIVERIES}/{{id}}", answer_delivery, Scope.ADMIN),
    DoorRoute(Door.FLEXPRICE, "POST", f"{_DELIVERIES}/{{id}}/retry", answer_retry, Scope.ADMIN),
)
