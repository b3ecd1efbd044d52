"""The steps of admission, in the order in which they run: check_websites, enrich, reserve_quota, encode, append.

Everything that can refuse comes before the append, so a refusal never leaves anything behind.
"""

from asyncio import Future
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from streamgauge.intake.enrichment import SERVER, Sender
from streamgauge.kernel.access import Key, Plan
from streamgauge.kernel.event import Batch, Door, Event, encode_batch
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Website

Settle = Callable[[int, Refusal | None], None]
"""Is told that events are on disk: the position of their record; or why they are not. It must not raise."""


class Appender(Protocol):
    """The journal, as admission sees it: tells the record's position once it is on disk."""

    def append(self, payload: bytes) -> "Future[int]": ...

    def submit(self, payload: bytes, settle: Settle) -> None: ...


class Websites(Protocol):
    """Where websites are looked up by id."""

    def website(self, website_id: str) -> Website | None: ...


class DayQuota(Protocol):
    """Events of a project per UTC day."""

    def reserve(self, project_id: str, plan: Plan, events: int, now_ms: int) -> None: ...

    def release(self, project_id: str, events: int, now_ms: int) -> None: ...


class Enrichment(Protocol):
    """What adds to an event of a website what can be learned of its page, source and visitor."""

    def enrich(self, event: Event, website: Website, sender: Sender) -> Event: ...


class WebsiteCheck(NamedTuple):
    """Events whose website is known, and a refusal, with its index, for each of the others."""

    known: list[Event]
    refused: list[tuple[int, Refusal]]


class Intake:
    """Admits the events of one request as one record. Holds no state of its own."""

    def __init__(self, journal: Appender, websites: Websites, quota: DayQuota, enrichment: Enrichment) -> None:
        self._journal = journal
        self._websites = websites
        self._quota = quota
        self._enrichment = enrichment

    def check_website(self, project_id: str, website_id: str) -> None:
        """Raises Refusal unknown_website when it is not one of the project."""
        if not self._belongs(project_id, website_id):
            raise _unknown_website(website_id)

    def check_websites(self, project_id: str, events: Sequence[Event], indexes: Sequence[int]) -> WebsiteCheck:
        """Split events into those that name a website of the project and those that do not.

        indexes: the place of each event in the request. Another project's website is as unknown as one that does not exist.
        """
        known: list[Event] = []
        refused: list[tuple[int, Refusal]] = []
        verdicts: dict[str, bool] = {}
        for event, index in zip(events, indexes, strict=True):
            website_id = event.website_id
            if website_id not in verdicts:
                verdicts[website_id] = self._belongs(project_id, website_id)
            if verdicts[website_id]:
                known.append(event)
            else:
                refused.append((index, _unknown_website(website_id).at(index)))
        return WebsiteCheck(known, refused)

    def enriched(self, event: Event) -> Event:
        """An event that a server sent, with what its properties tell; one of no (or no longer any) website as it is."""
        website = self._websites.website(event.website_id) if event.website_id else None
        return event if website is None else self._enrichment.enrich(event, website, SERVER)

    def _belongs(self, project_id: str, website_id: str) -> bool:
        website = self._websites.website(website_id)
        return website is not None and website.project_id == project_id

    async def admit(self, key: Key, door: Door, events: list[Event], now_ms: int, allowance: object = None) -> int:
        """Make the events durable; returns the position of their record. allowance: what is left of the request's window, for an
        intake that is to learn it together with the position.

        Raises Refusal: quota_exceeded, backlog_full, journal_failed, shutting_down. Whatever else goes wrong is raised as it is;
        the quota is given back in any case. Only a caller that is cancelled keeps it taken: its record may be on disk by then.
        """
        record = self._record(key, door, events, now_ms)
        try:
            return await self._journal.append(record)
        except Exception:
            self.give_back(key, len(events), now_ms)
            raise

    def submit(self, key: Key, door: Door, events: list[Event], now_ms: int, settle: Settle, allowance: object = None) -> None:
        """As admit, for who cannot wait: settle is told when the events are durable.

        What is raised here has left nothing behind. When settle is told of a refusal, `give_back` is the caller's to call.
        """
        self.keep(key, encode_batch(Batch(key.project_id, door, now_ms, events, key.key_id)), len(events), now_ms, settle)

    def keep(self, key: Key, record: bytes, events: int, now_ms: int, settle: Settle) -> None:
        """As submit, of events that are encoded already. events: how many."""
        self._quota.reserve(key.project_id, key.plan, events, now_ms)
        try:
            self._journal.submit(record, settle)
        except Exception:
            self.give_back(key, events, now_ms)
            raise

    def _record(self, key: Key, door: Door, events: list[Event], now_ms: int) -> bytes:
        """What the journal is to keep, with the quota taken for it."""
        self._quota.reserve(key.project_id, key.plan, len(events), now_ms)
        try:
            return encode_batch(Batch(key.project_id, door, now_ms, events, key.key_id))
        except Exception:
            self.give_back(key, len(events), now_ms)
            raise

    def give_back(self, key: Key, events: int, now_ms: int) -> None:
        """Give back the quota of events that did not become durable."""
        self._quota.release(key.project_id, events, now_ms)


def _unknown_website(website_id: str) -> Refusal:
    return Refusal(
        Reason.UNKNOWN_WEBSITE,
        f"Unknown website: {website_id[:64]}. Create it first, or check the id.",
        field="website_id",
        expected="the id of a website of this project",
    )
