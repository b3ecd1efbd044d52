"""The hot path's view of the control plane: an immutable snapshot in memory, looked up without touching the database."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from math import inf
from typing import NamedTuple

from streamgauge.kernel.access import Key, Plan
from streamgauge.kernel.money import RateTable
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import ConversionEvent, Website

_NEVER_MS = 2**62


def digest_of(secret: str) -> bytes:
    """What is stored of a secret. Secrets hold 190 random bits, so a plain hash cannot be searched; no salt is needed."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


class KeyEntry(NamedTuple):
    """A key and the time from which it is dead, by expiry or by revocation, whichever comes first."""

    key: Key
    plan_known: bool
    revoked_at_ms: int | None
    was_replaced: bool
    dead_from_ms: int


def key_entry(key: Key, plan_known: bool, revoked_at_ms: int | None, was_replaced: bool) -> KeyEntry:
    ends = [time_ms for time_ms in (key.expires_at_ms, revoked_at_ms) if time_ms is not None]
    dead_from_ms = min(ends, default=_NEVER_MS) if plan_known else -_NEVER_MS
    return KeyEntry(key, plan_known, revoked_at_ms, was_replaced, dead_from_ms)


class Directory:
    """Keys by the digest of their secret, websites by id, what converts on each, exchange rates: as of one generation of the
    database.

    rates_load: which load the rates are of (control.rates.last_load).
    """

    def __init__(
        self,
        generation: int,
        entries: Mapping[bytes, KeyEntry],
        websites: Iterable[Website],
        conversion_events: Mapping[str, tuple[ConversionEvent, ...]],
        rates: RateTable,
        rates_load: int,
    ) -> None:
        self.generation = generation
        self.rates = rates
        self.rates_load = rates_load
        self._entries = entries
        self._entries_of: dict[str, list[KeyEntry]] = {}
        for entry in entries.values():
            self._entries_of.setdefault(entry.key.project_id, []).append(entry)
        self._conversion_events = conversion_events
        self._websites: dict[str, Website] = {}
        self._websites_of: dict[str, list[Website]] = {}
        for website in websites:
            self._websites[website.website_id] = website
            self._websites_of.setdefault(website.project_id, []).append(website)

    def key_for(self, secret: str, now_ms: int) -> Key:
        """The key whose secret this is. Raises Refusal unknown_key, expired_key, revoked_key."""
        entry = self._entries.get(digest_of(secret))
        if entry is None:
            raise Refusal(Reason.UNKNOWN_KEY, "Unknown API key.")
        if now_ms >= entry.dead_from_ms:
            raise _dead(entry, now_ms)
        return entry.key

    def largest_plan(self, project_id: str, now_ms: int) -> Plan | None:
        """Of the plans of the project's living keys, the one that allows most events per day; None when no key lives."""
        plans = [entry.key.plan for entry in self._entries_of.get(project_id, ()) if now_ms < entry.dead_from_ms]
        return max(plans, key=_events_allowed, default=None)

    def website(self, website_id: str) -> Website | None:
        return self._websites.get(website_id)

    def websites_of(self, project_id: str) -> Sequence[Website]:
        """The websites of one project, in the order of their making."""
        return self._websites_of.get(project_id, ())

    def conversion_events(self, website_id: str) -> tuple[ConversionEvent, ...]:
        """Those of one website, in the order of their making; the inactive ones too."""
        return self._conversion_events.get(website_id, ())

    def keys_without_plan(self) -> list[tuple[str, str]]:
        """Ids and plan names of the keys that are refused because the plan table has no such plan."""
        return [(entry.key.key_id, entry.key.plan.name) for entry in self._entries.values() if not entry.plan_known]


def _events_allowed(plan: Plan) -> float:
    return inf if plan.events_per_day is None else plan.events_per_day


def _dead(entry: KeyEntry, now_ms: int) -> Refusal:
    if entry.revoked_at_ms is not None and now_ms >= entry.revoked_at_ms:
        if entry.was_replaced:
            return Refusal(Reason.REVOKED_KEY, "This API key was replaced by a new one and no longer works.")
        return Refusal(Reason.REVOKED_KEY, "This API key was revoked.")
    if entry.key.expires_at_ms is not None and now_ms >= entry.key.expires_at_ms:
        return Refusal(Reason.EXPIRED_KEY, "This API key has expired.")
    return Refusal(Reason.UNKNOWN_KEY, f"The plan {entry.key.plan.name!r} of this API key is not in the plan table.")
