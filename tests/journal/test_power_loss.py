"""The moments at which a missing sync would show, each with the power going right after it, in many ways."""

import errno
import random
from collections.abc import Callable

import pytest

from streamgauge.journal import DiskFull, JournalFailed, Log, open_log
from streamgauge.journal.faults import FaultyFolder, Operation, PowerLost

WAYS = 80
SEGMENT_BYTES = 180
OLD, NEW, OTHER, SMALL = b"o" * 80, b"n" * 80, b"x" * 80, b"s"


def payloads_of(log: Log) -> list[bytes]:
    payloads: list[bytes] = []
    position = log.start
    while position < log.end:
        records = log.read(position, 10**9)
        payloads += [record.payload for record in records]
        position = records[-1].next_position
    return payloads


def an_append_into_a_new_segment(folder: FaultyFolder) -> list[bytes]:
    log = open_log(folder, SEGMENT_BYTES)
    log.append([OLD])
    log.append([NEW])
    return [OLD, NEW]


def a_first_append_into_a_new_segment_that_is_interrupted(folder: FaultyFolder) -> list[bytes]:
    """Its blocks may be on disk without its sync; the header must have been there before them."""
    log = open_log(folder, SEGMENT_BYTES)
    log.append([OLD])
    folder.lose_power_after(5)  # create, header, its sync, the folder's sync, the group
    with pytest.raises(PowerLost):
        log.append([OTHER])
    return [OLD]


def a_group_cut_off_a_full_disk(folder: FaultyFolder) -> list[bytes]:
    log = open_log(folder)
    log.append([OLD])
    folder.fail_next(Operation.WRITE, errno.ENOSPC, after_bytes=150)
    with pytest.raises(DiskFull):
        log.append([NEW, NEW])
    return [OLD]


def a_segment_that_a_full_disk_did_not_take(folder: FaultyFolder) -> list[bytes]:
    """The old segment goes on beyond the place where the new one would have begun."""
    log = open_log(folder, SEGMENT_BYTES)
    log.append([OLD])
    folder.fail_next(Operation.WRITE, errno.ENOSPC)
    with pytest.raises(DiskFull):
        log.append([NEW])
    folder.done.clear()
    log.append([SMALL])
    assert Operation.CREATE not in folder.done
    return [OLD, SMALL]


def segments_released_one_after_the_other(folder: FaultyFolder) -> list[bytes]:
    log = open_log(folder, SEGMENT_BYTES)
    for _ in range(6):
        log.append([OLD])
    (position,) = log.append([NEW])
    log.release(position)
    return [NEW]


def a_release_that_is_interrupted(folder: FaultyFolder) -> list[bytes]:
    log = open_log(folder, SEGMENT_BYTES)
    for _ in range(6):
        log.append([OLD])
    (position,) = log.append([NEW])
    folder.lose_power_after(6)
    with pytest.raises(PowerLost):
        log.release(position)
    return [NEW]


def records_served_after_a_kill_before_their_sync(folder: FaultyFolder) -> list[bytes]:
    log = open_log(folder)
    log.append([OLD])
    folder.lose_power_after(1)  # the write is done, the sync is not; the machine itself stays on
    with pytest.raises(PowerLost):
        log.append([NEW])
    return payloads_of(open_log(folder.after_kill()))


def records_served_after_a_failed_sync_and_a_restart(folder: FaultyFolder) -> list[bytes]:
    log = open_log(folder)
    log.append([OLD])
    folder.fail_next(Operation.SYNC_DATA, errno.EIO, after_bytes=40)
    with pytest.raises(JournalFailed):
        log.append([SMALL, NEW])
    again = open_log(folder.after_kill())
    again.append([NEW])
    return payloads_of(again)


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(an_append_into_a_new_segment, id="an append into a new segment"),
        pytest.param(a_first_append_into_a_new_segment_that_is_interrupted, id="a first append that is interrupted"),
        pytest.param(a_group_cut_off_a_full_disk, id="a group cut off a full disk"),
        pytest.param(a_segment_that_a_full_disk_did_not_take, id="a segment that a full disk did not take"),
        pytest.param(segments_released_one_after_the_other, id="segments released one after the other"),
        pytest.param(a_release_that_is_interrupted, id="a release that is interrupted"),
        pytest.param(records_served_after_a_kill_before_their_sync, id="records served after a kill before their sync"),
        pytest.param(records_served_after_a_failed_sync_and_a_restart, id="records served after a failed sync and a restart"),
    ],
)
def test_after_a_power_loss_the_log_has(play: Callable[[FaultyFolder], list[bytes]]) -> None:
    for way in range(WAYS):
        folder = FaultyFolder()
        expected = play(folder)
        log = open_log(folder.after_power_loss(random.Random(way)), SEGMENT_BYTES)
        found = payloads_of(log)
        assert set(expected) <= set(found)
        assert NEW in expected or NEW not in found
