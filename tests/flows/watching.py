"""A reader of the live view: server-sent events off a real connection."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx


class Watching:
    """What came so far. events: in their order; skipped: told as left out; heartbeats: how many; last_id: of the last message."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.events: list[dict[str, Any]] = []
        self.skipped = 0
        self.heartbeats = 0
        self.messages = 0
        self.last_id = ""
        self._lines = lines

    @property
    def ids(self) -> list[str]:
        return [event["id"] for event in self.events]

    def until(self, arrived: Callable[["Watching"], bool], deadline_s: float = 20) -> "Watching":
        """Read messages until what is waited for is there."""
        deadline = time.monotonic() + deadline_s
        while not arrived(self):
            assert time.monotonic() < deadline, f"{len(self.events)} events, {self.skipped} skipped"
            self._take_message()
        return self

    def until_events(self, count: int) -> "Watching":
        return self.until(lambda watching: len(watching.events) + watching.skipped >= count)

    def _take_message(self) -> None:
        fields = dict[str, str]()
        for line in self._lines:
            if not line:
                break
            name, _, value = line.partition(": ")
            assert name not in fields, "a field comes once in a message"
            fields[name] = value
        else:
            raise AssertionError("the stream has ended")
        self.messages += 1
        self.last_id = fields.get("id", self.last_id)
        match fields["event"]:
            case "events":
                self.events += json.loads(fields["data"])
            case "skipped":
                self.skipped += json.loads(fields["data"])["count"]
            case "heartbeat":
                self.heartbeats += 1
            case other:
                raise AssertionError(f"an unknown message: {other}")


@contextlib.contextmanager
def watching(client: httpx.Client, **parameters: str | int) -> Iterator[Watching]:
    """A stream that has begun: its first message was read."""
    with client.stream("GET", "/console/v1/events/stream", params=parameters) as answer:
        if answer.status_code != 200:
            answer.read()
            raise AssertionError(answer.text)
        assert answer.headers["content-type"] == "text/event-stream"
        live = Watching(answer.iter_lines())  # Held here: the connection ends with its iterator.
        yield live.until(lambda begun: begun.messages > 0)
