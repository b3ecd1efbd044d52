"""The independent judge of journeys: plain Python and DuckDB over the raw events, by the words of docs/analytics.md.

It makes its own visits of the events, searches all ways through a funnel, cuts days with DuckDB's calendar, and shares amounts as
whole numbers of billionths.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from statistics import median_high, median_low
from typing import Any, NamedTuple

import duckdb

from streamgauge.kernel.analytics import (
    AttributionModel,
    AttributionQuery,
    Bots,
    FunnelQuery,
    RetentionQuery,
    SiteFilter,
    SiteSelection,
)
from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.query import PropertyKey
from streamgauge.kernel.website import ConversionEvent, Operator
from tests.query.site.site_ledger import SITE

Row = dict[str, Any]
_CREDIT_MS = 30 * 86_400_000


class Visit(NamedTuple):
    """The events of one visitor, none 30 minutes or more after the one before."""

    visitor: str
    events: tuple[Row, ...]

    @property
    def began(self) -> int:
        began: int = self.events[0]["timestamp"]
        return began

    @property
    def ended(self) -> int:
        ended: int = self.events[-1]["timestamp"]
        return ended

    def text(self, key: str) -> str:
        pages = [row["path"] for row in self.events if row["name"] == "page_view"]
        match key:
            case "entry_page":
                return pages[0] if pages else ""
            case "exit_page":
                return pages[-1] if pages else ""
        text: str = self.events[0][key]
        return text


def visits_of(events: Iterable[Row]) -> list[Visit]:
    """Of SITE; payments and marks are of no visit."""
    by_visitor: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(events, key=_place):
        if row["website_id"] == SITE and row["visitor_id"] and not row["flags"] & (EventFlag.REVENUE | EventFlag.VOID):
            by_visitor[row["visitor_id"]].append(row)
    found = []
    for visitor, rows in by_visitor.items():
        begun = [0, *(i for i in range(1, len(rows)) if rows[i]["timestamp"] - rows[i - 1]["timestamp"] >= 1_800_000), len(rows)]
        found += [Visit(visitor, tuple(rows[start:end])) for start, end in pairwise(begun)]
    return found


class Judge:
    """Of the events of one project."""

    def __init__(self, events: list[Row], visits: list[Visit]) -> None:
        for row in events:
            row["raw"] = json.loads(row["properties"] or b"{}", parse_float=Decimal)
        self.events = [
            row for row in events if row["website_id"] == SITE and row["in_force"] and not row["flags"] & EventFlag.VOID
        ]
        self.visits = visits

    def funnel(self, query: FunnelQuery) -> list[tuple[int, int | None]]:
        """Of each step: visitors, and the middle time to it."""
        selection = query.selection
        kept = self._kept(selection, selection.end_ms + query.within_ms)
        best = []
        for visitor in {row["visitor_id"] for row in kept} - {""}:
            rows = sorted((row for row in kept if row["visitor_id"] == visitor), key=_place)
            ways = [_way(rows, place, query) for place, row in enumerate(rows) if row["timestamp"] < selection.end_ms]
            best.append(max(ways, key=len, default=[]))
        answer: list[tuple[int, int | None]] = []
        for place in range(len(query.steps)):
            taken = [way[place] - way[place - 1] for way in best if len(way) > place]
            median = (median_low(taken) + median_high(taken)) // 2 if taken and place else None
            answer.append((len(taken), median))
        return answer

    def retention(self, query: RetentionQuery) -> dict[object, tuple[int, dict[object, int]]]:
        """By the judge's name of each cohort: its visitors, and by bucket those who came again."""
        selection = query.selection
        first: dict[str, Visit] = {}
        for visit in sorted(self._of_bots(selection), key=lambda visit: visit.began):
            first.setdefault(visit.visitor, visit)
        cohorts = {
            visitor: bucket_of(visit.began, query)
            for visitor, visit in first.items()
            if selection.start_ms <= visit.began < selection.end_ms and self._is_kept_visit(visit, selection)
        }
        if query.returning is None:
            seen = [(visit.visitor, visit.began) for visit in self._of_bots(selection)]
        else:
            seen = [
                (row["visitor_id"], row["timestamp"])
                for row in self.events
                if _is_traffic(row["flags"] & EventFlag.BOT, selection.bots) and matches(row, query.returning)
            ]
        came = {(who, bucket_of(at, query)) for who, at in seen if selection.start_ms <= at < selection.end_ms and who in cohorts}
        answer: dict[object, tuple[int, dict[object, int]]] = {}
        for cohort in set(cohorts.values()):
            members = {who for who, its in cohorts.items() if its == cohort}
            counts: dict[object, int] = defaultdict(int)
            for who, bucket in came:
                counts[bucket] += who in members
            answer[cohort] = len(members), counts
        return answer

    def attribution(self, query: AttributionQuery) -> dict[str | None, tuple[int, int, Fraction]]:
        """By value (None: no visit): conversions and orders in billionths, revenue in the asked currency."""
        found: dict[str | None, tuple[int, int, Fraction]] = defaultdict(lambda: (0, 0, Fraction(0)))
        for row in self._kept(query.selection, query.selection.end_ms, by_visit=False):
            is_payment, is_order = _payment(row)
            is_conversion = any(matches(row, conversion) for conversion in query.conversions)
            if not is_payment and not is_conversion:
                continue
            whole = (is_conversion * 10**9, is_order * 10**9, int(_amount(row) * 10**9) if is_payment else 0)
            rate = _rate(row, query)
            for visit, parts in self._shares(self._sale(row, query), whole, query):
                texts = [visit.text(str(chosen.key)) if visit else "" for chosen in _on_visits(query.selection)]
                if not all(map(compares, texts, _on_visits(query.selection))):
                    continue
                value = visit.text(query.key.value) if visit else None
                conversions, orders, revenue = found[value]
                earned = Fraction(parts[2], 10**9) * rate
                found[value] = conversions + parts[0], orders + parts[1], revenue + earned
        return found

    def _shares(self, row: Row, whole: tuple[int, ...], query: AttributionQuery) -> list[tuple[Visit | None, tuple[int, ...]]]:
        people = {row["visitor_id"]} - {""}
        if row["customer_id"]:
            people |= {other["visitor_id"] for other in self.events if other["customer_id"] == row["customer_id"]}
        at = row["timestamp"]
        touches = sorted(
            (
                visit
                for visit in self._of_bots(query.selection)
                if visit.visitor in people and at - query.lookback_ms < visit.began <= at
            ),
            key=lambda visit: (visit.began, visit.events[0]["visit"]),
        )
        if not touches:
            return [(None, whole)]
        match query.model:
            case AttributionModel.FIRST_TOUCH:
                return [(touches[0], whole)]
            case AttributionModel.LAST_TOUCH:
                return [(touches[-1], whole)]
        each = tuple((abs(part) // len(touches)) * (1 if part >= 0 else -1) for part in whole)
        rest = tuple(part - (len(touches) - 1) * one for part, one in zip(whole, each, strict=True))
        return [*((touch, each) for touch in touches[:-1]), (touches[-1], rest)]

    def _sale(self, row: Row, query: AttributionQuery) -> Row:
        """The sale that a refund pays back, when it is known; else the event itself."""
        is_payment, is_order = _payment(row)
        order = _text(row, "order_id")
        if not is_payment or is_order or not order:
            return row
        sales = [
            other
            for other in self.events
            if all(_payment(other))
            and _text(other, "order_id") == order
            and other["timestamp"] < query.selection.end_ms
            and _is_traffic(other["flags"] & EventFlag.BOT, query.selection.bots)
        ]
        return min(sales, key=_place, default=row)

    def _of_bots(self, selection: SiteSelection) -> list[Visit]:
        return [visit for visit in self.visits if _is_traffic(visit.events[0]["flags"] & EventFlag.BOT, selection.bots)]

    def _is_kept_visit(self, visit: Visit, selection: SiteSelection) -> bool:
        if not all(compares(visit.text(str(chosen.key)), chosen) for chosen in _on_visits(selection)):
            return False
        kept = {row["position"] for row in self._kept(selection, selection.end_ms, by_visit=False)}
        return not _on_events(selection) or any(row["position"] in kept for row in visit.events)

    def _kept(self, selection: SiteSelection, end_ms: int, *, by_visit: bool = True) -> list[Row]:
        """Events of the time that the filters keep. by_visit: also those on visits, asked of the visitor's last in 30 days."""
        found = []
        for row in self.events:
            if not selection.start_ms <= row["timestamp"] < end_ms or not _is_traffic(
                row["flags"] & EventFlag.BOT, selection.bots
            ):
                continue
            if not all(compares(_key_text(row, chosen), chosen) for chosen in _on_events(selection)):
                continue
            if by_visit and _on_visits(selection):
                visits = [
                    visit
                    for visit in self._of_bots(selection)
                    if visit.visitor == row["visitor_id"] and 0 <= row["timestamp"] - visit.began <= _CREDIT_MS
                ]
                last = max(visits, key=lambda visit: visit.began, default=None)
                if not all(compares(last.text(str(chosen.key)) if last else "", chosen) for chosen in _on_visits(selection)):
                    continue
            found.append(row)
        return found


_calendar = duckdb.connect()


def bucket_of(instant_ms: int, query: RetentionQuery) -> object:
    """The local date on which the bucket begins."""
    wall = f"timezone('{query.calendar.timezone}', make_timestamptz({instant_ms} * 1000))"
    row = _calendar.execute(f"SELECT date_trunc('{query.window.value.lower()}', {wall})::DATE").fetchone()
    assert row is not None
    return row[0]


def matches(row: Row, conversion: ConversionEvent) -> bool:
    if row["name"] != conversion.event_name:
        return False
    page = conversion.page
    conditions = [SiteFilter(PropertyKey(one.property), one.operator, one.values) for one in conversion.conditions]
    return (page is None or _holds(row["path"], page.operator, page.values)) and all(
        compares(_key_text(row, chosen), chosen) for chosen in conditions
    )


def compares(text: str, chosen: SiteFilter) -> bool:
    return _holds(text, chosen.operator, chosen.values)


def _holds(text: str, operator: Operator, values: tuple[str, ...]) -> bool:
    match operator:
        case Operator.IS:
            return text in values
        case Operator.IS_NOT:
            return text not in values
        case Operator.CONTAINS:
            return any(value in text for value in values)
    raise AssertionError("patterns are tested by hand-made cases")


def _way(rows: list[Row], entry: int, query: FunnelQuery) -> list[int]:
    """The times of the steps reached from an event; none when it is no entry. Longest first by trying every later event."""
    if not matches(rows[entry], query.steps[0].match):
        return []
    latest = rows[entry]["timestamp"] + query.within_ms

    def longest(place: int, step: int) -> list[int]:
        found: list[int] = []
        for later in range(place + 1, len(rows)):
            row = rows[later]
            if step < len(query.steps) and row["timestamp"] <= latest and matches(row, query.steps[step].match):
                way = [row["timestamp"], *longest(later, step + 1)]
                if len(way) > len(found):
                    found = way
        return found

    return [rows[entry]["timestamp"], *longest(entry, 1)]


def _payment(row: Row) -> tuple[bool, bool]:
    """Whether it is a payment, and whether it is an order."""
    kind = _text(row, "type")
    is_payment = bool(row["flags"] & EventFlag.REVENUE) and kind != "free_trial"
    return is_payment, is_payment and (kind in ("sale", "renewal") or (not kind and _amount(row) >= 0))


def _amount(row: Row) -> Fraction:
    return Fraction(str(row["raw"].get("amount", 0)))


def _rate(row: Row, query: AttributionQuery) -> Fraction:
    """What a unit of the payment's currency is worth; 0 when it cannot be told."""
    currency = _text(row, "currency").upper() or query.currency
    if currency == query.currency:
        return Fraction(1)
    day = _calendar.execute(f"SELECT strftime(make_timestamp({row['timestamp']} * 1000), '%Y-%m-%d')").fetchone()
    assert day is not None
    known = [rate for rate in query.rates.rates if (rate.base, rate.quote) == (currency, query.currency) and rate.date <= day[0]]
    return Fraction(max(known, key=lambda rate: rate.date).rate) if known else Fraction(0)


def _text(row: Row, name: str) -> str:
    return str(row["raw"].get(name, ""))


def _key_text(row: Row, chosen: SiteFilter) -> str:
    if isinstance(chosen.key, PropertyKey):
        return _text(row, chosen.key.name)
    return str(row[{"page": "path", "event_name": "name"}[chosen.key.value]])


def _on_events(selection: SiteSelection) -> list[SiteFilter]:
    return [one for one in selection.filters if isinstance(one.key, PropertyKey) or one.key.value in ("page", "event_name")]


def _on_visits(selection: SiteSelection) -> list[SiteFilter]:
    return [one for one in selection.filters if one not in _on_events(selection)]


def _is_traffic(is_bot: int, bots: Bots) -> bool:
    return bots is Bots.INCLUDE or bool(is_bot) == (bots is Bots.ONLY)


def _place(row: Row) -> tuple[int, int]:
    return row["timestamp"], row["position"]
