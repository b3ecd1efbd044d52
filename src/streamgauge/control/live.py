"""The directory that is in use now: looked things up in, and read again when another process changed the database.

Promise: a key or website that another process made is known here at its first use, and a revocation made there holds here
as soon as `refresh` runs (`keep_fresh` runs it several times a second; the command line asks for it at once).
Limit: unknown keys can make at most `1 / MISS_INTERVAL_S` looks at the database per second, so a new key may be
refused within that interval after some other unknown key was tried, unless the command line's nudge came first.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from streamgauge.control.conversion_events import read_conversion_events
from streamgauge.control.database import Database
from streamgauge.control.directory import Directory
from streamgauge.control.keys import read_entries
from streamgauge.control.rates import last_load, read_rates
from streamgauge.control.tables import generation
from streamgauge.control.websites import list_websites
from streamgauge.kernel.access import Key, Plan
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.money import RateTable
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Website

MISS_INTERVAL_S = 0.02
WATCH_INTERVAL_S = 0.2


class LiveDirectory:
    """Look-ups in memory, unless something is unknown. Safe to use from several threads."""

    def __init__(
        self, database: Database, plans: Mapping[str, Plan], clock: Clock, also: Callable[[], None] = lambda: None
    ) -> None:
        """also: called whenever a change was taken up."""
        self._also = also
        self._database = database
        self._plans = plans
        self._clock = clock
        self._refresh_lock = threading.Lock()
        self._next_miss_look = 0.0
        self._listeners: list[Callable[[int], None]] = []
        self._directory = Directory(0, {}, (), {}, RateTable(), 0)
        self.refresh()

    @property
    def directory(self) -> Directory:
        return self._directory

    def watch(self, listener: Callable[[int], None]) -> None:
        """Tell the generation in use, now and after each change, before the call that made it returns. In any thread; listeners
        must be quick."""
        with self._refresh_lock:
            self._listeners.append(listener)
            listener(self._directory.generation)

    def key_for(self, secret: str, now_ms: int) -> Key:
        """The key whose secret this is. Raises Refusal unknown_key, expired_key, revoked_key."""
        directory = self._directory
        try:
            return directory.key_for(secret, now_ms)
        except Refusal as refusal:
            if refusal.reason is not Reason.UNKNOWN_KEY:
                raise
            newer = self._newer_than(directory)
            if newer is None:
                raise
        return newer.key_for(secret, now_ms)

    def website(self, website_id: str) -> Website | None:
        """The website of any project; None when there is none."""
        directory = self._directory
        website = directory.website(website_id)
        if website is None and (newer := self._newer_than(directory)):
            website = newer.website(website_id)
        return website

    def refresh(self) -> bool:
        """Take up what was changed; True when there was anything. Cheap when not."""
        with self._refresh_lock, self._database.reading() as connection:
            if connection.execute(select(generation.c.value)).scalar_one() == self._directory.generation:
                return False
            self._directory = self._read_directory(connection)
            # Within the lock, so that nobody is told of an older one last.
            for listener in self._listeners:
                listener(self._directory.generation)
        self._also()
        return True

    async def keep_fresh(self, on_failure: Callable[[Exception], None], interval_s: float = WATCH_INTERVAL_S) -> None:
        """Refresh for ever. A failing database is reported and tried again; the last directory stays in use meanwhile."""
        while True:
            await asyncio.sleep(interval_s)
            try:
                await asyncio.to_thread(self.refresh)
            except SQLAlchemyError as exc:
                on_failure(exc)

    def _newer_than(self, directory: Directory) -> Directory | None:
        """The directory after a miss in this one, None when there is no newer one; looks at the database now and then."""
        now = self._clock.monotonic()
        if now >= self._next_miss_look:
            self._next_miss_look = now + MISS_INTERVAL_S
            self.refresh()
        # Compared, not asked of refresh(): another thread may have taken up the change since the miss.
        return None if self._directory is directory else self._directory

    def _read_directory(self, connection: Connection) -> Directory:
        # The rates may be many and change rarely: they are read again only after a load.
        before, load = self._directory, last_load(connection)
        rates = before.rates if load == before.rates_load else read_rates(connection)
        return Directory(
            connection.execute(select(generation.c.value)).scalar_one(),
            read_entries(connection, self._plans),
            list_websites(connection),
            read_conversion_events(connection),
            rates,
            load,
        )
