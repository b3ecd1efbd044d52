"""Who is told, through webhooks, of what is noticed while events are loaded."""

import contextlib
from collections.abc import Callable, Iterator, Mapping

import msgspec

from streamgauge.assembly.parts import Parts
from streamgauge.control.webhooks import MAX_ENDPOINTS, DeliveryFilter, Webhooks
from streamgauge.kernel.clock import Clock, SystemClock
from streamgauge.kernel.webhook import WebhookEvent
from streamgauge.metering.unmetered import TOLD_AT_ONCE, UnmeteredWatch
from streamgauge.webhooks import QuickAnnouncer


@contextlib.contextmanager
def telling(parts: Parts, on_failure: Callable[[Exception], None]) -> Iterator[QuickAnnouncer]:
    """For the length of a `with` block loads are watched for events that no meter counts; at its end what waits is written."""
    announcer = QuickAnnouncer(parts.control.webhooks, on_failure)
    clock = SystemClock()
    before = _ToldBefore(parts.control.webhooks, clock)
    parts.loader.add_listener(UnmeteredWatch(parts.control.catalogue, announcer, clock.monotonic, on_failure, before))
    try:
        yield announcer
    finally:
        announcer.close()


class _ToldBefore:
    """How many seconds ago each event name of a project was told of, by the deliveries on disk, the latest ones."""

    def __init__(self, webhooks: Webhooks, clock: Clock) -> None:
        self._webhooks = webhooks
        self._clock = clock

    def __call__(self, project_id: str) -> Mapping[str, float]:
        wanted = DeliveryFilter(event_type=WebhookEvent.EVENT_REJECTED)
        found, _ = self._webhooks.deliveries(project_id, wanted, limit=TOLD_AT_ONCE * MAX_ENDPOINTS, offset=0)
        now_ms = self._clock.now_ms()
        # They come newest first, and the newest of a name is to stay.
        return {_name(delivery.payload): max(now_ms - delivery.created_at_ms, 0) / 1000 for delivery in reversed(found)}


def _name(payload: str) -> str:
    """Of the event that a message is about."""
    name: str = msgspec.json.decode(payload)["data"]["event"]["event_name"]
    return name
