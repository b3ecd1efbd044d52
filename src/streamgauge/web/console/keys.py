"""API keys and plans: what keys there are, when each was used last, what they may send and what is used of it.

A secret is told once, when its key is made or takes the place of another.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from streamgauge.control import Control, KeyRecord, KeySpec
from streamgauge.control.keys import DEFAULT_SCOPES
from streamgauge.kernel.access import Plan, RateClass, Scope
from streamgauge.kernel.plans import UNLIMITED
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web.console.bodies import read_body
from streamgauge.web.console.parameters import read_known
from streamgauge.web.console.routes import ConsoleRoute
from streamgauge.web.door_routes import Question
from streamgauge.web.reply import Reply
from streamgauge.wire.timestamps import format_instant, parse_iso8601

MOST_GRACE_HOURS = 24 * 90
_HOUR_MS = 3_600_000


class KeysDesk(NamedTuple):
    """What the routes need. spent: requests of a key in its open window. events_today: of a project, in the UTC day."""

    control: Control
    plans: Mapping[str, Plan]
    spent: Callable[[str, RateClass, int], int]
    events_today: Callable[[str, int], int]


class _NewKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    plan: str = UNLIMITED
    door: str = "any"
    expires_at: str | None = None


class _Rotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    grace_hours: float = 24


async def answer_keys(desk: KeysDesk, question: Question) -> Reply:
    read_known(question.parameters)
    records = await asyncio.to_thread(desk.control.keys, question.project_id)
    return Reply(200, msgspec.json.encode({"keys": [told_key(record, question.now_ms) for record in reversed(records)]}))


async def answer_create(desk: KeysDesk, question: Question) -> Reply:
    asked = read_body(question.body, _NewKey)
    spec = KeySpec(
        plan=asked.plan,
        scopes=asked.scopes,
        door=asked.door,
        label=asked.name,
        expires_at_ms=None if asked.expires_at is None else _instant(asked.expires_at, question.now_ms),
    )
    secret, record = await asyncio.to_thread(desk.control.create_key_of, question.project_id, spec)
    return Reply(201, msgspec.json.encode({**told_key(record, question.now_ms), "secret": secret}))


async def answer_rotate(desk: KeysDesk, question: Question) -> Reply:
    grace_hours = read_body(question.body, _Rotation).grace_hours
    if not 0 <= grace_hours <= MOST_GRACE_HOURS:
        expected = f"0 to {MOST_GRACE_HOURS}"
        raise Refusal(Reason.INVALID_PARAMETER, f"grace_hours must be {expected}.", field="grace_hours", expected=expected)
    place = (question.project_id, question.path["id"])
    made = await asyncio.to_thread(desk.control.rotate_key_of, *place, int(grace_hours * _HOUR_MS))
    records = await asyncio.to_thread(desk.control.keys, question.project_id)
    record = next(one for one in records if one.key_id == made.key_id)
    return Reply(201, msgspec.json.encode({**told_key(record, question.now_ms), "secret": made.secret}))


async def answer_revoke(desk: KeysDesk, question: Question) -> Reply:
    await asyncio.to_thread(desk.control.revoke_key_of, question.project_id, question.path["id"])
    return Reply(200, b'{"success":true}')


async def answer_plans(desk: KeysDesk, question: Question) -> Reply:
    read_known(question.parameters)
    now_ms = question.now_ms
    records = await asyncio.to_thread(desk.control.keys, question.project_id)
    living = [record for record in records if record.state(now_ms) in ("active", "replaced")]
    largest = desk.control.largest_plan(question.project_id, now_ms)
    use = {
        "day": format_instant(now_ms)[:10],
        "events_today": desk.events_today(question.project_id, now_ms),
        "events_per_day": None if largest is None else largest.events_per_day,
        "keys": [_use_of(desk, record, now_ms) for record in living],
    }
    plans = [
        {**msgspec.structs.asdict(plan), "keys": sum(record.plan == plan.name for record in living)}
        for plan in desk.plans.values()
    ]
    return Reply(200, msgspec.json.encode({"plans": plans, "use": use}))


KEY_ROUTES = (
    ConsoleRoute("GET", "/keys", answer_keys, Scope.ADMIN),
    ConsoleRoute("POST", "/keys", answer_create, Scope.ADMIN),
    ConsoleRoute("POST", "/keys/{id}/rotate", answer_rotate, Scope.ADMIN),
    ConsoleRoute("DELETE", "/keys/{id}", answer_revoke, Scope.ADMIN),
    ConsoleRoute("GET", "/plans", answer_plans),
)


def told_key(record: KeyRecord, now_ms: int) -> dict[str, object]:
    """A key as the lists show it: never its secret."""
    return {
        "id": record.key_id,
        "name": record.label,
        "prefix": record.prefix,
        "plan": record.plan,
        "scopes": record.scopes,
        "door": record.door,
        "state": record.state(now_ms),
        "created_at": format_instant(record.created_at_ms),
        "expires_at": _time(record.expires_at_ms),
        "revoked_at": _time(record.revoked_at_ms),
        "replaced_by": record.replaced_by,
        "last_used_at": _time(record.last_used_at_ms),
    }


def _use_of(desk: KeysDesk, record: KeyRecord, now_ms: int) -> dict[str, object]:
    plan = desk.plans.get(record.plan)
    return {
        "id": record.key_id,
        "name": record.label,
        "plan": record.plan,
        "requests_this_minute": desk.spent(record.key_id, RateClass.MINUTE, now_ms),
        "requests_per_minute": None if plan is None else plan.requests_per_minute,
    }


def _time(time_ms: int | None) -> str | None:
    return None if time_ms is None else format_instant(time_ms)


def _instant(text: str, now_ms: int) -> int:
    found = parse_iso8601(text, "expires_at")
    if found <= now_ms:
        expected = "a time to come, as 2027-01-31T00:00:00Z"
        raise Refusal(Reason.INVALID_PARAMETER, f"expires_at must be {expected}.", field="expires_at", expected=expected)
    return found
