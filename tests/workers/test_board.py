"""Memory that processes share: here two mappings of one file."""

import os

from streamgauge.kernel.event import Door
from streamgauge.kernel.refusal import Reason
from streamgauge.workers import Board


def test_each_sees_what_the_other_writes_and_no_block_touches_another() -> None:
    owner = Board(3)
    worker = Board(3, os.dup(owner.descriptor))
    owner.generation = 41
    assert worker.generation == 41
    for number in range(3):
        counts = worker.counts_of(number)
        counts.accepted(Door.FLEXPRICE, 10 + number)
        counts.refused(None, Reason.RATE_LIMITED)
        counts.answered(599)
    assert owner.generation == 41
    for number in range(3):
        counts = owner.counts_of(number)
        assert dict(counts.by_door())["flexprice"] == 10 + number
        assert {row for row in counts.by_reason() if row[2]} == {("none", "rate_limited", 1)}
        assert list(counts.by_status()) == [(599, 1)]
