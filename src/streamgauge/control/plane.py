"""The control plane as a whole: operations that change it, and look-ups in the directory that is in use (control.live)."""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from streamgauge.control.alerts import Alerts
from streamgauge.control.audit import Audit
from streamgauge.control.catalogue import Catalogue
from streamgauge.control.closed_periods import ClosedPeriods
from streamgauge.control.conversion_events import (
    create_conversion_event,
    delete_conversion_event,
    no_conversion_event,
    update_conversion_event,
)
from streamgauge.control.customers import Customers
from streamgauge.control.dashboards import Dashboards
from streamgauge.control.database import Database, open_database
from streamgauge.control.directory import Directory
from streamgauge.control.entitlements import Entitlements
from streamgauge.control.keys import (
    KeyRecord,
    KeySpec,
    NewKey,
    create_key,
    find_key,
    list_keys,
    no_key,
    note_use,
    revoke_key,
    rotate_key,
)
from streamgauge.control.live import WATCH_INTERVAL_S, LiveDirectory
from streamgauge.control.people import People
from streamgauge.control.projects import create_project, find_project, list_projects
from streamgauge.control.rates import RatesLoaded, load_rates
from streamgauge.control.sessions import Sessions
from streamgauge.control.webhooks import Webhooks
from streamgauge.control.websites import create_website, delete_website, list_websites, no_website, update_website
from streamgauge.kernel.access import Key, Plan, Project
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.money import Rate, RateTable
from streamgauge.kernel.website import ConversionEvent, Website
from streamgauge.kernel.website_settings import ConversionEventChange, WebsiteChange, WebsiteSpec

_T = TypeVar("_T")
DAY_MS = 86_400_000


class Control:
    """Projects, keys, websites, their conversion events, exchange rates. Safe to use from several threads; a look-up waits at
    most for a refresh."""

    def __init__(self, database: Database, plans: Mapping[str, Plan], clock: Clock) -> None:
        self._database = database
        self._plans = plans
        self._clock = clock
        self._mint = IdMint(clock)
        # Not the lock of a refresh, so that a look-up that refreshes never waits behind a change that waits for another process.
        self._change_lock = threading.Lock()
        # When keys were used and it is not written yet. For the event loop's thread alone: one write for each request.
        self._uses: dict[str, int] = {}
        self.people = People(database, clock)
        self.sessions = Sessions(database, clock)
        self.audit = Audit(database, clock)
        self._live = LiveDirectory(database, plans, clock, self.people.refresh)
        self.dashboards = Dashboards(database, clock)
        self.catalogue = Catalogue(database, clock)
        self.customers = Customers(database, clock)
        self.closed_periods = ClosedPeriods(database, clock)
        self.entitlements = Entitlements(database, clock)
        self.alerts = Alerts(database, clock)
        self.webhooks = Webhooks(database, clock)

    @classmethod
    def open(cls, path: Path, plans: Mapping[str, Plan], clock: Clock) -> "Control":
        """Open, or make, the database in the file. Raises UnusableDatabase with the mend."""
        return cls(open_database(path), plans, clock)

    def close(self) -> None:
        self._database.close()

    # Look-ups: memory only, unless something is unknown.

    @property
    def directory(self) -> Directory:
        return self._live.directory

    def key_for(self, secret: str, now_ms: int) -> Key:
        """The key whose secret this is. Raises Refusal unknown_key, expired_key, revoked_key."""
        key = self._live.key_for(secret, now_ms)
        self.used(key.key_id, now_ms)
        return key

    def used(self, key_id: str, now_ms: int) -> None:
        """The key was used; `key_for` says so itself. For the event loop's thread alone."""
        self._uses[key_id] = now_ms

    def website(self, website_id: str) -> Website | None:
        """The website of any project; None when there is none."""
        return self._live.website(website_id)

    def largest_plan(self, project_id: str, now_ms: int) -> Plan | None:
        """Of the plans of the project's living keys, the one that allows most events per day; None when no key lives."""
        return self.directory.largest_plan(project_id, now_ms)

    def website_of(self, project_id: str, website_id: str) -> Website:
        """Raises Refusal not_found, also for a website of another project: who asks shall not learn that it is there."""
        website = self.website(website_id)
        if website is None or website.project_id != project_id:
            raise no_website(website_id)
        return website

    def websites_of(self, project_id: str) -> Sequence[Website]:
        """The websites of one project, in the order of their making."""
        return self.directory.websites_of(project_id)

    def conversion_events(self, website_id: str) -> tuple[ConversionEvent, ...]:
        """Those of one website, in the order of their making; the inactive ones too. Empty when there is no such website."""
        return self.directory.conversion_events(website_id)

    def conversion_event_of(self, project_id: str, website_id: str, conversion_event_id: str) -> ConversionEvent:
        """Raises Refusal not_found, also for those of other projects and web"""
        self.website_of(project_id, website_id)
        for one in self.conversion_events(website_id):
            if one.conversion_event_id == conversion_event_id:
                return one
        raise no_conversion_event(conversion_event_id)

    def rates(self) -> RateTable:
        """The exchange rates of the installation, as last loaded."""
        return self.directory.rates

    def watch(self, listener: Callable[[int], None]) -> None:
        """Tell the directory's generation, now and after each change, before the call that made it returns. In any thread."""
        self._live.watch(listener)

    def refresh(self) -> bool:
        """Take up what other processes changed; True when there was anything. Cheap when not."""
        return self._live.refresh()

    async def keep_fresh(self, on_failure: Callable[[Exception], None], interval_s: float = WATCH_INTERVAL_S) -> None:
        """Refresh for ever. A failing database is reported and tried again; the last directory stays in use meanwhile."""
        await self._live.keep_fresh(on_failure, interval_s)

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

    def create_key_of(self, project_id: str, spec: KeySpec) -> tuple[str, KeyRecord]:
        """A key for the project of that id: its secret, which nobody can get a second time, and what the lists show of it.

        Raises Refusal invalid_parameter.
        """

        def create(connection: Connection, now_ms: int) -> tuple[str, KeyRecord]:
            made = create_key(connection, self._mint.mint("key"), project_id, spec, self._plans, now_ms)
            return made.secret, find_key(connection, project_id, made.key_id)

        return self._change(create)

    def keys(self, project_id: str | None = None) -> list[KeyRecord]:
        """In the order of their making; of all projects, or of one."""
        with self._database.reading() as connection:
            records = list_keys(connection, project_id)
        uses = self._uses
        return [
            record if record.key_id not in uses else msgspec.structs.replace(record, last_used_at_ms=uses[record.key_id])
            for record in records
        ]

    def note_use(self) -> None:
        """Write down when keys and sessions were used last, where that is not written. Raises Refusal server_busy, disk_full."""
        noted, self._uses = self._uses, {}
        uses = dict(noted)  # Another thread may still be writing into it.
        if uses:
            try:
                with self._database.recording() as connection:
                    note_use(connection, uses)
            except BaseException:
                self._uses = {**uses, **self._uses}  # To be written the next time.
                raise
        self.sessions.note_use()

    def revoke_key_of(self, project_id: str, key_id: str) -> None:
        """Raises Refusal not_found, also for a key of another project, and for one that is revoked already."""

        def revoke(connection: Connection, now_ms: int) -> None:
            record = find_key(connection, project_id, key_id)
            if record.revoked_at_ms is not None and record.revoked_at_ms <= now_ms:
                raise no_key()
            revoke_key(connection, key_id, now_ms)

        self._change(revoke)

    def rotate_key_of(self, project_id: str, key_id: str, grace_ms: int) -> NewKey:
        """As rotate_key, for a key of the project; one of another is not found."""

        def rotate(connection: Connection, now_ms: int) -> NewKey:
            find_key(connection, project_id, key_id)
            return rotate_key(connection, key_id, self._mint.mint("key"), grace_ms, now_ms)

        return self._change(rotate)

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

    def create_website_of(self, project_id: str, spec: WebsiteSpec) -> Website:
        """A website of the project of that id. Raises Refusal already_exists, invalid_parameter."""
        return self._change(
            lambda connection, now_ms: create_website(connection, self._mint.mint("web"), project_id, spec, now_ms)
        )

    def websites(self) -> list[Website]:
        with self._database.reading() as connection:
            return list_websites(connection)

    def update_website(self, project_id: str, website_id: str, change: WebsiteChange) -> Website:
        """The website as it is afterwards. Raises Refusal not_found, invalid_parameter."""
        return self._change(lambda connection, now_ms: update_website(connection, project_id, website_id, change, now_ms))

    def delete_website(self, project_id: str, website_id: str) -> None:
        """Also its conversion events. Its stored events stay, and so does its id with the project. Raises Refusal not_found."""
        self._change(lambda connection, now_ms: delete_website(connection, project_id, website_id, now_ms))

    def create_conversion_event(self, project_id: str, website_id: str, wanted: ConversionEventChange) -> ConversionEvent:
        """Raises Refusal not_found, missing_field, invalid_parameter."""

        def create(connection: Connection, now_ms: int) -> ConversionEvent:
            minted_id = self._mint.mint("cev")
            return create_conversion_event(connection, minted_id, project_id, website_id, wanted, now_ms)

        return self._change(create)

    def update_conversion_event(
        self, project_id: str, website_id: str, conversion_event_id: str, change: ConversionEventChange
    ) -> ConversionEvent:
        """The conversion event as it is afterwards. Raises Refusal not_found, missing_field, invalid_parameter."""
        place = (project_id, website_id, conversion_event_id)
        return self._change(lambda connection, now_ms: update_conversion_event(connection, *place, change, now_ms))

    def delete_conversion_event(self, project_id: str, website_id: str, conversion_event_id: str) -> None:
        """Raises Refusal not_found."""
        place = (project_id, website_id, conversion_event_id)
        self._change(lambda connection, _: delete_conversion_event(connection, *place))

    def load_rates(self, loaded: Sequence[Rate], on_progress: Callable[[int], None] = lambda _: None) -> RatesLoaded:
        """Add rates, or replace those of the same base, quote and date.

        on_progress: is told how many rates are done, in parts.
        """
        return self._change(lambda connection, now_ms: load_rates(connection, loaded, now_ms, on_progress))

    def _change(self, operation: Callable[[Connection, int], _T]) -> _T:
        with self._change_lock, self._database.writing() as connection:
            result = operation(connection, self._clock.now_ms())
        self.refresh()
        return result

    def _project(self, connection: Connection, name: str, now_ms: int) -> Project:
        return find_project(connection, name) or self._new_project(connection, name, now_ms)

    def _new_project(self, connection: Connection, name: str, now_ms: int) -> Project:
        return create_project(connection, self._mint.mint("proj"), name, now_ms)
