"""Admission: what each step takes and gives back, and in which order the steps run."""

import asyncio

import msgspec
import pytest

from streamgauge.intake import Intake
from streamgauge.intake.admission import Settle
from streamgauge.intake.enrichment import Sender
from streamgauge.kernel.access import Key, Plan
from streamgauge.kernel.event import Door, Event, decode_batch
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import WebContext, Website
from streamgauge.limits import EventQuota

NOW_MS = 1_710_947_045_000
PLAN = Plan("small", events_per_day=10)
KEY = Key("key_1", "shop", PLAN, frozenset())


class Books:
    """What the steps did, in order."""

    def __init__(self) -> None:
        self.steps: list[str] = []


class ListedWebsites:
    """Websites by id, each with its project."""

    def __init__(self, books: Books, owners: dict[str, str]) -> None:
        self._books = books
        self._owners = owners

    def website(self, website_id: str) -> Website | None:
        self._books.steps.append(f"look up {website_id}")
        owner = self._owners.get(website_id)
        return Website(website_id, owner, "example.com") if owner else None


class NotedQuota(EventQuota):
    """The real quota, which also writes down that it was asked."""

    def __init__(self, books: Books) -> None:
        super().__init__()
        self._books = books

    def reserve(self, project_id: str, plan: Plan, events: int, now_ms: int) -> None:
        self._books.steps.append(f"reserve {events}")
        super().reserve(project_id, plan, events, now_ms)

    def release(self, project_id: str, events: int, now_ms: int) -> None:
        self._books.steps.append(f"release {events}")
        super().release(project_id, events, now_ms)


class NotedEnrichment:
    """Writes down for which website an event is enriched, and who sent it."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def enrich(self, event: Event, website: Website, sender: Sender) -> Event:
        self._books.steps.append(f"enrich for {website.website_id} as sent by a {sender.kind.value}")
        return msgspec.structs.replace(event, web=WebContext(hostname=website.domain))


class MemoryJournal:
    """Keeps records in a list; with a fault, raises it instead. late: only after the caller has begun to wait."""

    def __init__(self, books: Books, fault: BaseException | None = None, *, late: bool = False) -> None:
        self._books = books
        self._fault = fault
        self._late = late
        self.records: list[bytes] = []

    def append(self, payload: bytes) -> asyncio.Future[int]:
        self._books.steps.append("append")
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        if self._fault is None:
            self.records.append(payload)
            future.set_result(len(self.records))
        elif self._late:
            future.set_exception(self._fault)
        else:
            raise self._fault
        return future

    def submit(self, payload: bytes, settle: Settle) -> None:
        self._books.steps.append("submit")
        if self._fault is not None and not self._late:
            raise self._fault
        if isinstance(self._fault, Refusal):
            settle(-1, self._fault)
        else:
            self.records.append(payload)
            settle(len(self.records), None)


class Desk:
    """An intake with all that it uses at hand."""

    def __init__(self, fault: BaseException | None = None, *, late: bool = False) -> None:
        self.books = Books()
        self.journal = MemoryJournal(self.books, fault, late=late)
        self.quota = NotedQuota(self.books)
        websites = ListedWebsites(self.books, {"ours": "shop", "also-ours": "shop", "theirs": "other"})
        self.intake = Intake(self.journal, websites, self.quota, NotedEnrichment(self.books))

    def admit(self, *events: Event) -> int:
        return asyncio.run(self.intake.admit(KEY, Door.SOLINTH, list(events), NOW_MS))

    @property
    def used(self) -> int:
        return self.quota.used("shop", NOW_MS)


def event(name: str, website_id: str = "") -> Event:
    return Event(f"evt_{name}", name, NOW_MS, website_id=website_id)


def test_the_events_of_one_request_are_one_record_and_use_the_quota() -> None:
    desk = Desk()
    events = [event("a"), event("b"), event("c")]
    assert desk.admit(*events) == 1
    (record,) = desk.journal.records
    batch = decode_batch(record)
    assert (batch.project_id, batch.door, batch.received_at_ms, batch.events) == ("shop", Door.SOLINTH, NOW_MS, events)
    assert desk.used == 3


def test_the_quota_is_reserved_before_the_append() -> None:
    desk = Desk()
    desk.admit(event("a"))
    assert desk.books.steps == ["reserve 1", "append"]


def test_what_the_quota_refuses_never_reaches_the_journal_and_takes_nothing() -> None:
    desk = Desk()
    desk.admit(*[event("a")] * 8)
    with pytest.raises(Refusal) as caught:
        desk.admit(*[event("b")] * 3)
    assert caught.value.reason is Reason.QUOTA_EXCEEDED
    assert (len(desk.journal.records), desk.used) == (1, 8)
    assert desk.books.steps[-1] == "reserve 3"
    desk.admit(*[event("c")] * 2)
    assert desk.used == 10


@pytest.mark.parametrize(
    ("fault", "late"),
    [
        pytest.param(Refusal(Reason.BACKLOG_FULL, "full"), False, id="the backlog is full"),
        pytest.param(Refusal(Reason.JOURNAL_FAILED, "failed"), True, id="the write failed"),
        pytest.param(OSError("broken"), False, id="what no step foresaw, at once"),
        pytest.param(RuntimeError("broken"), True, id="what no step foresaw, later"),
    ],
)
def test_the_quota_is_given_back_whatever_the_append_raises(fault: Exception, late: bool) -> None:
    desk = Desk(fault, late=late)
    with pytest.raises(type(fault)) as caught:
        desk.admit(event("a"), event("b"))
    assert caught.value is fault
    assert desk.books.steps == ["reserve 2", "append", "release 2"]
    assert desk.used == 0


@pytest.mark.parametrize(
    ("fault", "told", "used"),
    [
        pytest.param(None, [(1, None)], 2, id="it is written"),
        pytest.param(Refusal(Reason.JOURNAL_FAILED, "failed"), [(-1, Reason.JOURNAL_FAILED)], 2, id="the write fails later"),
    ],
)
def test_who_only_submits_is_told_and_gives_back_by_itself(
    fault: Refusal | None, told: list[tuple[int, Reason | None]], used: int
) -> None:
    desk = Desk(fault, late=True)
    heard: list[tuple[int, Reason | None]] = []
    events = [event("a"), event("b")]
    desk.intake.submit(KEY, Door.SOLINTH, events, NOW_MS, lambda at, why: heard.append((at, why.reason if why else None)))
    assert (heard, desk.used) == (told, used)
    desk.intake.give_back(KEY, 2, NOW_MS)
    assert desk.used == 0


def test_what_is_refused_at_once_takes_nothing_from_who_only_submits() -> None:
    desk = Desk(Refusal(Reason.BACKLOG_FULL, "full"))
    with pytest.raises(Refusal):
        desk.intake.submit(KEY, Door.SOLINTH, [event("a")], NOW_MS, lambda _at, _why: None)
    assert desk.books.steps == ["reserve 1", "submit", "release 1"]


def test_an_event_that_cannot_be_encoded_gives_the_quota_back() -> None:
    desk = Desk()
    with pytest.raises(OverflowError):
        desk.admit(Event("evt_1", "a", 2**70))
    assert desk.books.steps == ["reserve 1", "release 1"]


def test_a_cancelled_caller_keeps_its_quota_taken_since_its_record_may_be_on_disk() -> None:
    desk = Desk(asyncio.CancelledError(), late=False)
    with pytest.raises(asyncio.CancelledError):
        desk.admit(event("a"))
    assert desk.used == 1


@pytest.mark.parametrize(
    "website_id",
    [
        pytest.param("nobodys", id="a website that does not exist"),
        pytest.param("theirs", id="a website of another project"),
    ],
)
def test_only_websites_of_the_project_are_known(website_id: str) -> None:
    intake = Desk().intake
    intake.check_website("shop", "ours")
    with pytest.raises(Refusal) as caught:
        intake.check_website("shop", website_id)
    assert (caught.value.reason, caught.value.field, caught.value.index) == (Reason.UNKNOWN_WEBSITE, "website_id", None)
    checked = intake.check_websites("shop", [event("a", "ours"), event("b", website_id), event("c", "also-ours")], [0, 4, 7])
    assert [known.name for known in checked.known] == ["a", "c"]
    ((index, refusal),) = checked.refused
    assert (index, refusal.index, refusal.reason) == (4, 4, Reason.UNKNOWN_WEBSITE)


def test_another_project_s_website_is_refused_in_the_same_words_as_one_that_does_not_exist() -> None:
    checked = Desk().intake.check_websites("shop", [event("a", "theirs"), event("b", "nobody")], [0, 1])
    theirs, nobodys = (refusal.message for _, refusal in checked.refused)
    assert theirs.replace("theirs", "X") == nobodys.replace("nobody", "X")


def test_each_website_of_a_batch_is_looked_up_once() -> None:
    desk = Desk()
    desk.intake.check_websites("shop", [event("a", "ours"), event("b", "nobodys")] * 50, range(100))
    assert desk.books.steps == ["look up ours", "look up nobodys"]


def test_an_event_of_a_website_is_enriched_as_a_servers() -> None:
    desk = Desk()
    enriched = desk.intake.enriched(event("a", "ours"))
    assert enriched.web == WebContext(hostname="example.com")
    assert desk.books.steps == ["look up ours", "enrich for ours as sent by a server"]


def test_an_event_of_no_website_is_left_alone() -> None:
    desk = Desk()
    sent = event("a")
    assert desk.intake.enriched(sent) is sent
    assert desk.books.steps == []


def test_an_event_of_a_website_that_has_just_gone_is_left_alone() -> None:
    desk = Desk()
    sent = event("a", "gone")
    assert desk.intake.enriched(sent) is sent
