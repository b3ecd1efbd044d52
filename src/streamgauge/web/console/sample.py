"""POST /console/v1/sample-data: two months of an invented company, sent in by the same steps as everybody's events.

Settings are made by the routes of the doors, events are parsed by the doors' dialects and admitted by the intake: what the pages
then show is what any client would have got by sending the same.

Promise: loading twice changes nothing, and later only the days in between are added: ids are those of the day, the first of an
event counts, and settings are made when the sample's website is not there yet. What is there already of the settings stays as
it is, and the website comes after all others: a load that was refused or broken off halfway is finished by the next.
Limits: the events count in the project's day as others do. One load runs at a time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from streamgauge.intake import Intake
from streamgauge.kernel.access import Key, Scope
from streamgauge.kernel.event import Door, Event, EventFlag
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Website
from streamgauge.sample import DAYS, SampleEvent, SamplePayment, events_of_day, setting_calls
from streamgauge.sample.catalogue import WEBSITES, SettingCall
from streamgauge.web.console.parameters import read_known
from streamgauge.web.console.routes import ConsoleRoute
from streamgauge.web.door_routes import Question
from streamgauge.web.reply import Reply
from streamgauge.wire.dialect import Arrival, Mint
from streamgauge.wire.doors import DIALECTS
from streamgauge.wire.thebizness import revenue

_RECORD_EVENTS = 1_000
_FLAGS = EventFlag.ID_FROM_CLIENT | EventFlag.FIRST_WINS
Ask = Callable[[Question], Awaitable[Reply]]


class SampleDesk:
    """What the route needs. routes: of the doors, by method and path. website: finds one of any project."""

    def __init__(
        self,
        routes: Mapping[tuple[str, str], Ask],
        intake: Intake,
        website: Callable[[str], Website | None],
        mint: Mint,
    ) -> None:
        self.routes = routes
        self.intake = intake
        self.website = website
        self.mint = mint
        self.loading = asyncio.Lock()


async def answer_sample(desk: SampleDesk, question: Question) -> Reply:
    read_known(question.parameters)
    if desk.loading.locked():
        raise Refusal(Reason.SERVER_BUSY, "Sample data is being loaded already.", retry_after_s=5)
    async with desk.loading:
        website_id = f"sample-{question.project_id[-12:].lower()}"
        if desk.website(website_id) is None:
            await _make_settings(desk, question, website_id)
        now = datetime.fromtimestamp(question.now_ms / 1_000, UTC)
        sent = 0
        for back in range(DAYS - 1, -1, -1):
            day = (now - timedelta(days=back)).date()
            made = await asyncio.to_thread(events_of_day, question.project_id, website_id, day)
            past = [one for one in made if one.at <= now]
            sent += await _send(desk, question, website_id, past)
    first = (now - timedelta(days=DAYS - 1)).date()
    told = {"events": sent, "website_id": website_id, "from": first.isoformat(), "to": now.date().isoformat()}
    return Reply(200, msgspec.json.encode(told))


async def _make_settings(desk: SampleDesk, question: Question, website_id: str) -> None:
    known = {"website": website_id}
    for call in setting_calls():
        found = await _found(desk, question, call) if call.listed else None
        if found is None:
            found = await _made(desk, question, call, known)
        if call.keeps and found is not None:
            known[call.keeps] = found


async def _found(desk: SampleDesk, question: Question, call: SettingCall) -> str | None:
    """The id of what a call would make, where the project has it already."""
    route = desk.routes["GET", call.path]
    reply = await route(question._replace(body=b"", path={}, parameters=list(call.look_up)))
    told = msgspec.json.decode(reply.body)
    return next((one["id"] for one in told[call.listed] if one[call.known_by] == call.body[call.known_by]), None)


async def _made(desk: SampleDesk, question: Question, call: SettingCall, known: Mapping[str, str]) -> str | None:
    """The id in the answer, "" without one; None when there is such a thing already."""
    body = msgspec.json.encode(call.body).decode()
    for name, value in known.items():
        body = body.replace(f"{{{name}}}", value)
    path = {"id": known["website"]} if "{website}" in call.path else {}
    route = desk.routes[call.method, call.path.replace("{website}", "{id}")]
    try:
        reply = await route(question._replace(body=body.encode(), path=path, parameters=[]))
    except Refusal as refusal:
        # A website of that id is not this project's: what follows must not go there.
        if refusal.reason is Reason.ALREADY_EXISTS and call.path != WEBSITES:
            return None
        raise
    return str(msgspec.json.decode(reply.body).get("id", ""))


async def _send(desk: SampleDesk, question: Question, website_id: str, made: Sequence[SampleEvent | SamplePayment]) -> int:
    arrival = Arrival(question.now_ms, desk.mint)
    by_door: dict[Door, list[Event]] = {}
    for one in made:
        if isinstance(one, SamplePayment):
            by_door.setdefault(Door.THEBIZNESS, []).append(_payment(one, website_id, arrival))
        else:
            by_door.setdefault(one.door, []).append(_event(one, website_id, arrival))
    key = _admitting(question.key)
    for door, events in by_door.items():
        for start in range(0, len(events), _RECORD_EVENTS):
            enriched = [desk.intake.enriched(event) for event in events[start : start + _RECORD_EVENTS]]
            await desk.intake.admit(key, door, enriched, question.now_ms)
    return sum(map(len, by_door.values()))


def _event(one: SampleEvent, website_id: str, arrival: Arrival) -> Event:
    at = one.at.isoformat().replace("+00:00", "Z")
    website = {"website_id": website_id} if one.door is Door.THEBIZNESS else {}
    event = DIALECTS[one.door].parse_event(msgspec.json.encode({**website, **one.body, "timestamp": at}), arrival)
    return msgspec.structs.replace(event, event_id=one.event_id, flags=event.flags | int(_FLAGS))


def _payment(one: SamplePayment, website_id: str, arrival: Arrival) -> Event:
    at = one.at.isoformat().replace("+00:00", "Z")
    payment = revenue.parse_payment(msgspec.json.encode({"website_id": website_id, **one.body, "timestamp": at}))
    event = revenue.to_event(payment, payment.currency, arrival)
    return msgspec.structs.replace(event, flags=event.flags | int(EventFlag.FIRST_WINS))


def _admitting(key: Key) -> Key:
    """Who sends; the key of a person is not one that the receipts could name."""
    return key if key.user_id is None else msgspec.structs.replace(key, key_id="")


SAMPLE_ROUTES = (ConsoleRoute("POST", "/sample-data", answer_sample, Scope.ADMIN),)
