"""A disk in memory that fails on demand and forgets, at a power loss, what was not synced: the other body of `files.Folder`.

It is stricter than a real disk. At a power loss each written block, each change of length and each creation or removal of
a name since the last sync of the file or the folder may have reached the disk or not, independently of all others.
"""

import errno
import random
from collections import deque
from collections.abc import Sequence
from enum import Enum

import msgspec

from streamgauge.journal.files import SyncFailed


class Operation(Enum):
    """What can be made to fail, and at which the power can go."""

    WRITE = "write"
    SYNC_DATA = "sync_data"
    SYNC_ALL = "sync_all"
    TRUNCATE = "truncate"
    CREATE = "create"
    REMOVE = "remove"
    SYNC_FOLDER = "sync_folder"


class PowerLost(Exception):
    """The power went, now or earlier. No OSError: nothing can be done about it."""


class Fault(msgspec.Struct, frozen=True):
    """The next such operation fails with this error; a write or a sync has then done its first `after_bytes`."""

    operation: Operation
    error_number: int
    after_bytes: int = 0


class OSFault(OSError):
    """An OSError that was asked for."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.error_number, f"{fault.operation.value} failed on demand")
        self.after_bytes = fault.after_bytes


class _Write(msgspec.Struct, frozen=True):
    offset: int
    data: bytes

    def apply(self, content: bytearray) -> None:
        content.extend(bytes(max(0, self.offset - len(content))))
        content[self.offset : self.offset + len(self.data)] = self.data

    def blocks(self, block_bytes: int) -> "list[_Write]":
        """The same write, cut where blocks of the disk begin."""
        blocks, at = [], 0
        while at < len(self.data):
            length = block_bytes - (self.offset + at) % block_bytes
            blocks.append(_Write(self.offset + at, self.data[at : at + length]))
            at += length
        return blocks


class _Truncate(msgspec.Struct, frozen=True):
    size: int

    def apply(self, content: bytearray) -> None:
        del content[self.size :]

    def blocks(self, block_bytes: int) -> "list[_Truncate]":
        return [self]


class _Content:
    """The bytes of one file: on disk, in the cache, and what leads from the one to the other."""

    def __init__(self, disk: bytes = b"") -> None:
        self.disk = bytearray(disk)
        self.cache = bytearray(disk)
        self.dirty: list[_Write | _Truncate] = []
        # After a failed sync the cache shows these as clean, though they may never reach the disk.
        self.abandoned: list[_Write | _Truncate] = []

    def change(self, change: _Write | _Truncate) -> None:
        change.apply(self.cache)
        self.dirty.append(change)

    def flush(self, changes: list[_Write | _Truncate]) -> None:
        for change in changes:
            change.apply(self.disk)
        del self.dirty[: len(changes)]

    def abandon(self, block_bytes: int, after_bytes: int) -> None:
        """A sync failed after so many bytes; nothing will bring the others to the disk."""
        for block in [block for change in self.dirty for block in change.blocks(block_bytes)]:
            after_bytes -= len(block.data) if isinstance(block, _Write) else 0
            if after_bytes < 0:
                break
            block.apply(self.disk)
        self.abandoned.extend(self.dirty)
        self.dirty.clear()

    def reload(self) -> None:
        self.abandoned.clear()
        self.cache = bytearray(self.disk)
        for change in self.dirty:
            change.apply(self.cache)

    def after_power_loss(self, block_bytes: int, chance: random.Random) -> bytes:
        """Every block, a beginning, some blocks or none of what was not synced."""
        blocks = [block for change in self.abandoned + self.dirty for block in change.blocks(block_bytes)]
        share = chance.choice((0, 50, 100))
        if chance.choice((True, False)):
            blocks = blocks[: chance.randint(0, len(blocks))]
            share = 100
        content = bytearray(self.disk)
        for block in blocks:
            if chance.randrange(100) < share:
                block.apply(content)
        return bytes(content)


class FaultyFolder:
    """A folder in memory.

    capacity_bytes: the size of the disk; None for no limit. May be changed at any time.
    """

    def __init__(self, block_bytes: int = 16, capacity_bytes: int | None = None) -> None:
        self.block_bytes = block_bytes
        self.capacity_bytes = capacity_bytes
        self.done: list[Operation] = []
        self._files: dict[str, _Content] = {}
        self._disk_files: dict[str, _Content] = {}
        self._renamed: list[tuple[str, _Content | None]] = []
        self._faults: deque[Fault] = deque()
        self._power_lasts: int | None = None
        self._dark = False
        self._locked = False

    # What a test does to it.

    def fail_next(self, operation: Operation, error_number: int, after_bytes: int = 0) -> None:
        """Let the next such operation fail. Faults of one operation are used in the order they were asked for."""
        self._faults.append(Fault(operation, error_number, after_bytes))

    def lose_power_after(self, operations: int) -> None:
        """The operation after so many more ones is done in part, and everything from then on raises PowerLost."""
        self._power_lasts = operations

    def after_kill(self) -> "FaultyFolder":
        """The folder as the next process finds it when this one was killed: nothing is lost, nothing is synced."""
        folder = FaultyFolder(self.block_bytes, self.capacity_bytes)
        folder._files = self._files
        folder._disk_files = self._disk_files
        folder._renamed = self._renamed
        return folder

    def after_power_loss(self, chance: random.Random) -> "FaultyFolder":
        """The folder as the machine finds it when it is switched on again."""
        names = dict(self._disk_files)
        for name, content in self._renamed:
            if chance.choice((True, False)):
                _rename(names, name, content)
        folder = FaultyFolder(self.block_bytes, self.capacity_bytes)
        folder._files = {n: _Content(c.after_power_loss(self.block_bytes, chance)) for n, c in names.items()}
        folder._disk_files = dict(folder._files)
        return folder

    def copy(self) -> "FaultyFolder":
        """A second disk with the same files, all of them synced."""
        folder = FaultyFolder(self.block_bytes, self.capacity_bytes)
        folder._files = {name: _Content(bytes(content.cache)) for name, content in self._files.items()}
        folder._disk_files = dict(folder._files)
        return folder

    def bytes_of(self, name: str) -> bytes:
        return bytes(self._files[name].cache)

    def overwrite(self, name: str, data: bytes) -> None:
        """Put other bytes on the disk, behind everybody's back."""
        self._files[name] = self._disk_files[name] = _Content(data)

    # What the log does with it.

    def lock(self) -> None:
        if self._locked:
            raise BlockingIOError(errno.EAGAIN, "the folder is locked")
        self._locked = True

    def unlock(self) -> None:
        self._locked = False

    def sizes(self) -> dict[str, int]:
        return {name: len(content.cache) for name, content in self._files.items()}

    def create(self, name: str) -> "FaultyFile":
        self._begin(Operation.CREATE)
        if name in self._files:
            raise FileExistsError(errno.EEXIST, name)
        self._change_name(name, _Content())
        return self.open(name)

    def open(self, name: str) -> "FaultyFile":
        if name not in self._files:
            raise FileNotFoundError(errno.ENOENT, name)
        return FaultyFile(self, self._files[name])

    def remove(self, name: str) -> None:
        self._begin(Operation.REMOVE)
        if name not in self._files:
            raise FileNotFoundError(errno.ENOENT, name)
        self._change_name(name, None)

    def sync(self) -> None:
        self._begin(Operation.SYNC_FOLDER)
        for name, content in self._renamed:
            _rename(self._disk_files, name, content)
        self._renamed.clear()

    def _change_name(self, name: str, content: _Content | None) -> None:
        _rename(self._files, name, content)
        self._renamed.append((name, content))

    def _begin(self, operation: Operation) -> None:
        """Raise what was asked for instead of this operation, a write's part left to the caller."""
        if self._out_of_power():
            raise PowerLost(operation.value)
        self.done.append(operation)
        fault = self._take_fault(operation)
        if fault is not None:
            raise OSFault(fault)

    def _take_fault(self, operation: Operation) -> Fault | None:
        for fault in self._faults:
            if fault.operation is operation:
                self._faults.remove(fault)
                return fault
        return None

    def _free_bytes(self, wanted: int) -> int:
        """How many of the wanted bytes there is space for."""
        if self.capacity_bytes is None:
            return wanted
        return max(0, min(wanted, self.capacity_bytes - sum(self.sizes().values())))

    def _writable_bytes(self, wanted: int, grows_by: int) -> tuple[int, Exception | None]:
        """How much of a write is done, and what is raised after it."""
        dark_before = self._dark
        if self._out_of_power():
            return (0 if dark_before else wanted), PowerLost(Operation.WRITE.value)
        self.done.append(Operation.WRITE)
        fault = self._take_fault(Operation.WRITE)
        if fault is not None:
            return min(fault.after_bytes, wanted), OSFault(fault)
        missing = grows_by - self._free_bytes(grows_by)
        if missing:
            return wanted - missing, OSError(errno.ENOSPC, "no space left on the disk in memory")
        return wanted, None

    def _out_of_power(self) -> bool:
        """Count one operation; from the one that finds no power on, everything stays dark."""
        if self._power_lasts is None:
            return False
        self._dark = self._power_lasts <= 0
        self._power_lasts -= 1
        return self._dark


class FaultyFile:
    """An open file of a FaultyFolder."""

    def __init__(self, folder: FaultyFolder, content: _Content) -> None:
        self._folder = folder
        self._content = content

    def write(self, offset: int, buffers: Sequence[bytes]) -> None:
        data = b"".join(buffers)
        grows_by = max(0, offset + len(data) - len(self._content.cache))
        done, error = self._folder._writable_bytes(len(data), grows_by)
        if done:
            self._content.change(_Write(offset, data[:done]))
        if error is not None:
            raise error

    def write_durably(self, offset: int, buffers: Sequence[bytes]) -> None:
        """Two operations, so that each can fail, and the power can go between them: stricter than one call of a real disk."""
        self.write(offset, buffers)
        try:
            self.sync_data()
        except OSFault as fault:
            raise SyncFailed(fault.errno, str(fault)) from fault

    def read(self, offset: int, length: int) -> bytes:
        return bytes(self._content.cache[offset : offset + length])

    def sync_data(self) -> None:
        """Shorter lengths after the last write may stay behind."""
        writes = [at for at, change in enumerate(self._content.dirty) if isinstance(change, _Write)]
        self._sync(Operation.SYNC_DATA, writes[-1] + 1 if writes else 0)

    def sync_all(self) -> None:
        self._sync(Operation.SYNC_ALL, len(self._content.dirty))

    def _sync(self, operation: Operation, changes: int) -> None:
        try:
            self._folder._begin(operation)
        except OSFault as fault:
            self._content.abandon(self._folder.block_bytes, fault.after_bytes)
            raise
        self._content.flush(self._content.dirty[:changes])

    def drop_cache(self) -> None:
        self._content.reload()

    def truncate(self, size: int) -> None:
        self._folder._begin(Operation.TRUNCATE)
        self._content.change(_Truncate(size))

    def close(self) -> None:
        """Nothing is held."""


def _rename(files: dict[str, _Content], name: str, content: _Content | None) -> None:
    if content is None:
        files.pop(name, None)
    else:
        files[name] = content
