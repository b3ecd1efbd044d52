"""The Flexprice door's routes about customers.

Who may: a key that can read may read. A change takes a key that can read and send events, as keys are made without --scope: one
for sending alone may lie in a page.

An external id stands in the address as it is, slashes included: the official clients do not escape it.
"""

import asyncio
from typing import TypeVar

import msgspec

from streamgauge.control.customers import Customers
from streamgauge.kernel.access import Scope
from streamgauge.kernel.customer import CustomerChange, CustomerSpec
from streamgauge.kernel.event import Door
from streamgauge.kernel.metering import Customer
from streamgauge.web.credentials import require_scope
from streamgauge.web.door_routes import DoorRoute, Question
from streamgauge.web.reply import Reply
from streamgauge.wire.flexprice import customer_lists
from streamgauge.wire.flexprice import customers as wire

_Change = TypeVar("_Change", CustomerSpec, CustomerChange)


async def answer_create(customers: Customers, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    asked = wire.parse_new_customer(question.body)

    def create() -> Customer:
        spec = _with_parent(customers, question.project_id, asked.spec, asked.parent_external_id)
        return customers.create(question.project_id, spec)

    return Reply(201, wire.render_customer(await asyncio.to_thread(create)))


async def answer_search(customers: Customers, question: Question) -> Reply:
    return await _page(customers, question, customer_lists.parse_search(question.body))


async def answer_list(customers: Customers, question: Question) -> Reply:
    return await _page(customers, question, customer_lists.parse_list(question.parameters))


async def answer_get(customers: Customers, question: Question) -> Reply:
    found = await asyncio.to_thread(customers.get, question.project_id, question.path["id"])
    return Reply(200, wire.render_customer(found))


async def answer_lookup(customers: Customers, question: Question) -> Reply:
    found = await asyncio.to_thread(customers.lookup, question.project_id, question.path["external_id"])
    return Reply(200, wire.render_customer(found))


async def answer_children(customers: Customers, question: Question) -> Reply:
    page = wire.parse_page(question.parameters)
    found, total = await asyncio.to_thread(
        customers.children,
        question.project_id,
        question.path["id"],
        page.limit,
        page.offset,
        newest_first=page.newest_first,
    )
    return Reply(200, wire.render_customers(found, total, page))


async def answer_update(customers: Customers, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    return await _updated(customers, question, wire.Named(question.path["id"], ""))


async def answer_update_named(customers: Customers, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    return await _updated(customers, question, wire.parse_named(question.parameters))


async def answer_delete(customers: Customers, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    await asyncio.to_thread(customers.delete, question.project_id, question.path["id"])
    return Reply(204, b"")


_ALL = "/v1/customers"
_ONE = f"{_ALL}/{{id}}"

CUSTOMER_ROUTES = (
    DoorRoute(Door.FLEXPRICE, "POST", _ALL, answer_create),
    DoorRoute(Door.FLEXPRICE, "GET", _ALL, answer_list),
    DoorRoute(Door.FLEXPRICE, "PUT", _ALL, answer_update_named),
    DoorRoute(Door.FLEXPRICE, "POST", f"{_ALL}/search", answer_search),
    DoorRoute(Door.FLEXPRICE, "GET", f"{_ALL}/external/{{external_id}}", answer_lookup),
    DoorRoute(Door.FLEXPRICE, "GET", f"{_ALL}/lookup/{{external_id}}", answer_lookup),
    DoorRoute(Door.FLEXPRICE, "GET", f"{_ONE}/children", answer_children),
    DoorRoute(Door.FLEXPRICE, "GET", _ONE, answer_get),
    DoorRoute(Door.FLEXPRICE, "PUT", _ONE, answer_update),
    DoorRoute(Door.FLEXPRICE, "DELETE", _ONE, answer_delete),
)


async def _page(customers: Customers, question: Question, asked: customer_lists.CustomersAsked) -> Reply:
    page, wanted = asked
    if wanted is None:
        return Reply(200, wire.render_customers((), 0, page))
    found, total = await asyncio.to_thread(
        customers.page, question.project_id, wanted, page.limit, page.offset, newest_first=page.newest_first
    )
    return Reply(200, await asyncio.to_thread(wire.render_customers, found, total, page))


async def _updated(customers: Customers, question: Question, named: wire.Named) -> Reply:
    project_id = question.project_id
    asked = wire.parse_customer_change(question.body)

    def update() -> Customer:
        customer_id = named.customer_id or customers.lookup(project_id, named.external_id).customer_id
        change = _with_parent(customers, project_id, asked.change, asked.parent_external_id)
        return customers.update(project_id, customer_id, change)

    return Reply(200, wire.render_customer(await asyncio.to_thread(update)))


def _with_parent(customers: Customers, project_id: str, change: _Change, external_id: str) -> _Change:
    """The change with the parent that has this id or alias, if one is named so. Raises Refusal not_found."""
    if not external_id:
        return change
    return msgspec.structs.replace(change, parent_id=customers.lookup(project_id, external_id).customer_id)
