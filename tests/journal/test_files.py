"""Both bodies of the file port keep one contract."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from streamgauge.journal.faults import FaultyFolder
from streamgauge.journal.files import DiskFile, DiskFolder, Folder

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


def test_a_short_write_is_completed(tmp_path: Path) -> None:
    """A pipe takes what fits; the rest goes when the reader has made room. Files on a full disk do the same."""
    descriptor = os.open(tmp_path / "a", os.O_RDWR | os.O_CREAT)
    file = DiskFile(descriptor)
    file._write_rest(3, b"rest")
    assert file.read(3, 4) == b"rest"
    file.close()


def test_a_full_disk_takes_a_part_and_then_raises() -> None:
    folder = FaultyFolder(capacity_bytes=10)
    file = folder.create("a")
    with pytest.raises(OSError, match="no space") as caught:
        file.write(0, [b"0123456789ab"])
    assert caught.value.errno == errno.ENOSPC
    assert file.read(0, 20) == b"0123456789"
