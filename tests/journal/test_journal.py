"""The journal on an event loop: what callers are told, when, and in which words."""

import asyncio
import errno
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from streamgauge.journal import DiskFolder, Journal, JournalSettings, Record, open_journal, open_log
from streamgauge.journal.faults import FaultyFolder, Operation
from streamgauge.journal.files import Folder
from streamgauge.kernel.refusal import Reason, Refusal

EVERYTHING = 10**9


def with_journal(
    scene: Callable[[Journal], Awaitable[None]], folder: Folder | None = None, settings: JournalSettings | None = None
) -> None:
    """Play a scene with an open journal and close it afterwards."""

    async def play() -> None:
        journal = open_journal(folder or FaultyFolder(), settings)
        try:
            await scene(journal)
        finally:
            await journal.close()

    asyncio.run(play())


def records_of(journal: Journal) -> list[Record]:
    records: list[Record] = []
    position = journal.start
    while position < journal.end:
        records += journal.read(position, EVERYTHING)
        position = records[-1].next_position
    return records


async def refused(append: Callable[[], Awaitable[int]]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await append()
    return caught.value


def test_a_future_brings_the_position_of_its_own_record() -> None:
    async def scene(journal: Journal) -> None:
        payloads = [b"record %d" % number for number in range(500)]
        positions = await asyncio.gather(*[journal.append(payload) for payload in payloads])
        assert [(record.position, record.payload) for record in records_of(journal)] == list(
            zip(positions, payloads, strict=True)
        )
        assert journal.end > positions[-1]

    with_journal(scene)


def test_appends_that_wait_together_share_one_sync() -> None:
    folder = FaultyFolder()

    async def scene(journal: Journal) -> None:
        await asyncio.gather(*[journal.append(b"x") for _ in range(100)])
        assert folder.done.count(Operation.SYNC_DATA) <= 2

    with_journal(scene, folder, JournalSettings(linger_s=0.05))


def test_a_group_takes_no_more_than_its_bytes() -> None:
    folder = FaultyFolder()

    async def scene(journal: Journal) -> None:
        await asyncio.gather(*[journal.append(b"x" * 76) for _ in range(10)])  # frames of 100 bytes
        assert folder.done.count(Operation.SYNC_DATA) >= 5

    with_journal(scene, folder, JournalSettings(linger_s=0.05, max_group_bytes=200))


def test_nothing_is_acknowledged_before_its_sync() -> None:
    folder = FaultyFolder()

    async def scene(journal: Journal) -> None:
        for count in range(1, 20):
            await journal.append(b"x")
            assert folder.done.count(Operation.SYNC_DATA) >= count

    with_journal(scene, folder)


def test_a_cancelled_caller_leaves_its_record_and_disturbs_nobody() -> None:
    async def scene(journal: Journal) -> None:
        gone, staying = journal.append(b"gone"), journal.append(b"staying")
        gone.cancel()
        await staying
        assert [record.payload for record in records_of(journal)] == [b"gone", b"staying"]

    with_journal(scene)


def test_close_commits_what_waits_and_refuses_what_comes() -> None:
    folder = FaultyFolder()

    async def play() -> None:
        journal = open_journal(folder)
        futures = [journal.append(b"x") for _ in range(50)]
        closing = asyncio.ensure_future(journal.close())
        await asyncio.sleep(0)
        with pytest.raises(Refusal) as caught:
            journal.append(b"late")
        assert caught.value.reason is Reason.SHUTTING_DOWN
        await closing
        await journal.close()
        assert all(future.done() and future.exception() is None for future in futures)

    asyncio.run(play())
    log = open_log(folder)
    assert log.recovery.closed
    assert len(log.read(0, EVERYTHING)) == 50


def test_after_a_failed_sync_the_group_and_every_later_append_are_refused() -> None:
    folder = FaultyFolder()

    async def scene(journal: Journal) -> None:
        await journal.append(b"before")
        folder.fail_next(Operation.SYNC_DATA, errno.EIO)
        assert (await refused(lambda: journal.append(b"during"))).reason is Reason.JOURNAL_FAILED
        with pytest.raises(Refusal) as caught:
            journal.append(b"after")
        assert caught.value.reason is Reason.JOURNAL_FAILED
        assert "sync" in (journal.failure or "")
        assert [record.payload for record in records_of(journal)] == [b"before"]

    with_journal(scene, folder)


def test_whatever_happens_to_the_writer_nobody_is_left_waiting() -> None:
    folder = FaultyFolder()

    async def scene(journal: Journal) -> None:
        folder.lose_power_after(0)  # raises what the log does not expect
        first, second = journal.append(b"one"), journal.append(b"two")
        for future in (first, second):
            with pytest.raises(Refusal) as caught:
                await asyncio.wait_for(future, timeout=30)
            assert caught.value.reason is Reason.JOURNAL_FAILED
        with pytest.raises(Refusal):
            journal.append(b"three")

    with_journal(scene, folder)


def test_a_full_disk_is_refused_by_its_own_name_until_there_is_space() -> None:
    folder = FaultyFolder(capacity_bytes=200)

    async def scene(journal: Journal) -> None:
        refusal = await refused(lambda: journal.append(b"x" * 500))
        assert (refusal.reason, refusal.retry_after_s) == (Reason.DISK_FULL, 7)
        folder.capacity_bytes = 2000
        await journal.append(b"x" * 500)
        assert [record.payload for record in records_of(journal)] == [b"x" * 500]

    with_journal(scene, folder, JournalSettings(retry_after_s=7))


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(JournalSettings(max_backlog_bytes=1000, retry_after_s=7), id="too much is not released"),
        pytest.param(JournalSettings(max_waiting_bytes=1000, retry_after_s=7), id="too much waits in memory"),
    ],
)
def test_too_much_at_once_is_refused_at_once(settings: JournalSettings) -> None:
    async def scene(journal: Journal) -> None:
        accepted = [journal.append(b"x" * 76) for _ in range(10)]  # frames of 100 bytes
        with pytest.raises(Refusal) as caught:
            journal.append(b"one too many")
        assert (caught.value.reason, caught.value.retry_after_s) == (Reason.BACKLOG_FULL, 7)
        await asyncio.gather(*accepted)
        journal.release(journal.end)
        await journal.append(b"there is room again")

    with_journal(scene, settings=settings)


def test_the_backlog_counts_what_waits_and_what_is_not_released() -> None:
    async def scene(journal: Journal) -> None:
        future = journal.append(b"x" * 76)
        assert journal.backlog_bytes >= 100
        position = await future
        assert journal.backlog_bytes == journal.end - journal.start
        journal.release(position)
        assert journal.backlog_bytes == 100
        assert journal.wait_for_end(beyond=position, timeout_s=0)

    with_journal(scene)


@pytest.mark.parametrize("payload", [pytest.param(b"", id="empty")])
def test_a_payload_that_is_no_record_is_refused_at_once(payload: bytes) -> None:
    async def scene(journal: Journal) -> None:
        with pytest.raises(ValueError, match="a record has"):
            journal.append(payload)

    with_journal(scene)


def test_a_journal_on_disk_goes_on_where_it_ended(tmp_path: Path) -> None:
    payloads = [b"%d" % number * 100 for number in range(200)]
    for first in (0, 100):

        async def scene(journal: Journal, first: int = first) -> None:
            await asyncio.gather(*[journal.append(payload) for payload in payloads[first : first + 100]])
            assert [record.payload for record in records_of(journal)] == payloads[: first + 100]
            assert journal.recovery.closed is (first > 0)

        with_journal(scene, DiskFolder(tmp_path), JournalSettings(max_segment_bytes=4096))
