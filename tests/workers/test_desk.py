"""Claims are judged as requests are that the owner answers itself."""

import asyncio

import pytest

from streamgauge.intake import Intake, Settle
from streamgauge.intake.enrichment import Sender
from streamgauge.kernel.access import Plan, RateClass
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.event import Event
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Website
from streamgauge.limits import EventQuota, RateLimits
from streamgauge.workers import ClaimDesk
from streamgauge.workers.claims import Claim, Verdict

NOW_MS = 1_795_493_000_000
PLANS = {"tiny": Plan("tiny", requests_per_minute=3, events_per_day=10)}


class Stopped(Clock):
    """A clock that stands."""

    def now_ms(self) -> int:
        return NOW_MS

    def monotonic(self) -> float:
        return 0.0


class Appended:
    """A journal that makes nothing durable until it is told to. refuses: at once, instead."""

    def __init__(self) -> None:
        self.waiting: list[tuple[bytes, Settle]] = []
        self.refuses: Exception | None = None

    def append(self, payload: bytes) -> "asyncio.Future[int]":
        raise NotImplementedError

    def submit(self, payload: bytes, settle: Settle) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.waiting.append((payload, settle))


class Nothing:
    """No websites, and nothing to find out."""

    def website(self, website_id: str) -> Website | None:
        return None

    def enrich(self, event: Event, website: Website, sender: Sender) -> Event:
        return event


class Judging:
    def __init__(self) -> None:
        self.journal = Appended()
        self.quota = EventQuota()
        self.used: dict[str, int] = {}
        intake = Intake(self.journal, Nothing(), self.quota, Nothing())
        self.desk = ClaimDesk(PLANS, RateLimits(), intake, Stopped(), self.used.__setitem__)
        self.verdicts: list[Verdict] = []
        self.numbers = 0

    def claim(self, events: int = 1, payload: bytes = b"record", key: str = "key_1", now_ms: int = NOW_MS) -> None:
        self.numbers += 1
        claim = Claim(self.numbers, key, RateClass.MINUTE, "tiny", "project", now_ms, events, payload)
        self.desk.judge(claim, self.verdicts.append)

    def settle(self, position: int = 0, refusal: Refusal | None = None) -> None:
        self.journal.waiting.pop(0)[1](position, refusal)

    @property
    def day(self) -> int:
        return self.quota.used("project", NOW_MS)


@pytest.fixture
def judging() -> Judging:
    return Judging()


def test_nothing_is_said_before_the_events_are_durable(judging: Judging) -> None:
    judging.claim(events=2)
    assert not judging.verdicts
    assert judging.journal.waiting[0][0] == b"record"
    judging.settle(position=4096)
    (verdict,) = judging.verdicts
    assert (verdict.number, verdict.allowed, verdict.remaining, verdict.position, verdict.refused) == (1, True, 2, 4096, None)
    assert judging.day == 2


def test_the_window_is_one_for_all_and_what_it_refuses_takes_nothing(judging: Judging) -> None:
    # As from two workers whose clocks were read in another order than their claims came in.
    for now_ms in (NOW_MS, NOW_MS - 20, NOW_MS + 5, NOW_MS - 40):
        judging.claim(now_ms=now_ms)
    assert len(judging.journal.waiting) == 3
    (verdict,) = judging.verdicts
    assert (verdict.number, verdict.allowed, verdict.remaining, verdict.retry_after_s) == (4, False, 0, 60)
    assert judging.day == 3


def test_a_refused_request_is_counted_and_stores_nothing(judging: Judging) -> None:
    judging.claim(events=0, payload=b"")
    assert [(verdict.remaining, verdict.position, verdict.refused) for verdict in judging.verdicts] == [(2, -1, None)]
    assert not judging.journal.waiting
    assert judging.day == 0


def test_a_used_up_day_refuses_and_the_window_still_counts(judging: Judging) -> None:
    judging.claim(events=8)
    judging.claim(events=3)
    (verdict,) = judging.verdicts
    assert verdict.allowed
    assert verdict.remaining == 1
    assert verdict.refused is not None
    assert verdict.refused.reason is Reason.QUOTA_EXCEEDED
    assert judging.day == 8


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (Refusal(Reason.BACKLOG_FULL, "later", retry_after_s=5), (Reason.BACKLOG_FULL, 5)),
        (ValueError("too long"), (Reason.INTERNAL_ERROR, None)),
    ],
)
def test_the_day_gets_back_what_the_journal_does_not_take(
    judging: Judging, raised: Exception, told: tuple[Reason, int | None]
) -> None:
    judging.journal.refuses = raised
    judging.claim(events=5)
    (verdict,) = judging.verdicts
    assert verdict.refused is not None
    assert (verdict.refused.reason, verdict.refused.retry_after_s) == told
    assert judging.day == 0


def test_the_day_gets_back_what_did_not_become_durable(judging: Judging) -> None:
    judging.claim(events=5)
    assert judging.day == 5
    judging.settle(-1, Refusal(Reason.DISK_FULL, "full", retry_after_s=5))
    (verdict,) = judging.verdicts
    assert verdict.refused is not None
    assert verdict.refused.reason is Reason.DISK_FULL
    assert judging.day == 0


def test_a_key_is_known_to_have_been_used(judging: Judging) -> None:
    judging.claim(key="key_2")
    assert judging.used == {"key_2": NOW_MS}
