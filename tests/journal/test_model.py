"""The log against a model, over a disk that fails and loses power at any operation.

What must hold after every reopening: each acknowledged record that was not released is there, at its position, unaltered and
in order; a record refused for a full disk is not there; one whose fate was open is there as a whole or not at all.
"""

import errno
import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from streamgauge.journal import DiskFull, JournalFailed, Record, open_log
from streamgauge.journal.faults import FaultyFolder, Operation, PowerLost

SEGMENT_BYTES = 300
ANYTHING = st.sampled_from(list(Operation))
ERRORS = st.sampled_from([errno.EIO, errno.ENOSPC])
SIZES = st.lists(st.integers(min_value=8, max_value=120), min_size=1, max_size=4)


class LogMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = FaultyFolder()
        self.log = open_log(self.folder, SEGMENT_BYTES)
        self.acknowledged: list[Record] = []
        self.open_fates: set[bytes] = set()
        self.released = 0
        self.written = 0
        self.dark = False

    def payload(self, size: int) -> bytes:
        """Different each time, so that a record is known by its payload."""
        self.written += 1
        return self.written.to_bytes(8, "big") + b"p" * (size - 8)

    @precondition(lambda self: not self.dark)
    @rule(sizes=SIZES)
    def append(self, sizes: list[int]) -> None:
        group = [self.payload(size) for size in sizes]
        try:
            positions = self.log.append(group)
        except DiskFull:
            return
        except JournalFailed:
            self.open_fates.update(group)
            return
        except PowerLost:
            self.open_fates.update(group)
            self.dark = True
            return
        framed = zip(positions, group, strict=True)
        self.acknowledged += [Record(position, payload, position + 24 + len(payload)) for position, payload in framed]

    @rule(operation=ANYTHING, error=ERRORS, after_bytes=st.integers(0, 200))
    def fail_next(self, operation: Operation, error: int, after_bytes: int) -> None:
        self.folder.fail_next(operation, error, after_bytes)

    @rule(operations=st.integers(0, 12))
    def lose_power_soon(self, operations: int) -> None:
        self.folder.lose_power_after(operations)

    @precondition(lambda self: self.acknowledged and not self.dark)
    @rule(chosen=st.floats(0, 1))
    def release(self, chosen: float) -> None:
        position = self.acknowledged[int(chosen * (len(self.acknowledged) - 1))].position
        self.released = max(self.released, position)
        try:
            self.log.release(position)
        except OSError:
            return
        except PowerLost:
            self.dark = True

    @precondition(lambda self: not self.dark)
    @rule(closed=st.booleans(), fault=st.none() | ANYTHING, power=st.none() | st.integers(0, 6))
    def restart(self, closed: bool, fault: Operation | None, power: int | None) -> None:
        """The process ends, in order or not; the machine stays on. Opening may fail, and may be interrupted."""
        try:
            if closed:
                self.log.close()
        except PowerLost:
            self.dark = True
            return
        self.folder = self.folder.after_kill()
        self.reopen(fault, power)

    @rule(chance=st.randoms(use_true_random=False), fault=st.none() | ANYTHING, power=st.none() | st.integers(0, 6))
    def power_loss(self, chance: random.Random, fault: Operation | None, power: int | None) -> None:
        """The machine is switched off and on again. Opening may fail, and the power may go during it."""
        self.folder = self.folder.after_power_loss(chance)
        self.reopen(fault, power)

    def reopen(self, fault: Operation | None, power: int | None) -> None:
        if fault is not None:
            self.folder.fail_next(fault, errno.EIO)
        if power is not None:
            self.folder.lose_power_after(power)
        try:
            self.log = open_log(self.folder, SEGMENT_BYTES)
        except OSError:
            self.folder = self.folder.after_kill()
            self.log = open_log(self.folder, SEGMENT_BYTES)
        except PowerLost:
            self.dark = True
            return
        self.dark = False
        self.settle_fates()

    def settle_fates(self) -> None:
        """What is there now is there for good, and what is not will not come back."""
        known = {record.position for record in self.acknowledged}
        for record in self.everything():
            if record.position not in known:
                assert record.payload in self.open_fates
                self.acknowledged.append(record)
        self.open_fates.clear()

    def everything(self) -> list[Record]:
        records: list[Record] = []
        position = self.log.start
        while position < self.log.end:
            records += self.log.read(position, max_bytes=200)
            position = records[-1].next_position
        return records

    @invariant()
    def all_that_was_acknowledged_is_read(self) -> None:
        if self.dark:
            return
        kept = self.everything()
        assert kept == [record for record in self.acknowledged if record.position >= self.log.start]
        assert [record for record in self.acknowledged if record.position >= self.released and record not in kept] == []


def test_the_log_keeps_its_promises_whatever_the_disk_does() -> None:
    run_state_machine_as_test(LogMachine, settings=settings(max_examples=150, stateful_step_count=40, deadline=None))
