"""What goes into the audit log: each change that a request made to settings, named by the route that made it.

Promise: a route of another method than GET is a row of ACTIONS or of UNRECORDED (a test looks), so that no change is left out by
being forgotten. Of what was sent only the few names in _SHOWN go into the log; secrets never do.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from streamgauge.kernel.access import Key
from streamgauge.web.reply import Reply

ACTIONS: Mapping[tuple[str, str], str] = {
    ("POST", "/api/websites"): "website.created",
    ("PUT", "/api/websites/{id}"): "website.changed",
    ("DELETE", "/api/websites/{id}"): "website.deleted",
    ("POST", "/api/websites/{id}/conversion-events"): "conversion_event.created",
    ("PUT", "/api/websites/{id}/conversion-events/{conversion_event_id}"): "conversion_event.changed",
    ("DELETE", "/api/websites/{id}/conversion-events/{conversion_event_id}"): "conversion_event.deleted",
    ("POST", "/v1/alerts/setting"): "alert_setting.created",
    ("PUT", "/v1/alerts/setting/{id}"): "alert_setting.changed",
    ("DELETE", "/v1/alerts/setting/{id}"): "alert_setting.deleted",
    ("POST", "/v1/customers"): "customer.created",
    ("PUT", "/v1/customers"): "customer.changed",
    ("PUT", "/v1/customers/{id}"): "customer.changed",
    ("DELETE", "/v1/customers/{id}"): "customer.deleted",
    ("POST", "/v1/dashboards"): "dashboard.created",
    ("PATCH", "/v1/dashboards/{id}"): "dashboard.changed",
    ("DELETE", "/v1/dashboards/{id}"): "dashboard.deleted",
    ("POST", "/v1/dashboards/{id}/share"): "dashboard.shared",
    ("DELETE", "/v1/dashboards/{id}/share"): "dashboard.unshared",
    ("POST", "/v1/entitlements"): "entitlement.created",
    ("PUT", "/v1/entitlements/{id}"): "entitlement.changed",
    ("DELETE", "/v1/entitlements/{id}"): "entitlement.deleted",
    ("DELETE", "/v1/events/{id}"): "event.voided",
    ("POST", "/v1/features"): "feature.created",
    ("POST", "/v1/features/{id}/clone"): "feature.created",
    ("PUT", "/v1/features/{id}"): "feature.changed",
    ("DELETE", "/v1/features/{id}"): "feature.archived",
    ("POST", "/v1/meters"): "meter.created",
    ("PUT", "/v1/meters/{id}"): "meter.changed",
    ("DELETE", "/v1/meters/{id}"): "meter.archived",
    ("POST", "/v1/meters/{id}/disable"): "meter.archived",
    ("POST", "/v1/periods/close"): "period.closed",
    ("POST", "/v1/secrets/api/keys"): "key.created",
    ("DELETE", "/v1/secrets/api/keys/{id}"): "key.revoked",
    ("DELETE", "/api/revenue/{transaction_id}"): "payment.voided",
    ("POST", "/v1/webhooks/endpoints"): "webhook.created",
    ("PUT", "/v1/webhooks/endpoints/{id}"): "webhook.changed",
    ("DELETE", "/v1/webhooks/endpoints/{id}"): "webhook.deleted",
    ("PATCH", "/members/{id}"): "member.changed",
    ("DELETE", "/members/{id}"): "member.removed",
    ("POST", "/invitations"): "invitation.created",
    ("DELETE", "/invitations/{id}"): "invitation.withdrawn",
    ("PATCH", "/projects/{id}"): "project.renamed",
    ("POST", "/keys"): "key.created",
    ("POST", "/keys/{id}/rotate"): "key.rotated",
    ("DELETE", "/keys/{id}"): "key.revoked",
    ("POST", "/sample-data"): "sample_data.loaded",
}
"""By method and path, as the row of the route has it."""

UNRECORDED = frozenset(
    {
        ("POST", "/api/analytics/funnel"),
        ("POST", "/api/revenue"),
        ("POST", "/api/revenue/batch"),
        ("POST", "/v1/alerts/search"),
        ("POST", "/v1/alerts/setting/search"),
        ("POST", "/v1/customers/search"),
        ("POST", "/v1/entitlements/check"),
        ("POST", "/v1/entitlements/search"),
        ("POST", "/v1/events/analytics"),
        ("POST", "/v1/events/query"),
        ("POST", "/v1/events/usage"),
        ("POST", "/v1/events/usage/meter"),
        ("POST", "/v1/features/search"),
        ("POST", "/v1/meter-usage/analytics"),
        ("POST", "/v1/meter-usage/detailed-analytics"),
        ("POST", "/v1/meter-usage/query"),
        ("POST", "/v1/webhooks/deliveries/{id}/retry"),
        ("POST", "/v1/webhooks/endpoints/{id}/test"),
    }
)
"""Questions asked by a body, events, and what changes no settings."""

_OF_ONESELF = frozenset({("DELETE", "/members/{id}")})
"""Changes that anybody may make, of oneself; of others the route itself refuses them."""

_SHOWN = ("name", "email", "role", "domain", "external_id", "lookup_key")
AddEntry = Callable[[str, tuple[str, str, str], str, str, str], None]


class Auditor:
    """Adds an entry for each answer that says that something was changed."""

    def __init__(self, add: AddEntry, on_failure: Callable[[Exception], None]) -> None:
        """add: project, actor (kind, id, name), action, target, detail; may wait for the disk."""
        self._add = add
        self._on_failure = on_failure

    async def changed(self, method: str, path: str, key: Key, values: Mapping[str, str], reply: Reply) -> None:
        """path: as the route's row has it; values: of its parameters."""
        action = ACTIONS.get((method, path))
        if action is None:
            return
        told = _told(reply)
        target = (list(values.values()) or [""])[-1] or _text(told.get("id"))
        detail = ", ".join(f"{name} {value}" for name in _SHOWN if (value := _text(told.get(name))))
        await self.noted(key.project_id, actor_of(key), action, target, detail)

    async def noted(self, project_id: str, actor: tuple[str, str, str], action: str, target: str, detail: str) -> None:
        """One entry. What it tells of has happened: a log that fails undoes nothing, and is reported."""
        try:
            await asyncio.to_thread(self._add, project_id, actor, action, target, detail)
        except Exception as exc:  # noqa: BLE001 - whatever the log's disk does, the change stands and is answered
            self._on_failure(exc)


def changes_settings(method: str, path: str) -> bool:
    """Whether the route, as its row has it, changes what others see."""
    return (method, path) in ACTIONS and (method, path) not in _OF_ONESELF


def actor_of(key: Key) -> tuple[str, str, str]:
    """Kind, id and name of who asks."""
    if key.user_id is not None:
        return "user", key.user_id, key.label
    return "key", key.key_id, key.label


def _told(reply: Reply) -> Mapping[str, Any]:
    """The object that was made or changed, where the answer has one."""
    try:
        body = msgspec.json.decode(reply.body or b"{}")
    except msgspec.DecodeError:
        return {}
    if not isinstance(body, dict):
        return {}
    inner = [value for name, value in body.items() if isinstance(value, dict) and name not in ("metadata", "layout")]
    return inner[0] if "id" not in body and len(inner) == 1 else body


def _text(value: object) -> str:
    return value[:200] if isinstance(value, str) else ""
