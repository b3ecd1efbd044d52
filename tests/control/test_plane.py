"""Two processes on one file: what one changes, the other knows; and unknown keys cannot hammer the database."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from streamgauge.control import Control, KeySpec, UnusableDatabase, WebsiteSpec, database
from streamgauge.control.live import MISS_INTERVAL_S
from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.plans import DEFAULT_PLANS
from streamgauge.kernel.refusal import Reason, Refusal

FREE = KeySpec(plan="free")


def test_a_key_and_a_website_made_elsewhere_are_known_at_their_first_use(
    control: Control, other: Control, clock: ManualClock
) -> None:
    new = other.create_key("shop", FREE)
    assert control.key_for(new.secret, clock.now_ms()).key_id == new.key_id
    clock.advance(MISS_INTERVAL_S)
    website = other.create_website("shop", WebsiteSpec(domain="example.com"))
    assert control.website(website.website_id) == website


def test_a_revocation_made_elsewhere_holds_after_a_refresh(control: Control, other: Control, clock: ManualClock) -> None:
    new = other.create_key("shop", FREE)
    assert control.key_for(new.secret, clock.now_ms())
    other.revoke_key(new.key_id)
    assert control.refresh()
    with pytest.raises(Refusal) as caught:
        control.key_for(new.secret, clock.now_ms())
    assert caught.value.reason is Reason.REVOKED_KEY


def test_a_refresh_without_changes_keeps_the_directory(control: Control) -> None:
    control.create_key("shop", FREE)
    before = control.directory
    assert not control.refresh()
    assert control.directory is before


def test_a_directory_does_not_change_under_its_reader(control: Control, clock: ManualClock) -> None:
    before = control.directory
    new = control.create_key("shop", FREE)
    with pytest.raises(Refusal):
        before.key_for(new.secret, clock.now_ms())
    assert control.directory.generation == before.generation + 1


def test_unknown_keys_make_few_looks_at_the_database(control: Control, other: Control, clock: ManualClock) -> None:
    def tries(secret: str) -> bool:
        try:
            return bool(control.key_for(secret, clock.now_ms()))
        except Refusal:
            return False

    assert not tries("sk_live_wrong")
    new = other.create_key("shop", FREE)
    assert not tries(new.secret), "a look was made just before"
    clock.advance(MISS_INTERVAL_S)
    assert tries(new.secret)


def test_a_change_that_another_thread_takes_up_meanwhile_is_seen(path: Path, other: Control, clock: ManualClock) -> None:
    class BusyClock(ManualClock):
        """Lets the background refresh happen just after the miss."""

        def monotonic(self) -> float:
            control.refresh()
            return super().monotonic()

    control = Control.open(path, DEFAULT_PLANS, BusyClock(clock.now_ms()))
    new = other.create_key("shop", FREE)
    assert control.key_for(new.secret, clock.now_ms()).key_id == new.key_id
    control.close()


def test_the_watch_takes_up_changes_and_survives_a_failing_database(control: Control, other: Control, path: Path) -> None:
    failures: list[Exception] = []

    async def watch() -> None:
        watching = asyncio.create_task(control.keep_fresh(failures.append, interval_s=0.005))
        breaker = sqlite3.connect(path, isolation_level=None)
        breaker.execute("ALTER TABLE generation RENAME TO elsewhere")
        await _until(lambda: bool(failures))
        breaker.execute("ALTER TABLE elsewhere RENAME TO generation")
        breaker.close()
        other.create_key("shop", FREE)
        await _until(lambda: control.directory.generation == other.directory.generation)
        watching.cancel()
        await asyncio.wait([watching])

    asyncio.run(watch())
    assert all(isinstance(failure, SQLAlchemyError) for failure in failures)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


def test_writers_at_the_same_time_wait_for_each_other(path: Path, clock: ManualClock) -> None:
    """Four openers of an empty folder: one migrates, none fails, and no key is lost."""
    failures: list[BaseException] = []

    def write() -> None:
        try:
            control = Control.open(path, DEFAULT_PLANS, clock)
            for _ in range(10):
                control.create_key("shop", FREE)
            control.close()
        except (Refusal, SQLAlchemyError, UnusableDatabase) as exc:
            failures.append(exc)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    control = Control.open(path, DEFAULT_PLANS, clock)
    assert (len(control.keys()), len(control.projects())) == (40, 1)
    assert control.directory.generation == 41
    control.close()


def test_an_opener_waits_while_another_process_makes_the_file(
    path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite itself does not wait when the file is switched to the write-ahead log: of two openers, one failed."""
    monkeypatch.setattr(database, "SWITCH_TIMEOUT_S", 10.0)  # A busy machine may stand still while the lock is held.
    path.parent.mkdir()
    maker = sqlite3.connect(path, isolation_level=None)
    maker.execute("BEGIN IMMEDIATE")
    outcome: list[Control | UnusableDatabase] = []

    def open_it() -> None:
        try:
            outcome.append(Control.open(path, DEFAULT_PLANS, clock))
        except UnusableDatabase as exc:
            outcome.append(exc)

    opener = threading.Thread(target=open_it)
    opener.start()
    opener.join(0.3)  # An opener that does not wait has failed long before.
    still_waiting = opener.is_alive()
    maker.execute("COMMIT")
    maker.close()
    opener.join()
    (opened,) = outcome
    assert isinstance(opened, Control), opened
    assert still_waiting
    opened.close()


def test_an_opener_does_not_wait_for_ever(path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "SWITCH_TIMEOUT_S", 0.05)
    path.parent.mkdir()
    maker = sqlite3.connect(path, isolation_level=None)
    maker.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnusableDatabase, match="database is locked"):
        Control.open(path, DEFAULT_PLANS, clock)
    maker.close()
    Control.open(path, DEFAULT_PLANS, clock).close()
