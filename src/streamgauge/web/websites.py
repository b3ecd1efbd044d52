"""theBizness's routes about websites and what converts on them. The desk is the control plane.

Reading is answered from memory. A change runs on a thread, for it waits for the disk, and is seen by every request that comes
after its answer.

Who may: a key that can read may read. The original gives one key for everything, so a change takes a key that can read and send
events, as keys are made without --scope; a key for sending alone, which may lie in a page, changes nothing, and neither does one
for reading alone. To delete a website, after which its events are refused, takes the scope admin.
"""

import asyncio

from streamgauge.control import Control
from streamgauge.kernel.access import Scope
from streamgauge.kernel.event import Door
from streamgauge.web.credentials import require_scope
from streamgauge.web.door_routes import DoorRoute, Question
from streamgauge.web.reply import Reply
from streamgauge.wire.thebizness import conversion_events, websites
from streamgauge.wire.thebizness.settings_body import read_page


async def answer_list(control: Control, question: Question) -> Reply:
    limit, offset = read_page(question.parameters)
    found = control.websites_of(question.project_id)
    page = found[offset : offset + limit]
    return Reply(200, websites.render_websites(page, question.host, len(found), limit, offset))


async def answer_create(control: Control, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    spec = websites.parse_new_website(question.body)
    website = await asyncio.to_thread(control.create_website_of, question.project_id, spec)
    return Reply(200, websites.render_website(website, question.host))


async def answer_get(control: Control, question: Question) -> Reply:
    website = control.website_of(question.project_id, question.path["id"])
    return Reply(200, websites.render_website(website, question.host))


async def answer_update(control: Control, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    website_id = control.website_of(question.project_id, question.path["id"]).website_id
    change = websites.parse_website_change(question.body, website_id)
    website = await asyncio.to_thread(control.update_website, question.project_id, website_id, change)
    return Reply(200, websites.render_website(website, question.host))


async def answer_delete(control: Control, question: Question) -> Reply:
    website_id = question.path["id"]
    await asyncio.to_thread(control.delete_website, question.project_id, website_id)
    return Reply(200, websites.render_deleted(website_id))


async def answer_conversion_events(control: Control, question: Question) -> Reply:
    website = control.website_of(question.project_id, question.path["id"])
    return Reply(200, conversion_events.render_conversion_events(control.conversion_events(website.website_id)))


async def answer_create_conversion_event(control: Control, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    website_id = control.website_of(question.project_id, question.path["id"]).website_id
    wanted = conversion_events.parse_new_conversion_event(question.body, website_id)
    made = await asyncio.to_thread(control.create_conversion_event, question.project_id, website_id, wanted)
    return Reply(200, conversion_events.render_conversion_event(made))


async def answer_conversion_event(control: Control, question: Question) -> Reply:
    found = control.conversion_event_of(question.project_id, question.path["id"], question.path["conversion_event_id"])
    return Reply(200, conversion_events.render_conversion_event(found))


async def answer_update_conversion_event(control: Control, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    place = (question.project_id, question.path["id"], question.path["conversion_event_id"])
    control.conversion_event_of(*place)
    change = conversion_events.parse_conversion_event_change(question.body, *place[1:])
    changed = await asyncio.to_thread(control.update_conversion_event, *place, change)
    return Reply(200, conversion_events.render_conversion_event(changed))


async def answer_delete_conversion_event(control: Control, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    place = (question.project_id, question.path["id"], question.path["conversion_event_id"])
    await asyncio.to_thread(control.delete_conversion_event, *place)
    return Reply(200, websites.render_deleted(place[2]))


_ALL = "/api/websites"
_ONE = f"{_ALL}/{{id}}"
_CONVERSIONS = f"{_ONE}/conversion-events"
_CONVERSION = f"{_CONVERSIONS}/{{conversion_event_id}}"

WEBSITE_ROUTES = (
    DoorRoute(Door.THEBIZNESS, "GET", _ALL, answer_list),
    DoorRoute(Door.THEBIZNESS, "POST", _ALL, answer_create),
    DoorRoute(Door.THEBIZNESS, "GET", _ONE, answer_get),
    DoorRoute(Door.THEBIZNESS, "PUT", _ONE, answer_update),
    DoorRoute(Door.THEBIZNESS, "DELETE", _ONE, answer_delete, Scope.ADMIN),
    DoorRoute(Door.THEBIZNESS, "GET", _CONVERSIONS, answer_conversion_events),
    DoorRoute(Door.THEBIZNESS, "POST", _CONVERSIONS, answer_create_conversion_event),
    DoorRoute(Door.THEBIZNESS, "GET", _CONVERSION, answer_conversion_event),
    DoorRoute(Door.THEBIZNESS, "PUT", _CONVERSION, answer_update_conversion_event),
    DoorRoute(Door.THEBIZNESS, "DELETE", _CONVERSION, answer_delete_conversion_event),
)
