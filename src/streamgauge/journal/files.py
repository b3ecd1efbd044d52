"""The filesystem as the log sees it: a small port, and its body on a real disk.

The other body is `faults.FaultyFolder`, a disk in memory that fails and crashes on demand. Both raise OSError only.

A durable write is one system call where the platform has it: pwritev with RWF_DSYNC writes and syncs the range, as fdatasync
would, and the writing thread has to win the interpreter's lock back once instead of twice. Elsewhere it is a write and an
fdatasync. Which of the two is found out once, on the lock file, when the folder is locked: systems refuse a flag they do not
know. A filesystem that takes the flag and ignores it counts as a disk that acknowledges a sync and then loses it.
"""

import errno
import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

_LOCK_NAME = "journal.lock"
_BUFFERS_PER_CALL = 1024  # IOV_MAX on Linux
_DURABLE_WRITE = getattr(os, "RWF_DSYNC", 0)  # Linux only
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


def is_full(error: OSError) -> bool:
    """The disk or the quota is used up."""
    return error.errno in _NO_SPACE


class SyncFailed(OSError):
    """The bytes were written, and bringing them to the disk failed: nobody knows which of them are there."""


class File(Protocol):
    """An open file. Offsets and lengths are bytes."""

    def write(self, offset: int, buffers: Sequence[bytes]) -> None:
        """Write all buffers one after the other. When this raises, any part of them may have been written."""
        ...

    def write_durably(self, offset: int, buffers: Sequence[bytes]) -> None:
        """The same at the end of the file; returns when the bytes, and what is needed to read them back, are on disk.

        Raises SyncFailed when the bytes could be written but not synced, a full disk that shows only then included; any
        other OSError is the write's own. After either, any part may have been written.
        """
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
    """A file on disk, addressed by offset, so that threads can read while another writes.

    durable_write: the flag of pwritev that makes a write durable; 0 where there is none.
    """

    def __init__(self, descriptor: int, durable_write: int = 0) -> None:
        self.durable_write = durable_write
        self._descriptor = descriptor

    def write(self, offset: int, buffers: Sequence[bytes]) -> None:
        self._write(offset, buffers, 0)

    def write_durably(self, offset: int, buffers: Sequence[bytes]) -> None:
        if self.durable_write:
            self._write(offset, buffers, self.durable_write)
            return
        self._write(offset, buffers, 0)
        try:
            self.sync_data()
        except OSError as exc:
            raise SyncFailed(exc.errno, str(exc)) from exc

    def _write(self, offset: int, buffers: Sequence[bytes], flags: int) -> None:
        """In one call unless it is cut short; then the rest follows, each call with the same flags for its own range."""
        if len(buffers) > _BUFFERS_PER_CALL:
            buffers = [b"".join(buffers)]
        wanted = sum(map(len, buffers))
        written = self._write_some(offset, buffers, flags)
        while written < wanted:
            if written == 0:
                raise OSError(errno.EIO, "the system wrote nothing and gave no reason")
            offset, wanted, buffers = offset + written, wanted - written, [b"".join(buffers)[written:]]
            written = self._write_some(offset, buffers, flags)

    def _write_some(self, offset: int, buffers: Sequence[bytes], flags: int) -> int:
        try:
            return os.pwritev(self._descriptor, buffers, offset, flags)
        except OSError as exc:
            # A call that could write but not sync grew the file and then failed. One that could write nothing left it be.
            if flags and is_full(exc) and os.fstat(self._descriptor).st_size > offset:
                raise SyncFailed(exc.errno, str(exc)) from exc
            raise

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
        self._durable_write = 0

    def lock(self) -> None:
        descriptor = os.open(self.path / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
        self._lock = descriptor
        self._durable_write = _DURABLE_WRITE if _takes_durable_writes(descriptor) else 0

    def unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def sizes(self) -> dict[str, int]:
        with os.scandir(self.path) as entries:
            return {entry.name: entry.stat().st_size for entry in entries if entry.is_file()}

    def create(self, name: str) -> DiskFile:
        return DiskFile(os.open(self.path / name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), self._durable_write)

    def open(self, name: str) -> DiskFile:
        return DiskFile(os.open(self.path / name, os.O_RDWR | os.O_CLOEXEC), self._durable_write)

    def remove(self, name: str) -> None:
        (self.path / name).unlink()

    def sync(self) -> None:
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _takes_durable_writes(descriptor: int) -> bool:
    """Whether the kernel and the filesystem of this file know the flag. Any doubt is a no: the two calls always do."""
    if not _DURABLE_WRITE:
        return False
    try:
        return os.pwritev(descriptor, [b"\n"], 0, _DURABLE_WRITE) == 1
    except OSError:
        return False
