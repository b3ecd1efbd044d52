"""The filesystem as the log sees it: a small port, and its body on a real disk.

The other body is `faults.FaultyFolder`, a disk in memory that fails and crashes on demand. Both raise OSError only.
"""

import errno
import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

_LOCK_NAME = "journal.lock"
_BUFFERS_PER_CALL = 1024  # IOV_MAX on Linux


class File(Protocol):
    """An open file. Offsets and lengths are bytes."""

    def write(self, offset: int, buffers: Sequence[bytes]) -> None:
        """Write all buffers one after the other. When this raises, any part of them may have been written."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes; fewer only at the end of the file."""
        ...

    def sync_data(self) -> None:
        """Return when the bytes, and what is needed to read them back, are on disk."""
        ...

    def sync_all(self) -> None:
        """The same for all of the file's state, a shorter length included."""
        ...

    def drop_cache(self) -> None:
        """Let later reads come from the disk, where the system allows it."""
        ...

    def truncate(self, size: int) -> None: ...

    def close(self) -> None: ...


class Folder(Protocol):
    """The folder of one log."""

    def lock(self) -> None:
        """Take the folder for this process. Raises BlockingIOError when another has it."""
        ...

    def unlock(self) -> None: ...

    def sizes(self) -> dict[str, int]:
        """Name and size in bytes of every file."""
        ...

    def create(self, name: str) -> File:
        """Raises FileExistsError when there is one already."""
        ...

    def open(self, name: str) -> File: ...

    def remove(self, name: str) -> None: ...

    def sync(self) -> None:
        """Return when creations and removals are on disk."""
        ...


class DiskFile:
    """A file on disk, addressed by offset, so that threads can read while another writes."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, offset: int, buffers: Sequence[bytes]) -> None:
        for first in range(0, len(buffers), _BUFFERS_PER_CALL):
            some = buffers[first : first + _BUFFERS_PER_CALL]
            wanted = sum(map(len, some))
            written = os.pwritev(self._descriptor, some, offset)
            if written < wanted:
                self._write_rest(offset + written, b"".join(some)[written:])
            offset += wanted

    def _write_rest(self, offset: int, rest: bytes) -> None:
        """After a short write; the call that finds no space at all raises."""
        while rest:
            written = os.pwrite(self._descriptor, rest, offset)
            if written == 0:
                raise OSError(errno.EIO, "the system wrote nothing and gave no reason")
            offset += written
            rest = rest[written:]

    def read(self, offset: int, length: int) -> bytes:
        data = os.pread(self._descriptor, length, offset)
        while len(data) < length:
            more = os.pread(self._descriptor, length - len(data), offset + len(data))
            if not more:
                break
            data += more
        return data

    def sync_data(self) -> None:
        os.fdatasync(self._descriptor)

    def sync_all(self) -> None:
        os.fsync(self._descriptor)

    def drop_cache(self) -> None:
        os.posix_fadvise(self._descriptor, 0, 0, os.POSIX_FADV_DONTNEED)

    def truncate(self, size: int) -> None:
        os.ftruncate(self._descriptor, size)

    def close(self) -> None:
        os.close(self._descriptor)


class DiskFolder:
    """A folder on disk; made, with its parents, when it is missing."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock: int | None = None

    def lock(self) -> None:
        descriptor = os.open(self.path / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
        self._lock = descriptor

    def unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def sizes(self) -> dict[str, int]:
        with os.scandir(self.path) as entries:
            return {entry.name: entry.stat().st_size for entry in entries if entry.is_file()}

    def create(self, name: str) -> DiskFile:
        return DiskFile(os.open(self.path / name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))

    def open(self, name: str) -> DiskFile:
        return DiskFile(os.open(self.path / name, os.O_RDWR | os.O_CLOEXEC))

    def remove(self, name: str) -> None:
        (self.path / name).unlink()

    def sync(self) -> None:
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
