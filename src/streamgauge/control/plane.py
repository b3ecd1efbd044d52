"""The control plane as a whole: operations that change it, and the directory that the hot path looks things up in.

Promise: a key or website that another process made is known here at its first use, and a revocation made there holds here
as soon as `refresh` runs (`keep_fresh` runs it several times a second; the command line asks for it at once).
Limit: unknown keys can make at most `1 / MISS_INTERVAL_S` looks at the database per second, so a new key may be
refused within that interval after some other unknown key was tried, unless the command line's nudge came first.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from streamgauge.control.database import Database, open_database
from streamgauge.control.directory import Directory
from streamgauge.control.keys import KeyRecord, KeySpec, NewKey, create_key, list_keys, read_entries, revoke_key, rotate_key
from streamgauge.control.projects import create_project, find_project, list_projects
from streamgauge.control.tables import generation
from streamgauge.control.websites import WebsiteSpec, create_website, list_websites
from streamgauge.kernel.access import Key, Plan, Project
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Website

_T = TypeVar("_T")
MISS_INTERVAL_S = 0.02
WATCH_INTERVAL_S = 0.2
DAY_MS = 86_400_000


class Control:
    """Projects, keys and websites. Safe to use from several threads; a look-up waits at most for a refresh."""

    def __init__(self, database: Database, plans: Mapping[str, Plan], clock: Clock) -> None:
        self._database = database
        self._plans = plans
        self._clock = clock
        self._mint = IdMint(clock)
        # Two locks, so that a look-up that refreshes never waits behind a change that waits for another process's write.
        self._change_lock = threading.Lock()
        self._refresh_lock = threading.Lock()
        self._next_miss_look = 0.0
        with database.reading() as connection:
            self._directory = self._read_directory(connection)

    @classmethod
    def open(cls, path: Path, plans: Mapping[str, Plan], clock: Clock) -> "Control":
        """Open, or make, the database in the file. Raises UnusableDatabase with the mend."""
        return cls(open_database(path), plans, clock)

    def close(self) -> None:
        self._database.close()

    # Look-ups: memory only, unless something is unknown.

    @property
    def directory(self) -> Directory:
        return self._directory

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
        """Take up what other processes changed; True when there was anything. Cheap when not."""
        with self._refresh_lock, self._database.reading() as connection:
            if connection.execute(select(generation.c.value)).scalar_one() == self._directory.generation:
                return False
            self._directory = self._read_directory(connection)
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
        value = connection.execute(select(generation.c.value)).scalar_one()
        entries = read_entries(connection, self._plans)
        return Directory(value, entries, list_websites(connection))

    # Operations: each is one transaction, and the directory shows it when the call returns.

    def create_project(self, name: str) -> Project:
        """Raises Refusal already_exists, invalid_parameter."""
        return self._change(lambda connection, now_ms: self._new_project(connection, name, now_ms))

    def projects(self) -> list[Project]:
        with self._database.reading() as connection:
            return list_projects(connection)

    def create_key(self, project: str, spec: KeySpec) -> NewKey:
        """A key for the project of that name, which is created when it does not exist. Raises Refusal invalid_parameter."""

        def create(connection: Connection, now_ms: int) -> NewKey:
            owner = self._project(connection, project, now_ms)
            return create_key(connection, self._mint.mint("key"), owner.project_id, spec, self._plans, now_ms)

        return self._change(create)

    def keys(self) -> list[KeyRecord]:
        with self._database.reading() as connection:
            return list_keys(connection)

    def revoke_key(self, key_id: str) -> None:
        """Raises Refusal not_found."""
        self._change(lambda connection, now_ms: revoke_key(connection, key_id, now_ms))

    def rotate_key(self, key_id: str, grace_ms: int = DAY_MS) -> NewKey:
        """A new key in the place of the old one, which works for `grace_ms` more.

        Raises Refusal not_found, revoked_key, expired_key, already_exists (a key that was rotated before).
        """
        return self._change(lambda connection, now_ms: rotate_key(connection, key_id, self._mint.mint("key"), grace_ms, now_ms))

    def create_website(self, project: str, spec: WebsiteSpec) -> Website:
        """A website of the project of that name, which is created when it does not exist.

        Raises Refusal already_exists, invalid_parameter.
        """

        def create(connection: Connection, now_ms: int) -> Website:
            owner = self._project(connection, project, now_ms)
            return create_website(connection, self._mint.mint("web"), owner.project_id, spec, now_ms)

        return self._change(create)

    def websites(self) -> list[Website]:
        with self._database.reading() as connection:
            return list_websites(connection)

    def _change(self, operation: Callable[[Connection, int], _T]) -> _T:
        with self._change_lock, self._database.writing() as connection:
            result = operation(connection, self._clock.now_ms())
        self.refresh()
        return result

    def _project(self, connection: Connection, name: str, now_ms: int) -> Project:
        return find_project(connection, name) or self._new_project(connection, name, now_ms)

    def _new_project(self, connection: Connection, name: str, now_ms: int) -> Project:
        return create_project(connection, self._mint.mint("proj"), name, now_ms)
