"""Events that no meter counts, noticed as they are loaded and told to who asked for event.rejected.

Promise: of each event name of a project the first such event in ten minutes is told, with the reason, when the project has an
endpoint that takes the message; also across a restart. Projects that have none cost one look per load.

Limits
- Only events that name a customer are meant; void marks are not.
- At most TOLD_AT_ONCE names of a project are told in ten minutes, so that made-up names flood nobody, and at most LOOKED_AT
  events of a load are held against filters and expressions: a name that is missed is told by a later load. The list of unmetered
  events (GET /v1/events/unmetered) leaves none out.
- What is told is the event as it came; a later version of it may be counted.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

import msgspec

from streamgauge.kernel.event import Event, EventFlag
from streamgauge.kernel.metering import Meter
from streamgauge.kernel.progress import LoadedEvents
from streamgauge.kernel.webhook import Announcer, WebhookEvent
from streamgauge.metering.matching import EventFacts, MeterRule, Uncounted, why_uncounted
from streamgauge.wire.timestamps import format_instant

QUIET_S = 600.0
TOLD_AT_ONCE = 100
LOOKED_AT = 2_000
_KEPT_RULES = 10_000


class VersionedMeters(Protocol):
    """The catalogue, as this room needs it; from memory, on any thread."""

    def version(self, project_id: str) -> int: ...

    def meters_of_event(self, project_id: str, event_name: str) -> tuple[Meter, ...]: ...


class NameRules(msgspec.Struct, frozen=True, gc=False):
    """The rules of one event name. version: of the catalogue when they were made. certain: one of them counts every event."""

    version: int
    rules: tuple[MeterRule, ...]
    certain: bool


class RuleBook:
    """Rules by project and event name, made anew when the project's catalogue changes. For one thread."""

    def __init__(self, meters: VersionedMeters) -> None:
        self._meters = meters
        self._rules: dict[tuple[str, str], NameRules] = {}

    def rules(self, project_id: str, event_name: str) -> NameRules:
        version = self._meters.version(project_id)
        known = self._rules.get((project_id, event_name))
        if known is not None and known.version == version:
            return known
        rules = tuple(MeterRule(meter) for meter in self._meters.meters_of_event(project_id, event_name))
        certain = any(not rule.meter.filters and not rule.meter.measure.expression for rule in rules)
        made = NameRules(version, rules, certain)
        if rules:
            if len(self._rules) >= _KEPT_RULES:
                self._rules.clear()
            self._rules[project_id, event_name] = made
        return made


class UnmeteredWatch:
    """A LoadListener. on_failure: is told what went wrong; the load goes on.

    told_before: how many seconds ago each name of a project was told of before this process; asked once, may read a disk.
    """

    def __init__(
        self,
        meters: VersionedMeters,
        announcer: Announcer,
        monotonic: Callable[[], float],
        on_failure: Callable[[Exception], None],
        told_before: Callable[[str], Mapping[str, float]] = lambda _: {},
    ) -> None:
        self._book = RuleBook(meters)
        self._announcer = announcer
        self._monotonic = monotonic
        self._on_failure = on_failure
        self._told_before = told_before
        self._told: dict[str, dict[str, float]] = {}

    def on_load(self, loaded: LoadedEvents) -> None:
        try:
            self._look(loaded)
        except Exception as error:  # noqa: BLE001 (on the loader's thread: what is told to others must not stop a load)
            self._on_failure(error)

    def _look(self, loaded: LoadedEvents) -> None:
        projects = {batch.project_id for batch in loaded.batches}
        wanting = {project_id for project_id in projects if self._announcer.wants(project_id, WebhookEvent.EVENT_REJECTED)}
        if not wanting:
            return
        now = self._monotonic()
        for project_id in wanting:
            self._forget(project_id, now)
        for project_id, event, reason in self._uncounted(loaded, wanting):
            self._told[project_id][event.name] = now
            self._announcer.announce(project_id, WebhookEvent.EVENT_REJECTED, _message(event, reason))

    def _uncounted(self, loaded: LoadedEvents, wanting: set[str]) -> Iterator[tuple[str, Event, Uncounted]]:
        """The first of each name that is not told of already; whoever takes one tells it."""
        left = LOOKED_AT
        for event, batch in zip(loaded.events, loaded.batches, strict=True):
            project_id = batch.project_id
            if project_id not in wanting or not event.customer_id or event.flags & EventFlag.VOID:
                continue
            told = self._told[project_id]
            if event.name in told or len(told) >= TOLD_AT_ONCE:
                continue
            named = self._book.rules(project_id, event.name)
            if named.certain:
                continue
            if left == 0:
                return
            left -= 1
            facts = EventFacts(event)
            reason = why_uncounted(rule.count(facts) for rule in named.rules)
            if reason is not None:
                yield project_id, event, reason

    def _forget(self, project_id: str, now: float) -> None:
        told = self._told.get(project_id)
        if told is None:
            told = {name: now - ago_s for name, ago_s in self._told_before(project_id).items()}
        self._told[project_id] = {name: at for name, at in told.items() if now - at < QUIET_S}


def _message(event: Event, reason: Uncounted) -> Mapping[str, object]:
    """The published payload of event.rejected."""
    return {
        "event_type": WebhookEvent.EVENT_REJECTED.value,
        "reason": reason.value,
        "event": {
            "id": event.event_id,
            "event_name": event.name,
            "external_customer_id": event.customer_id,
            "customer_id": event.account_id,
            "timestamp": format_instant(event.timestamp_ms),
            "source": event.source,
            "properties": msgspec.Raw(event.properties or b"{}"),
        },
    }
