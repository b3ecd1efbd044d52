"""Both bodies of the file port keep one contract."""

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from streamgauge.journal.faults import FaultyFolder, Operation, OSFault
from streamgauge.journal.files import DiskFile, DiskFolder, Folder, SyncFailed

BODIES = [
    pytest.param(lambda path: DiskFolder(path / "made" / "on the way"), id="a folder on disk"),
    pytest.param(lambda path: FaultyFolder(), id="a folder in memory"),
]


@pytest.fixture(params=BODIES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    make: Callable[[Path], Folder] = request.param
    return make(tmp_path)


def test_what_was_written_is_read(folder: Folder) -> None:
    file = folder.create("a")
    file.write(0, [b"one", b"", b"two"])
    file.write(6, [b"three"])
    file.sync_data()
    file.sync_all()
    file.drop_cache()
    assert file.read(0, 100) == b"onetwothree"
    assert file.read(3, 3) == b"two"
    assert file.read(11, 5) == b""
    file.close()


@pytest.mark.parametrize("locked", [pytest.param(True, id="locked"), pytest.param(False, id="not locked")])
def test_what_was_written_durably_is_read(folder: Folder, locked: bool) -> None:
    if locked:
        folder.lock()
    buffers = [b"%06d" % number for number in range(3000)]
    file = folder.create("a")
    file.write_durably(0, [b"one", b"", b"two"])
    file.write_durably(6, buffers)
    assert file.read(0, 6) == b"onetwo"
    assert file.read(6, 18_000) == b"".join(buffers)
    file.close()


def test_more_buffers_than_one_system_call_takes_arrive_in_order(folder: Folder) -> None:
    buffers = [b"%06d" % number for number in range(5000)]
    file = folder.create("a")
    file.write(2, buffers)
    assert file.read(2, 30_000) == b"".join(buffers)
    file.close()


def test_a_file_can_be_cut_and_found_again(folder: Folder) -> None:
    file = folder.create("a")
    file.write(0, [b"0123456789"])
    file.truncate(4)
    file.sync_all()
    file.close()
    folder.sync()
    assert folder.sizes()["a"] == 4
    again = folder.open("a")
    assert again.read(0, 10) == b"0123"
    again.close()


def test_a_removed_file_is_gone(folder: Folder) -> None:
    folder.create("a").close()
    folder.remove("a")
    folder.sync()
    assert "a" not in folder.sizes()
    with pytest.raises(FileNotFoundError):
        folder.open("a")
    with pytest.raises(FileNotFoundError):
        folder.remove("a")


def test_a_name_is_created_once(folder: Folder) -> None:
    folder.create("a").close()
    with pytest.raises(FileExistsError):
        folder.create("a")


def test_a_locked_folder_cannot_be_locked_again_before_it_is_unlocked(folder: Folder) -> None:
    second = DiskFolder(folder.path) if isinstance(folder, DiskFolder) else folder
    folder.lock()
    with pytest.raises(BlockingIOError):
        second.lock()
    folder.unlock()
    second.lock()
    second.unlock()


class ReluctantFile(DiskFile):
    """A file on disk of which each system call writes at most three bytes; a real one does so when it has little space."""

    def _write_some(self, offset: int, buffers: Sequence[bytes], flags: int) -> int:
        some = b"".join(buffers)[:3]
        self.calls = [*getattr(self, "calls", []), (offset, some, flags)]
        return super()._write_some(offset, [some], flags)


def test_a_short_write_is_completed_and_every_part_of_it_is_made_durable(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "a", os.O_RDWR | os.O_CREAT)
    file = ReluctantFile(descriptor, os.RWF_DSYNC)
    file.write_durably(2, [b"ab", b"cde", b"fg"])
    assert file.calls == [(2, b"abc", os.RWF_DSYNC), (5, b"def", os.RWF_DSYNC), (8, b"g", os.RWF_DSYNC)]
    assert file.read(2, 10) == b"abcdefg"
    file.close()


UNKNOWN_FLAG = 1 << 30


def test_the_kernel_sees_the_flag_of_a_durable_write_and_of_no_other(tmp_path: Path) -> None:
    """A flag it does not know is refused, which shows that it got there."""
    file = DiskFile(os.open(tmp_path / "a", os.O_RDWR | os.O_CREAT), durable_write=UNKNOWN_FLAG)
    file.write(0, [b"not durable"])
    with pytest.raises(OSError, match=os.strerror(errno.EOPNOTSUPP)):
        file.write_durably(0, [b"durable"])
    file.close()


def test_without_the_flag_a_durable_write_is_followed_by_a_sync() -> None:
    """The null device takes writes and has no sync, so the failure of that shows that it was called."""
    file = DiskFile(os.open("/dev/null", os.O_RDWR))
    file.write(0, [b"not durable"])
    with pytest.raises(SyncFailed):
        file.write_durably(0, [b"durable"])
    file.close()


def test_a_full_device_is_the_write_s_own_failure() -> None:
    file = DiskFile(os.open("/dev/full", os.O_RDWR))
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)) as caught:
        file.write_durably(0, [b"x"])
    assert not isinstance(caught.value, SyncFailed)
    file.close()


def test_files_of_a_locked_folder_write_durably_in_one_call_where_the_disk_can(tmp_path: Path) -> None:
    folder = DiskFolder(tmp_path)
    assert folder.create("before").durable_write == 0, "nothing is known of the disk yet"
    folder.lock()
    probe = os.open(tmp_path / "probe", os.O_RDWR | os.O_CREAT)
    try:
        os.pwritev(probe, [b"x"], 0, os.RWF_DSYNC)
        expected = os.RWF_DSYNC
    except OSError:
        expected = 0
    assert folder.create("a").durable_write == folder.open("before").durable_write == expected
    folder.unlock()


def test_a_durable_write_that_is_not_synced_says_which_of_the_two_failed() -> None:
    folder = FaultyFolder()
    file = folder.create("a")
    folder.fail_next(Operation.SYNC_DATA, errno.ENOSPC)
    with pytest.raises(SyncFailed):
        file.write_durably(0, [b"x"])
    folder.fail_next(Operation.WRITE, errno.ENOSPC)
    with pytest.raises(OSFault):
        file.write_durably(1, [b"x"])


def test_a_full_disk_takes_a_part_and_then_raises() -> None:
    folder = FaultyFolder(capacity_bytes=10)
    file = folder.create("a")
    with pytest.raises(OSError, match="no space") as caught:
        file.write(0, [b"0123456789ab"])
    assert caught.value.errno == errno.ENOSPC
    assert file.read(0, 20) == b"0123456789"
