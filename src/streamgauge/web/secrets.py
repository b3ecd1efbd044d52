"""The Flexprice door's routes about API keys: made, listed and taken back, by a key with the scope admin.

A key that is made here never has that scope itself: such keys are made by the command line and by people alone. It has the plan
of the key that asks for it, and none of its limits when a person asks. The list shows every key of the project.
"""

import asyncio

from streamgauge.control import Control, KeyRecord, KeySpec
from streamgauge.control.keys import PRIVATE_PREFIX, PUBLISHABLE_PREFIX
from streamgauge.kernel.access import Scope
from streamgauge.kernel.event import Door
from streamgauge.kernel.metering import Status
from streamgauge.kernel.plans import UNLIMITED
from streamgauge.web.door_routes import DoorRoute, Question
from streamgauge.web.reply import Reply
from streamgauge.wire.flexprice import secrets as wire
from streamgauge.wire.flexprice.secrets import Secret, SecretType

_KINDS = {
    SecretType.PRIVATE: (PRIVATE_PREFIX, (Scope.INGEST, Scope.READ)),
    SecretType.PUBLISHABLE: (PUBLISHABLE_PREFIX, (Scope.INGEST,)),
}


async def answer_create(control: Control, question: Question) -> Reply:
    asked = wire.parse_new_secret(question.body, question.now_ms)
    prefix, scopes = _KINDS[asked.type]
    plan = UNLIMITED if question.key.user_id is not None else question.key.plan.name
    spec = KeySpec(plan=plan, scopes=scopes, label=asked.name, expires_at_ms=asked.expires_at_ms, prefix=prefix)
    api_key, record = await asyncio.to_thread(control.create_key_of, question.project_id, spec)
    return Reply(201, wire.render_new_secret(api_key, _secret(record, question.now_ms)))


async def answer_list(control: Control, question: Question) -> Reply:
    asked = wire.parse_list(question.parameters)
    records = await asyncio.to_thread(control.keys, question.project_id)
    return Reply(200, wire.render_secrets((_secret(record, question.now_ms) for record in records), asked))


async def answer_delete(control: Control, question: Question) -> Reply:
    await asyncio.to_thread(control.revoke_key_of, question.project_id, question.path["id"])
    return Reply(204, b"")


_ALL = "/v1/secrets/api/keys"

SECRET_ROUTES = (
    DoorRoute(Door.FLEXPRICE, "POST", _ALL, answer_create, Scope.ADMIN),
    DoorRoute(Door.FLEXPRICE, "GET", _ALL, answer_list, Scope.ADMIN),
    DoorRoute(Door.FLEXPRICE, "DELETE", f"{_ALL}/{{id}}", answer_delete, Scope.ADMIN),
)


def _secret(record: KeyRecord, now_ms: int) -> Secret:
    revoked = record.revoked_at_ms is not None and record.revoked_at_ms <= now_ms
    return Secret(
        secret_id=record.key_id,
        name=record.label,
        known=record.prefix,
        scopes=record.scopes,
        status=Status.ARCHIVED if revoked else Status.PUBLISHED,
        created_at_ms=record.created_at_ms,
        updated_at_ms=record.revoked_at_ms if revoked and record.revoked_at_ms is not None else record.created_at_ms,
        expires_at_ms=record.expires_at_ms,
    )
