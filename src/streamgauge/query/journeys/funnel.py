"""How many visitors took each of several steps, in order and within a time, and how long they took.

Every event of the first step in the range is an entry. From it the way goes to the earliest later event of the second step, from
that to the earliest later event of the third, and so on; events of the same millisecond follow one another as they stand in
the journal. One event is at most one step of a way. Of a visitor's ways the one that leads furthest counts, the earliest of those
that lead equally far.

The engine's own windowFunnel lets several events of one millisecond stand in any order and tells no times, hence the chain of
ASOF joins: each finds the next step for all ways at once, in n log n, and holds only the events of one step in memory.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from streamgauge.kernel.analytics import FunnelAnswer, FunnelQuery, FunnelStepAnswer
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.query.clauses import Snapshot
from streamgauge.query.site.comparison import converts
from streamgauge.query.site.credit import credited
from streamgauge.query.site.measures import DIVISION
from streamgauge.query.site.scope import Scope, of_range, select
from streamgauge.store import Statement

Rows = Sequence[tuple[Any, ...]]

FEWEST_STEPS, MOST_STEPS = 2, 8
LONGEST_MS = 366 * 24 * 60 * 60 * 1000
_BEYOND_POSITIONS = 2**63
# Of an event: its time, then its position, as one number; below 2^107 for every time that the store can hold.
_MOMENT = f"toInt128(toUnixTimestamp64Milli(timestamp)) * {_BEYOND_POSITIONS} + position"
_MOMENT_BITS = 108
_NEVER = "bitShiftLeft(toInt128(1), 126)"


class Funnel(msgspec.Struct, frozen=True):
    """A checked question."""

    query: FunnelQuery

    @property
    def project_id(self) -> str:
        return self.query.selection.project_id

    def compile(self, snapshot: Snapshot) -> list[Statement]:
        """One statement of one row: visitors of each step, then the two middle times of each later one (one may be both)."""
        selection = self.query.selection
        scope = Scope(of_range(selection, selection.start_ms, selection.end_ms + self.query.within_ms), snapshot)
        ways = self._ways(scope)
        count = len(self.query.steps)
        depth = " + ".join(f"(moment_{place} != {_NEVER})" for place in range(1, count + 1))
        times = ", ".join(f"ms_{place}" for place in range(1, count + 1))
        counted = (
            f"SELECT visitor, toInt64({depth}) AS depth, [{times}] AS times,\n"
            f"  bitShiftLeft(toInt128(depth), {_MOMENT_BITS}) - moment_1 AS merit\nFROM (\n{ways}\n)"
        )
        best = f"SELECT argMax(depth, merit) AS steps, argMax(times, merit) AS times\nFROM (\n{counted}\n)\nGROUP BY visitor"
        columns = [f"countIf(steps >= {place})" for place in range(1, count + 1)]
        for place in range(2, count + 1):
            taken = f"(times[{place}] - times[{place - 1}], steps >= {place})"
            columns += [f"quantileExactLowIf(0.5){taken}", f"quantileExactHighIf(0.5){taken}"]
        return [Statement("site.funnel", f"SELECT {', '.join(columns)}\nFROM (\n{best}\n)", scope.bindings.values())]

    def read(self, results: Sequence[Rows]) -> FunnelAnswer:
        ((row,),) = results
        count = len(self.query.steps)
        reached, middles = row[:count], row[count:]
        answers = []
        for place, step in enumerate(self.query.steps):
            before = reached[max(place - 1, 0)]
            median = None
            if place and reached[place]:
                low, high = middles[2 * place - 2 : 2 * place]
                median = (low + high) // 2
            rates = _share(reached[place], reached[0]), _share(reached[place], before)
            answers.append(FunnelStepAnswer(step.name, reached[place], *rates, median))
        return FunnelAnswer(tuple(answers))

    def _ways(self, scope: Scope) -> str:
        """One row per entry: of each step moment_<n> (_NEVER: not reached in time) and ms_<n>."""
        entries = f"SELECT visitor, moment AS moment_1, ms AS ms_1\nFROM (\n{self._step(scope, 0)}\n)"
        found = f"{entries}\nWHERE ms < {scope.bindings.whole(self.query.selection.end_ms)}"
        within = scope.bindings.whole(self.query.within_ms)
        for place in range(2, len(self.query.steps) + 1):
            # What is not reached is farther away than every event, so nothing follows it.
            reached = f"later.is_met = 1 AND later.ms - way.ms_1 <= {within}"
            found = (
                f"SELECT way.*, if({reached}, later.moment, {_NEVER}) AS moment_{place}, later.ms AS ms_{place}\n"
                f"FROM (\n{found}\n) AS way\nASOF LEFT JOIN (\n{self._step(scope, place - 1)}\n) AS later\n"
                f"ON way.visitor = later.visitor AND way.moment_{place - 1} < later.moment"
            )
        return found

    def _step(self, scope: Scope, place: int) -> str:
        """The events of one step: SELECT visitor, moment, ms, is_met."""
        happened = [*scope.events(of_kept_visits=False), "visitor != 0"]
        happened.append(converts((self.query.steps[place].match,), scope.bindings))
        events = credited(scope, select("visitor, timestamp, position", "events", happened), ())
        return f"SELECT visitor, {_MOMENT} AS moment, toUnixTimestamp64Milli(timestamp) AS ms, 1 AS is_met\nFROM (\n{events}\n)"


def ask_funnel(query: FunnelQuery) -> Funnel:
    """Raises Refusal RANGE_REVERSED, INVALID_PARAMETER."""
    if query.selection.end_ms < query.selection.start_ms:
        raise Refusal(Reason.RANGE_REVERSED, "The range ends before it starts")
    if not FEWEST_STEPS <= len(query.steps) <= MOST_STEPS:
        expected = f"{FEWEST_STEPS} to {MOST_STEPS} steps"
        raise Refusal(Reason.INVALID_PARAMETER, f"A funnel has {expected}", field="steps", expected=expected)
    if not 1 <= query.within_ms <= LONGEST_MS:
        raise Refusal(
            Reason.INVALID_PARAMETER,
            "The time within which a funnel is passed is at least a millisecond and at most 366 days",
            field="within",
            expected="1 millisecond to 366 days",
        )
    return Funnel(query)


def _share(part: int, whole: int) -> Decimal | None:
    return DIVISION.divide(Decimal(part), Decimal(whole)) if whole else None
