"""Events as they are loaded, handed to whoever watches them: from the loader's thread, after duplicates were dropped.

Promises
- Nobody watching: a load costs one comparison. Somebody watching: an event is tested once per watcher of its project and written
  as JSON once, however many watch.
- A watcher that is too slow loses the oldest events, never the newest, and is told how many. It holds at most MOST_EVENTS
  events and MOST_BYTES bytes.
- A watcher gets at most one message every PACE_S seconds, a heartbeat after HEARTBEAT_S without one, and ends after LIFE_S: who
  may still read then comes again (`after` says where to go on), and whose key was taken back does not.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec

from streamgauge.kernel.event import Batch, Event, EventFlag
from streamgauge.kernel.progress import LoadedEvents
from streamgauge.kernel.query import StoredEvent
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.timestamps import format_instant

MOST_EVENTS = 1_000
MOST_BYTES = 2 * 2**20
MOST_OF_PROJECT = 20
MOST_IN_ALL = 100
PACE_S = 0.2
HEARTBEAT_S = 15.0
LIFE_S = 900.0
_RETRY_AFTER_S = 5


class Wanted(NamedTuple):
    """Which events a watcher wants; None: any. Each text must be the event's own."""

    event_name: str | None = None
    customer_id: str | None = None
    website_id: str | None = None

    def takes(self, event: Event) -> bool:
        return (
            (self.event_name is None or event.name == self.event_name)
            and (self.customer_id is None or event.customer_id == self.customer_id)
            and (self.website_id is None or event.website_id == self.website_id)
            and not event.flags & EventFlag.VOID
        )


class Written(NamedTuple):
    """One event as it is sent. text: JSON without line breaks."""

    position: int
    text: bytes


class _Shown(msgspec.Struct, frozen=True):
    """An event as JSON; what it lacks is null."""

    id: str
    event: str
    at: str
    received_at: str
    position: str
    door: str
    customer: str | None
    visitor: str | None
    website: str | None
    source: str | None
    path: str | None
    bot: bool
    properties: msgspec.Raw


def written(event: StoredEvent) -> Written:
    shown = _Shown(
        id=event.event_id,
        event=event.name,
        at=format_instant(event.timestamp_ms),
        received_at=format_instant(event.received_at_ms),
        position=str(event.position),
        door=event.door,
        customer=event.customer_id or None,
        visitor=event.visitor_id or None,
        website=event.website_id or None,
        source=event.source or None,
        path=event.path or None,
        bot=bool(event.flags & EventFlag.BOT),
        properties=msgspec.Raw(event.properties or b"{}"),
    )
    # Properties are kept as sent: in JSON a line break stands only between tokens, and here it would end the line.
    return Written(event.position, msgspec.json.encode(shown).replace(b"\r", b" ").replace(b"\n", b" "))


class Watcher:
    """What one stream still has to send. Its methods are called in the event loop, but for `hear`."""

    def __init__(self, feed: "Feed", project_id: str, wanted: Wanted) -> None:
        self.project_id = project_id
        self.wanted = wanted
        self._feed = feed
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Written] = deque()
        self._waiting_bytes = 0
        self._skipped = 0
        self._more = asyncio.Event()
        self._next_at = 0.0
        self._ends_at = self._loop.time() + LIFE_S
        self._begun = False

    def begin(self, earlier: Sequence[Written], left_out: int, loaded: int) -> None:
        """Put what was in the store before everything that was heard; what lies below `loaded` is in it and was heard twice."""
        heard = [one for one in self._waiting if one.position >= loaded]
        self._waiting.clear()
        self._waiting_bytes = 0
        self.take([*earlier, *heard], left_out)

    def take(self, events: Sequence[Written], skipped: int) -> None:
        self._skipped += skipped
        self._waiting.extend(events)
        self._waiting_bytes += sum(len(one.text) for one in events)
        while len(self._waiting) > MOST_EVENTS or self._waiting_bytes > MOST_BYTES:
            self._waiting_bytes -= len(self._waiting.popleft().text)
            self._skipped += 1
        self._more.set()

    def hear(self, events: Sequence[Written], skipped: int) -> None:
        """Called on the loader's thread."""
        with suppress(RuntimeError):  # The loop has ended, and with it this stream.
            self._loop.call_soon_threadsafe(self.take, events, skipped)

    async def next(self) -> bytes | None:
        """The next message; None when this stream has lived long enough."""
        if self._begun:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(self._loop.time() + HEARTBEAT_S, self._ends_at)):
                    await self._more.wait()
                    await asyncio.sleep(self._next_at - self._loop.time())
        self._begun = True
        now = self._loop.time()
        self._next_at = now + PACE_S
        return None if now >= self._ends_at else self._message()

    def close(self) -> None:
        self._feed.leave(self)

    def _message(self) -> bytes:
        skipped, self._skipped = self._skipped, 0
        events, self._waiting, self._waiting_bytes = self._waiting, deque(), 0
        self._more.clear()
        out = b'event: skipped\ndata: {"count":%d}\n\n' % skipped if skipped else b""
        if events:
            out += b"id: %d\nevent: events\ndata: [%b]\n\n" % (events[-1].position, b",".join([one.text for one in events]))
        return out or b"event: heartbeat\ndata: {}\n\n"


class Feed:
    """Implements kernel.progress.LoadListener. told: a load up to this position was heard of, and may not be published yet."""

    def __init__(self) -> None:
        self.told = 0
        self._watchers: Mapping[str, tuple[Watcher, ...]] = {}

    def watch(self, project_id: str, wanted: Wanted) -> Watcher:
        """From now on; to be closed. Raises Refusal server_busy when too many watch already."""
        watching = self._watchers.get(project_id, ())
        if len(watching) >= MOST_OF_PROJECT or sum(map(len, self._watchers.values())) >= MOST_IN_ALL:
            message = f"Too many live streams: at most {MOST_OF_PROJECT} of a project and {MOST_IN_ALL} in all."
            raise Refusal(Reason.SERVER_BUSY, message, retry_after_s=_RETRY_AFTER_S)
        watcher = Watcher(self, project_id, wanted)
        self._watchers = {**self._watchers, project_id: (*watching, watcher)}
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """More than once does nothing more."""
        left = tuple(one for one in self._watchers.get(watcher.project_id, ()) if one is not watcher)
        others = {project_id: watching for project_id, watching in self._watchers.items() if project_id != watcher.project_id}
        self._watchers = {**others, watcher.project_id: left} if left else others

    def on_load(self, loaded: LoadedEvents) -> None:
        # First told, then whoever watches: one who begins to in between hears of this load, or knows that it must wait for it.
        self.told = loaded.end
        watchers = self._watchers
        if watchers:
            self._hand_out(loaded, watchers)

    def _hand_out(self, loaded: LoadedEvents, watchers: Mapping[str, tuple[Watcher, ...]]) -> None:
        places: dict[Watcher, list[int]] = {}
        for place, batch in enumerate(loaded.batches):
            for watcher in watchers.get(batch.project_id, ()):
                if watcher.wanted.takes(loaded.events[place]):
                    places.setdefault(watcher, []).append(place)
        texts: dict[int, Written] = {}
        for watcher, found in places.items():
            newest = found[-MOST_EVENTS:]
            for place in newest:
                if place not in texts:
                    texts[place] = written(_stored(loaded.events[place], loaded.batches[place], loaded.positions[place]))
            watcher.hear([texts[place] for place in newest], len(found) - len(newest))


def _stored(event: Event, batch: Batch, position: int) -> StoredEvent:
    return StoredEvent(
        event_id=event.event_id,
        name=event.name,
        timestamp_ms=event.timestamp_ms,
        received_at_ms=batch.received_at_ms,
        door=batch.door.value,
        customer_id=event.customer_id,
        account_id=event.account_id,
        visitor_id=event.visitor_id,
        website_id=event.website_id,
        source=event.source,
        properties=event.properties,
        position=position,
        flags=event.flags,
        path=event.web.path if event.web else "",
        key_id=batch.key_id,
    )
