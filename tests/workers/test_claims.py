"""Frames between a worker and the owner, over a stream that may cut them anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamgauge.kernel.access import RateClass
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.workers.claims import Claim, Frames, Refused, Verdict, to_frame

claims = st.builds(
    Claim,
    st.integers(0, 2**63),
    st.text(max_size=20),
    st.sampled_from(RateClass),
    st.text(max_size=8),
    st.text(max_size=8),
    st.integers(0, 2**50),
    st.integers(0, 1000),
    st.binary(max_size=300),
)


@given(frames=st.lists(st.lists(claims, max_size=4), max_size=5), cuts=st.lists(st.integers(1, 200), min_size=1))
def test_frames_arrive_whole_however_the_stream_is_cut(frames: list[list[Claim]], cuts: list[int]) -> None:
    stream = b"".join(map(to_frame, frames))
    reader = Frames(Claim)
    arrived: list[list[Claim]] = []
    at = turn = 0
    while at < len(stream):
        size = cuts[turn % len(cuts)]
        arrived += reader.feed(stream[at : at + size])
        at, turn = at + size, turn + 1
    assert arrived == frames


@pytest.mark.parametrize("refused", [None, Refused(Reason.DISK_FULL, "the disk is full", 5)])
def test_a_verdict_comes_as_it_was_given(refused: Refused | None) -> None:
    verdict = Verdict(7, 100, 3, 1_795_493_014, True, 0, 4096, refused)
    assert list(Frames(Verdict).feed(to_frame([verdict]))) == [[verdict]]


def test_a_frame_is_handed_out_once_whatever_its_reader_does() -> None:
    frames = Frames(Verdict)
    verdict = Verdict(1, 1, 1, 1, True, 0, 1, None)
    assert frames.feed(to_frame([verdict]))
    assert frames.feed(b"") == []


def test_a_refusal_keeps_its_name_its_words_and_when_to_come_back() -> None:
    refusal = Refused.of(Refusal(Reason.QUOTA_EXCEEDED, "The free plan allows 10.", retry_after_s=77)).refusal()
    assert (refusal.reason, refusal.message, refusal.retry_after_s) == (Reason.QUOTA_EXCEEDED, "The free plan allows 10.", 77)
