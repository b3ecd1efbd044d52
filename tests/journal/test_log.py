"""The log without asyncio: reading, releasing, and what each failure leaves behind."""

import errno
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from streamgauge.journal import (
    DamagedJournal,
    DiskFolder,
    DiskFull,
    JournalClosed,
    JournalError,
    JournalFailed,
    JournalLocked,
    Log,
    UnknownPosition,
    open_log,
)
from streamgauge.journal.faults import FaultyFolder, Operation
from streamgauge.journal.format import MAX_PAYLOAD_BYTES

EVERYTHING = 10**9


def payloads_of(log: Log) -> list[bytes]:
    payloads = []
    position = log.start
    while position < log.end:
        records = log.read(position, EVERYTHING)
        payloads += [record.payload for record in records]
        position = records[-1].next_position
    return payloads


def test_records_come_back_in_order_from_any_record_on() -> None:
    log = open_log(FaultyFolder(), max_segment_bytes=200)
    payloads = [b"record %d" % number for number in range(50)]
    positions = [log.append([payload])[0] for payload in payloads]
    assert positions == sorted(set(positions))
    for first, position in enumerate(positions):
        assert log.read(position, 1)[0].payload == payloads[first]
    assert payloads_of(log) == payloads


def test_a_group_lies_in_one_segment_even_when_it_is_longer_than_one() -> None:
    folder = FaultyFolder()
    log = open_log(folder, max_segment_bytes=200)
    log.append([b"before"])
    log.append([b"x" * 100, b"y" * 100, b"z" * 100])
    log.append([b"after"])
    assert len(folder.sizes()) == 3
    assert payloads_of(log) == [b"before", b"x" * 100, b"y" * 100, b"z" * 100, b"after"]


def test_a_read_gives_about_as_many_bytes_as_asked_and_at_least_one_record() -> None:
    log = open_log(FaultyFolder())
    log.append([b"x" * 76] * 10)  # frames of 100 bytes
    assert [len(log.read(0, limit)) for limit in (1, 99, 100, 250, 1000, EVERYTHING)] == [1, 1, 1, 2, 10, 10]
    assert log.read(log.end, EVERYTHING) == []


def test_a_record_longer_than_the_read_comes_whole() -> None:
    log = open_log(FaultyFolder())
    log.append([b"long" * 10_000, b"short"])
    assert [record.payload for record in log.read(0, 10)] == [b"long" * 10_000]


@pytest.mark.parametrize("position", [pytest.param(-1, id="before the start"), pytest.param(10_000, id="beyond the end")])
def test_a_position_outside_of_the_log_is_refused(position: int) -> None:
    log = open_log(FaultyFolder())
    log.append([b"one"])
    with pytest.raises(UnknownPosition):
        log.read(position, EVERYTHING)


def test_a_position_inside_of_a_record_is_an_error() -> None:
    log = open_log(FaultyFolder())
    (position,) = log.append([b"one"])
    with pytest.raises(DamagedJournal):
        log.read(position + 1, EVERYTHING)


@pytest.mark.parametrize(
    "payload", [pytest.param(b"", id="empty"), pytest.param(bytes(MAX_PAYLOAD_BYTES + 1), id="longer than a record may be")]
)
def test_a_payload_that_is_no_record_is_refused(payload: bytes) -> None:
    log = open_log(FaultyFolder())
    with pytest.raises(ValueError, match="a record has"):
        log.append([b"good", payload])
    assert log.end == log.start


def test_release_deletes_whole_segments_and_never_the_active_one() -> None:
    folder = FaultyFolder()
    log = open_log(folder, max_segment_bytes=100)
    positions = [log.append([b"x" * 30])[0] for _ in range(5)]
    assert len(folder.sizes()) == 5
    log.release(positions[2])
    assert log.start <= positions[2]
    assert len(folder.sizes()) == 3
    assert log.backlog_bytes == log.end - positions[2]
    log.release(log.end)
    assert len(folder.sizes()) == 1
    assert log.backlog_bytes == 0
    with pytest.raises(UnknownPosition):
        log.read(positions[2], EVERYTHING)
    with pytest.raises(UnknownPosition):
        log.release(log.end + 1)


def test_positions_go_on_after_everything_was_released() -> None:
    folder = FaultyFolder()
    log = open_log(folder, max_segment_bytes=100)
    positions = [log.append([b"x" * 30])[0] for _ in range(5)]
    log.release(log.end)
    log.close()
    log = open_log(folder, max_segment_bytes=100)
    assert log.append([b"next"])[0] > positions[-1]


def test_a_failed_deletion_can_be_tried_again() -> None:
    folder = FaultyFolder()
    log = open_log(folder, max_segment_bytes=100)
    for _ in range(3):
        log.append([b"x" * 30])
    folder.fail_next(Operation.REMOVE, errno.EIO)
    with pytest.raises(OSError, match="remove failed"):
        log.release(log.end)
    log.release(log.end)
    assert len(folder.sizes()) == 1


def test_a_deletion_whose_sync_failed_can_be_tried_again() -> None:
    folder = FaultyFolder()
    log = open_log(folder, max_segment_bytes=100)
    for _ in range(3):
        log.append([b"x" * 30])
    folder.fail_next(Operation.SYNC_FOLDER, errno.EIO)
    with pytest.raises(OSError, match="sync_folder failed"):
        log.release(log.end)
    log.release(log.end)
    assert len(folder.sizes()) == 1
    assert payloads_of(log) == [b"x" * 30]


FULL_DISK = [
    pytest.param(Operation.WRITE, errno.ENOSPC, 0, id="no space at all"),
    pytest.param(Operation.WRITE, errno.ENOSPC, 50, id="space for a part of the group"),
    pytest.param(Operation.WRITE, errno.EDQUOT, 10, id="the quota is used up"),
    pytest.param(Operation.CREATE, errno.ENOSPC, 0, id="no space for the name of a new segment"),
]


@pytest.mark.parametrize(("operation", "error_number", "after_bytes"), FULL_DISK)
def test_a_full_disk_refuses_one_group_and_takes_the_next(operation: Operation, error_number: int, after_bytes: int) -> None:
    folder = FaultyFolder()
    log = open_log(folder, max_segment_bytes=120)
    log.append([b"x" * 40])
    folder.fail_next(operation, error_number, after_bytes)
    with pytest.raises(DiskFull):
        log.append([b"y" * 40])
    assert log.failure is None
    log.append([b"z" * 40])
    assert payloads_of(log) == [b"x" * 40, b"z" * 40]
    assert payloads_of(open_log(folder.after_kill())) == [b"x" * 40, b"z" * 40]


def test_a_disk_that_stays_full_refuses_until_there_is_space() -> None:
    folder = FaultyFolder(capacity_bytes=200)
    log = open_log(folder)
    for _ in range(3):
        log.append([b"x" * 20])
    with pytest.raises(DiskFull):
        log.append([b"x" * 20])
    for _ in range(3):
        with pytest.raises(DiskFull):
            log.append([b"x" * 20])
    folder.capacity_bytes = 10_000
    log.append([b"y"])
    assert payloads_of(log) == [b"x" * 20] * 3 + [b"y"]


def one_fault(operation: Operation, error_number: int) -> Callable[[FaultyFolder], None]:
    return lambda folder: folder.fail_next(operation, error_number)


def full_and_not_cut(operation: Operation) -> Callable[[FaultyFolder], None]:
    def spoil(folder: FaultyFolder) -> None:
        folder.fail_next(Operation.WRITE, errno.ENOSPC, after_bytes=30)
        folder.fail_next(operation, errno.EIO)

    return spoil


FATAL = [
    pytest.param(one_fault(Operation.SYNC_DATA, errno.EIO), id="a failed sync"),
    pytest.param(one_fault(Operation.SYNC_DATA, errno.ENOSPC), id="a sync that finds the disk full"),
    pytest.param(one_fault(Operation.WRITE, errno.EIO), id="a failed write"),
    pytest.param(full_and_not_cut(Operation.TRUNCATE), id="a full disk and a cut that failed"),
    pytest.param(full_and_not_cut(Operation.SYNC_ALL), id="a full disk and a cut that was not synced"),
]


@pytest.mark.parametrize("spoil", FATAL)
def test_after_a_failure_nothing_is_taken_until_the_log_is_opened_anew(spoil: Callable[[FaultyFolder], None]) -> None:
    folder = FaultyFolder()
    log = open_log(folder)
    log.append([b"before"])
    end = log.end
    spoil(folder)
    with pytest.raises(JournalFailed):
        log.append([b"during"])
    syncs = folder.done.count(Operation.SYNC_DATA)
    with pytest.raises(JournalFailed):
        log.append([b"after"])
    assert log.failure is not None
    assert log.end == end
    assert payloads_of(log) == [b"before"]
    log.close()
    assert folder.done.count(Operation.SYNC_DATA) == syncs, "a failed sync must not be tried again"
    again = open_log(folder)
    assert payloads_of(again)[:1] == [b"before"]
    again.append([b"and on"])
    assert payloads_of(again)[-1] == b"and on"


@pytest.mark.parametrize("operation", [Operation.SYNC_ALL, Operation.SYNC_FOLDER, Operation.WRITE])
def test_a_segment_that_cannot_be_begun_ends_the_log_and_loses_nothing(operation: Operation) -> None:
    folder = FaultyFolder()
    log = open_log(folder, max_segment_bytes=100)
    log.append([b"x" * 50])
    folder.fail_next(operation, errno.EIO)
    with pytest.raises(JournalFailed):
        log.append([b"y" * 50])
    log.close()
    assert payloads_of(open_log(folder)) == [b"x" * 50]


def test_a_new_segment_and_its_name_are_durable_before_its_first_record_is() -> None:
    folder = FaultyFolder()
    log = open_log(folder, max_segment_bytes=100)
    log.append([b"x" * 50])
    begin = len(folder.done)
    log.append([b"y" * 50])
    assert folder.done[begin:] == [
        Operation.CREATE,
        Operation.WRITE,
        Operation.SYNC_ALL,
        Operation.SYNC_FOLDER,
        Operation.WRITE,
        Operation.SYNC_DATA,
    ]


def test_a_second_process_is_told_that_the_journal_is_open(tmp_path: Path) -> None:
    log = open_log(DiskFolder(tmp_path))
    with pytest.raises(JournalLocked, match="another process"):
        open_log(DiskFolder(tmp_path))
    log.close()
    open_log(DiskFolder(tmp_path)).close()


def test_a_closed_log_does_nothing_more() -> None:
    log = open_log(FaultyFolder())
    log.append([b"one"])
    log.close()
    log.close()
    attempts: list[Callable[[], object]] = [lambda: log.append([b"x"]), lambda: log.read(0, 1), lambda: log.release(0)]
    for attempt in attempts:
        with pytest.raises(JournalClosed):
            attempt()


def test_a_log_that_cannot_write_its_mark_still_closes() -> None:
    folder = FaultyFolder()
    log = open_log(folder)
    log.append([b"one"])
    folder.fail_next(Operation.WRITE, errno.ENOSPC, after_bytes=3)
    log.close()
    again = open_log(folder)
    assert payloads_of(again) == [b"one"]


def test_a_waiting_reader_wakes_when_records_are_there_and_when_the_log_closes() -> None:
    log = open_log(FaultyFolder())
    assert log.wait_for_end(beyond=0, timeout_s=0) is False
    answers: list[bool] = []

    def wait() -> None:
        answers.append(log.wait_for_end(beyond=0, timeout_s=30))
        answers.append(log.wait_for_end(beyond=log.end, timeout_s=30))

    reader = threading.Thread(target=wait)
    reader.start()
    log.append([b"one"])
    log.close()
    reader.join(timeout=30)
    assert answers[1:] == [False]
    assert answers[0] is True


def test_errors_share_one_root() -> None:
    for error in (DamagedJournal, DiskFull, JournalClosed, JournalFailed, JournalLocked, UnknownPosition):
        assert issubclass(error, JournalError)
