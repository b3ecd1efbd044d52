"""Announcing from where nobody may wait for a disk: the loader's thread, the event loop.

Limit: what was announced so and is not written yet is lost when the process is killed, and beyond MAX_WAITING it is dropped and
counted. For what must not be lost, call the control plane's `announce`, which waits for the disk.
"""

import contextlib
import queue
import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple

from streamgauge.kernel.webhook import Announcer, WebhookEvent

MAX_WAITING = 1000


class _Message(NamedTuple):
    project_id: str
    event_type: WebhookEvent
    data: Mapping[str, object]


class QuickAnnouncer:
    """An Announcer that never waits: a thread of its own, begun with the first message, writes for it."""

    def __init__(self, durable: Announcer, on_failure: Callable[[Exception], None]) -> None:
        self.dropped = 0
        self._durable = durable
        self._on_failure = on_failure
        self._waiting: queue.Queue[_Message | None] = queue.Queue(MAX_WAITING)
        self._thread: threading.Thread | None = None

    def wants(self, project_id: str, event_type: WebhookEvent) -> bool:
        return self._durable.wants(project_id, event_type)

    def announce(self, project_id: str, event_type: WebhookEvent, data: Mapping[str, object]) -> None:
        try:
            self._waiting.put_nowait(_Message(project_id, event_type, data))
        except queue.Full:
            self.dropped += 1
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, name="announcements", daemon=True)
            self._thread.start()

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what waits, and end."""
        if self._thread is not None:
            with contextlib.suppress(queue.Full):
                self._waiting.put(None, timeout=timeout_s)
            self._thread.join(timeout_s)

    def _write(self) -> None:
        while (message := self._waiting.get()) is not None:
            try:
                self._durable.announce(*message)
            except Exception as error:  # noqa: BLE001 (the top of a thread: one message that fails must not end the rest)
                self.dropped += 1
                self._on_failure(error)
