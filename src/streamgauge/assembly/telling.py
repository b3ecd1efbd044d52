"""Who is told, through webhooks, of what is noticed while events are loaded."""

import contextlib
from collections.abc import Callable, Iterator

from streamgauge.assembly.parts import Parts
from streamgauge.kernel.clock import SystemClock
from streamgauge.metering.unmetered import UnmeteredWatch
from streamgauge.webhooks import QuickAnnouncer


@contextlib.contextmanager
def telling(parts: Parts, on_failure: Callable[[Exception], None]) -> Iterator[QuickAnnouncer]:
    """For the length of a `with` block loads are watched for events that no meter counts; at its end what waits is written."""
    announcer = QuickAnnouncer(parts.control.webhooks, on_failure)
    parts.loader.add_listener(UnmeteredWatch(parts.control.catalogue, announcer, SystemClock().monotonic, on_failure))
    try:
        yield announcer
    finally:
        announcer.close()
