"""What a statement about a website may see: the WHERE clauses on visits and on events, and the way from one to the other.

The rules, which docs/analytics.md states for readers:

- visits count when they began in the range; events when they happened in it.
- A filter on a key of visits keeps visits and the events of these visits, whenever the visits began. An event without a visit
  is of none of them.
- A filter on a key of events keeps events, and visits that have at least one kept event in the range.
- Conversions and payments belong to the visit they are credited to (credit.py), so filters on visits ask that one.

An event is stamped with the visit that it was in when it was loaded. `visit_aliases` leads from the number of a visit that was
joined to another one to the number that is in force; rows that lead to a number no longer in force meet nothing.
"""

import msgspec

from streamgauge.kernel.analytics import EVENT_DIMENSIONS, Bots, Dimension, SiteFilter, SiteSelection
from streamgauge.kernel.event import EventFlag
from streamgauge.kernel.query import PropertyKey, Selection
from streamgauge.query.clauses import Bindings, Snapshot, conditions, where
from streamgauge.query.site.comparison import compares, event_text


class Scope:
    """The clauses of one statement; it collects the statement's values."""

    def __init__(self, selection: SiteSelection, snapshot: Snapshot) -> None:
        self.selection = selection
        self.bindings = Bindings()
        self._snapshot = snapshot
        self._on_events = [chosen for chosen in selection.filters if is_of_events(chosen.key)]
        self._on_visits = [chosen for chosen in selection.filters if not is_of_events(chosen.key)]

    def beside(self, selection: SiteSelection) -> "Scope":
        """Another selection in the same statement: it adds to the same values."""
        other = Scope(selection, self._snapshot)
        other.bindings = self.bindings
        return other

    @property
    def filters_events(self) -> bool:
        return bool(self._on_events)

    @property
    def visit_filters(self) -> list[SiteFilter]:
        return list(self._on_visits)

    def start(self) -> str:
        return self.bindings.instant(self.selection.start_ms)

    def end(self) -> str:
        return self.bindings.instant(self.selection.end_ms)

    def begun(self, *, with_kept_events: bool = True) -> list[str]:
        """Of visits: began in the range, and kept by all filters.

        with_kept_events: also by those on events. Without it the caller joins the visits of kept events.
        """
        found = [*self.site(), f"started_at >= {self.start()}", f"started_at < {self.end()}", *self.visit_bots()]
        found += self._visit_conditions()
        if with_kept_events and self._on_events:
            stamps = select("DISTINCT visit", "events", self.events(of_kept_visits=False))
            found.append(f"visit IN ({self.visits_of(stamps)})")
        return found

    def present(self) -> list[str]:
        """Of visits: may have events in the range, and kept by the filters on visits."""
        found = [*self.site(), f"started_at < {self.end()}", f"ended_at >= {self.start()}", *self.visit_bots()]
        return found + self._visit_conditions()

    def events(self, *, of_kept_visits: bool = True) -> list[str]:
        """Of events: happened in the range, in force, and kept by all filters.

        of_kept_visits: also by those on visits. Without it the caller asks the visit that an event is credited to.
        """
        selection = self.selection
        found = conditions(Selection(selection.project_id, selection.start_ms, selection.end_ms), self._snapshot, self.bindings)
        found.append(f"website_id = {self.bindings.text(selection.website_id)}")
        found += self._event_bots()
        for chosen in self._on_events:
            found.append(compares(event_text(chosen.key, self.bindings), chosen.operator, chosen.values, self.bindings))
        if of_kept_visits and self._on_visits:
            found.append(f"visit IN ({self.stamps_of(self.present())})")
        return found

    def site(self) -> list[str]:
        selection = self.selection
        return [
            f"project_id = {self.bindings.text(selection.project_id)}",
            f"website_id = {self.bindings.text(selection.website_id)}",
        ]

    def visit_bots(self) -> list[str]:
        match self.selection.bots:
            case Bots.INCLUDE:
                return []
            case Bots.EXCLUDE:
                return ["bot = 0"]
            case Bots.ONLY:
                return ["bot = 1"]

    def stamps_of(self, visits: list[str]) -> str:
        """The numbers with which events of these visits are stamped. visits: conditions."""
        return self._renamed(select("visit", "visits FINAL", visits), known="visit", other="alias")

    def visits_of(self, stamps: str, keeping: tuple[str, ...] = ()) -> str:
        """The visits to which stamps of events lead. stamps: a SELECT of visit and of what is kept beside it."""
        return self._renamed(stamps, known="alias", other="visit", keeping=keeping)

    def _renamed(self, numbers: str, known: str, other: str, keeping: tuple[str, ...] = ()) -> str:
        """The numbers, and what the aliases add to them; the aliases are few, so they are the side that is kept in memory."""
        project = f"project_id = {self.bindings.text(self.selection.project_id)}"
        aliases = select(f"{known} AS number, groupArray({other}) AS others", "visit_aliases", [project])
        columns = "".join(f", numbers.{column} AS {column}" for column in keeping)
        return (
            f"SELECT arrayJoin(arrayConcat([numbers.visit], added.others)) AS visit{columns}\n"
            f"FROM (\n{numbers}\n) AS numbers\nLEFT JOIN (\n{aliases}\nGROUP BY number\n) AS added\n"
            "ON numbers.visit = added.number"
        )

    def _visit_conditions(self) -> list[str]:
        return [compares(str(chosen.key), chosen.operator, chosen.values, self.bindings) for chosen in self._on_visits]

    def _event_bots(self) -> list[str]:
        match self.selection.bots:
            case Bots.INCLUDE:
                return []
            case Bots.EXCLUDE:
                return [f"bitAnd(flags, {EventFlag.BOT.value}) = 0"]
            case Bots.ONLY:
                return [f"bitAnd(flags, {EventFlag.BOT.value}) != 0"]


def is_of_events(key: Dimension | PropertyKey) -> bool:
    return isinstance(key, PropertyKey) or key in EVENT_DIMENSIONS


def select(columns: str, table: str, found: list[str]) -> str:
    """Columns of the rows that fulfil all conditions."""
    return f"SELECT {columns}\nFROM {table}\n{where(found)}"


def of_range(selection: SiteSelection, start_ms: int, end_ms: int) -> SiteSelection:
    return msgspec.structs.replace(selection, start_ms=start_ms, end_ms=end_ms)
