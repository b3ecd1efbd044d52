"""Visits: which events of a website belong together, decided for one load at a time.

Promise: the visits in force are those that one would make of all loaded events at once: per visitor in the order of time, a new
one wherever nothing came for 30 minutes (kernel.website.VISIT_GAP_MS) or longer. In what order and how late the events came makes
no difference: a late one prolongs a visit at either end, stands alone, or joins two, of which the earlier one's number survives.
A visit's source, place and device are those of its first event, its entry and exit page those of its first and last page view;
ties in time go by position.

Each change is told as the visits that are no more and those that are now; a visit that is touched twice in one load is told once.
A visit's number is one more than the position of the first of the events that made it (0 is no visit).

Not of visits are events without a visitor, REVENUE events (a payment may come from a server, days later) and VOID marks. Bots
have visits of their own: the same visitor id is another visitor when a bot sends it.

Limits: an event that is taken back or corrected leaves its visit, which shrinks but is not cut in two where that leaves a gap.
Visitors are numbered with 32 bits: four billion in one folder.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import NamedTuple

import msgspec
from xxhash import xxh3_128_digest

from streamgauge.kernel.event import Event, EventFlag
from streamgauge.kernel.website import PAGE_VIEW, VISIT_GAP_MS, WebContext
from streamgauge.loader.dedup import Kept

VisitorKey = bytes
"""xxh3_128 of project, website, visitor id and whether it is a bot."""

_NOT_OF_VISITS = int(EventFlag.REVENUE | EventFlag.VOID)
_BOT = int(EventFlag.BOT)
_VOID = int(EventFlag.VOID)
_UNKNOWN = WebContext()


class PageSeen(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """A page view: when, at which position, of which path. The earlier one is the smaller."""

    at_ms: int
    position: int
    path: str


class Visit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A visit in force. first_position: of its first event. absorbed: numbers of visits that it was joined with."""

    project_id: str
    website_id: str
    visitor: int
    visit: int
    started_ms: int
    first_position: int
    ended_ms: int
    page_views: int
    events: int
    bot: bool
    entry: PageSeen | None
    exit: PageSeen | None
    web: WebContext
    absorbed: tuple[int, ...] = ()


class Hit(msgspec.Struct, frozen=True, order=True, gc=False):
    """An event of the load as visits see it. place: in the load. The earlier one is the smaller; no two are alike in position."""

    at_ms: int
    position: int
    place: int
    is_page_view: bool
    web: WebContext


class Alias(NamedTuple):
    """Events with the number `alias` belong to `visit`."""

    project_id: str
    alias: int
    visit: int


class VisitChanges(msgspec.Struct, frozen=True):
    """What one load does to visits. visitors, visits: by place in the load, the numbers to stamp events with (0: none).

    new_visitors: keys and their numbers. before, after: visits that are no more, and that are now.
    """

    visitors: list[int]
    visits: list[int]
    new_visitors: dict[VisitorKey, int]
    before: list[Visit]
    after: list[Visit]
    aliases: list[Alias]

    @classmethod
    def none(cls) -> "VisitChanges":
        return cls([], [], {}, [], [], [])


class VisitorSpan(NamedTuple):
    """Asks for the visits of a visitor that an event from low_ms to high_ms could touch. Spans of one visitor go by time."""

    visitor: int
    low_ms: int
    high_ms: int


class VisitMemory(msgspec.Struct, frozen=True):
    """What is known at the checkpoint. numbers: of the given visitors those that have one. next_number: the first that is free.

    near: by visitor, in order of time, the visits whose time comes closer than the gap to the span. any: whether there are any.
    """

    numbers: Callable[[Iterable[VisitorKey]], Mapping[VisitorKey, int]]
    next_number: Callable[[], int]
    near: Callable[[Sequence[VisitorSpan]], Mapping[int, list[Visit]]]
    any: Callable[[], bool]


class Removal(msgspec.Struct, frozen=True):
    """A visit of which events no longer count. left: what the others make of it, under its number; None when there are none."""

    visit: Visit
    left: Visit | None


class Visiting:
    """Decides the visits of loads. seed: of the folder, so that nobody can prepare visitors that are mistaken for one."""

    def __init__(self, memory: VisitMemory, seed: int) -> None:
        self._memory = memory
        self._seed = seed

    def decide(self, kept: Kept, superseded: set[int], removals: Sequence[Removal] = ()) -> VisitChanges:
        """superseded: positions of events that do not count, of this load's and older ones."""
        keyed = self._visitor_keys(kept, superseded)
        if not keyed and not removals:
            return VisitChanges.none()
        numbers, new = self._numbered([key for _, key in keyed])
        stamps = VisitChanges([0] * len(kept.events), [0] * len(kept.events), new, [], [], [])
        hits: dict[int, list[Hit]] = {}
        owners: dict[int, tuple[str, str, bool]] = {}
        for place, key in keyed:
            event, number = kept.events[place], numbers[key]
            stamps.visitors[place] = number
            if not event.flags & _NOT_OF_VISITS:
                hits.setdefault(number, []).append(_hit_of(event, kept.positions[place], place))
                if number not in owners:
                    owners[number] = (kept.batches[place].project_id, event.website_id, bool(event.flags & _BOT))
        self._change(hits, owners, removals, stamps)
        return stamps

    def _visitor_keys(self, kept: Kept, superseded: set[int]) -> list[tuple[int, VisitorKey]]:
        """Places of the events that have a visitor, with its key."""
        found = []
        seed, events, batches, positions = self._seed, kept.events, kept.batches, kept.positions
        # Nearly all of a load, or nothing: who meters alone pays for this line only.
        for place in [place for place, event in enumerate(events) if event.visitor_id and event.website_id]:
            event = events[place]
            if not event.flags & _VOID and positions[place] not in superseded:
                named = f"{batches[place].project_id}\0{event.website_id}\0{event.visitor_id}\0{event.flags & _BOT}"
                found.append((place, xxh3_128_digest(named.encode(), seed)))
        return found

    def _numbered(self, keys: Sequence[VisitorKey]) -> tuple[dict[VisitorKey, int], dict[VisitorKey, int]]:
        """All visitors' numbers, and those that are given out now, in the order in which they first came."""
        different = dict.fromkeys(keys)
        known = dict(self._memory.numbers(different))
        unknown = [key for key in different if key not in known]
        new = dict(zip(unknown, count(self._memory.next_number()), strict=False)) if unknown else {}
        return known | new, new

    def _change(
        self,
        hits: Mapping[int, list[Hit]],
        owners: Mapping[int, tuple[str, str, bool]],
        removals: Sequence[Removal],
        changes: VisitChanges,
    ) -> None:
        remade: set[int] = set()
        shrunk = {removal.visit.visit: removal.left for removal in removals}
        for own in hits.values():
            own.sort()
        near = self._memory.near(_spans(hits, removals))
        for visitor in dict.fromkeys([*hits, *(removal.visit.visitor for removal in removals)]):
            whole = []
            for visit in near.get(visitor, ()):
                if visit.visit not in shrunk:
                    whole.append(visit)
                    continue
                changes.before.append(visit)
                left = shrunk[visit.visit]
                if left is not None:
                    whole.append(left)
                    changes.after.append(left)
                    remade.add(left.visit)
            for group in _groups(whole, hits.get(visitor, ())):
                if group.hits:
                    _join(group, visitor, owners[visitor], changes, remade)


class _Group(NamedTuple):
    """Visits and hits that are one visit, in the order of time."""

    visits: list[Visit]
    hits: list[Hit]


def _spans(hits: Mapping[int, list[Hit]], removals: Sequence[Removal]) -> list[VisitorSpan]:
    """hits: in order. Where the hits of a visitor lie far apart, any number of visits may lie between them: not asked for."""
    times = {visitor: [hit.at_ms for hit in own] for visitor, own in hits.items()}
    for removal in removals:
        own = times.setdefault(removal.visit.visitor, [])
        own.append(removal.visit.started_ms)
        own.sort()
    spans = []
    for visitor, own in times.items():
        low_ms = before_ms = own[0]
        for at_ms in own:
            if at_ms - before_ms >= 2 * VISIT_GAP_MS:
                spans.append(VisitorSpan(visitor, low_ms, before_ms))
                low_ms = at_ms
            before_ms = at_ms
        spans.append(VisitorSpan(visitor, low_ms, before_ms))
    return spans


def _groups(visits: Sequence[Visit], hits: Sequence[Hit]) -> list[_Group]:
    """Cuts visits and hits of one visitor, both in order, wherever nothing came for the length of the gap."""
    groups: list[_Group] = []
    end_ms = 0
    waiting = iter(visits)
    visit = next(waiting, None)
    for hit in hits:
        while visit is not None and visit.started_ms <= hit.at_ms:
            if not groups or visit.started_ms - end_ms >= VISIT_GAP_MS:
                groups.append(_Group([], []))
                end_ms = visit.ended_ms
            end_ms = max(end_ms, visit.ended_ms)
            groups[-1].visits.append(visit)
            visit = next(waiting, None)
        if not groups or hit.at_ms - end_ms >= VISIT_GAP_MS:
            groups.append(_Group([], []))
            end_ms = hit.at_ms
        end_ms = max(end_ms, hit.at_ms)
        groups[-1].hits.append(hit)
    while visit is not None and groups and visit.started_ms - end_ms < VISIT_GAP_MS:
        end_ms = max(end_ms, visit.ended_ms)
        groups[-1].visits.append(visit)
        visit = next(waiting, None)
    return groups


def _join(group: _Group, visitor: int, owner: tuple[str, str, bool], changes: VisitChanges, remade: set[int]) -> None:
    """One visit of a group that has new hits: stamps these, and tells the change.

    remade: numbers of visits that are told already as what was left of them.
    """
    hits = group.hits
    if group.visits:
        survivor, *others = group.visits
        number = survivor.visit
        absorbed = [absorbed for visit in others for absorbed in (visit.visit, *visit.absorbed)]
        changes.aliases.extend(Alias(survivor.project_id, alias, number) for alias in absorbed)
        joined = _with_hits(group.visits, hits, (*survivor.absorbed, *absorbed))
        for visit in group.visits:
            if visit.visit in remade:
                changes.after.remove(visit)
            else:
                changes.before.append(visit)
    else:
        project_id, website_id, bot = owner
        joined = _new_visit(project_id, website_id, visitor, bot, hits)
        number = joined.visit
    changes.after.append(joined)
    for hit in hits:
        changes.visits[hit.place] = number


def _new_visit(project_id: str, website_id: str, visitor: int, bot: bool, hits: Sequence[Hit]) -> Visit:
    """hits: in order. Named by the first of them."""
    first = hits[0]
    pages = [hit for hit in hits if hit.is_page_view]
    return Visit(
        project_id,
        website_id,
        visitor,
        first.position + 1,
        first.at_ms,
        first.position,
        hits[-1].at_ms,
        len(pages),
        len(hits),
        bot,
        _seen(pages[0]) if pages else None,
        _seen(pages[-1]) if pages else None,
        first.web,
    )


def _with_hits(visits: Sequence[Visit], hits: Sequence[Hit], absorbed: tuple[int, ...]) -> Visit:
    """Of several visits and hits one; the number is that of the first visit."""
    survivor = visits[0]
    own = _new_visit(survivor.project_id, survivor.website_id, survivor.visitor, survivor.bot, hits)
    parts = [*visits, own]
    first = min(parts, key=lambda part: (part.started_ms, part.first_position))
    return Visit(
        survivor.project_id,
        survivor.website_id,
        survivor.visitor,
        survivor.visit,
        first.started_ms,
        first.first_position,
        max(part.ended_ms for part in parts),
        sum(part.page_views for part in parts),
        sum(part.events for part in parts),
        survivor.bot,
        min((part.entry for part in parts if part.entry is not None), default=None),
        max((part.exit for part in parts if part.exit is not None), default=None),
        first.web,
        absorbed,
    )


def _hit_of(event: Event, position: int, place: int) -> Hit:
    return Hit(event.timestamp_ms, position, place, event.name == PAGE_VIEW, event.web or _UNKNOWN)


def _seen(hit: Hit) -> PageSeen:
    return PageSeen(hit.at_ms, hit.position, hit.web.path)
