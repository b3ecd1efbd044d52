"""How many visitors came again in later days, weeks or months, by the bucket of their first visit ever on the website.

The filters choose first visits: whom a kept first visit brought is then followed through all later visits or returning events,
whatever these are like. Which traffic counts (bots) is asked of all of them.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from streamgauge.kernel import calendar
from streamgauge.kernel.analytics import Cohort, RetentionAnswer, RetentionQuery
from streamgauge.kernel.query import Window
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.query.clauses import Snapshot
from streamgauge.query.site.comparison import converts
from streamgauge.query.site.scope import Scope, select
from streamgauge.query.timetable import bucket_start
from streamgauge.store import Statement

Rows = Sequence[tuple[Any, ...]]

MOST_COHORTS = 400
"""Each cohort has a count for every bucket after it; so many still fit into the rows that one statement may give."""
_WINDOWS = (Window.DAY, Window.WEEK, Window.MONTH)


class Retention(msgspec.Struct, frozen=True):
    """A checked question. edges: starts of the buckets of the range."""

    query: RetentionQuery
    edges: tuple[int, ...]

    @property
    def project_id(self) -> str:
        return self.query.selection.project_id

    def compile(self, snapshot: Snapshot) -> list[Statement]:
        """One statement. Its rows: start of the cohort, start of a bucket in which visitors came (None: the cohort), visitors."""
        if not self.edges:
            return []
        scope = Scope(self.query.selection, snapshot)
        ever = [*scope.site(), *scope.visit_bots(), f"started_at < {scope.end()}"]
        first = select("visitor, min(started_at) AS first_at, argMin(visit, started_at) AS first_visit", "visits FINAL", ever)
        found = [f"first_at >= {scope.start()}"]
        if self.query.selection.filters:
            found.append(f"first_visit IN ({select('visit', 'visits FINAL', scope.begun())})")
        cohorts = select(f"visitor, {self._bucket('first_at', scope)} AS cohort", f"(\n{first}\nGROUP BY visitor\n)", found)
        seen = f"SELECT visitor, groupUniqArray({self._bucket('seen_at', scope)}) AS buckets\nFROM (\n{self._seen(scope)}\n)"
        sql = (
            "SELECT cohort, arrayJoin(arrayPushBack(CAST(buckets, 'Array(Nullable(Int64))'), NULL)) AS bucket, count()\n"
            f"FROM (\n{cohorts}\n) AS cohorts\nLEFT JOIN (\n{seen}\nGROUP BY visitor\n) AS seen\n"
            "ON seen.visitor = cohorts.visitor\n"
            "GROUP BY cohort, bucket"
        )
        return [Statement("site.retention", sql, scope.bindings.values())]

    def read(self, results: Sequence[Rows]) -> RetentionAnswer:
        counts = {(cohort, bucket): visitors for rows in results for cohort, bucket, visitors in rows}
        cohorts = []
        for place, start in enumerate(self.edges):
            followed = self.edges[place : place + self.query.periods + 1]
            returned = tuple(counts.get((start, bucket), 0) for bucket in followed)
            cohorts.append(Cohort(start, counts.get((start, None), 0), returned))
        return RetentionAnswer(tuple(cohorts))

    def _seen(self, scope: Scope) -> str:
        """When visitors came, in the range: SELECT visitor, seen_at."""
        if self.query.returning is None:
            visits = [*scope.site(), *scope.visit_bots(), f"started_at >= {scope.start()}", f"started_at < {scope.end()}"]
            return select("visitor, started_at AS seen_at", "visits FINAL", visits)
        unfiltered = scope.beside(replace(self.query.selection, filters=()))
        happened = [*unfiltered.events(), "visitor != 0", converts((self.query.returning,), scope.bindings)]
        return select("visitor, timestamp AS seen_at", "events", happened)

    def _bucket(self, instant: str, scope: Scope) -> str:
        return bucket_start(f"toUnixTimestamp64Milli({instant})", self.edges, self.query.selection.end_ms, scope.bindings)


def ask_retention(query: RetentionQuery, bucket_limit: int) -> Retention:
    """Raises Refusal RANGE_REVERSED, INVALID_PARAMETER, TOO_MANY_BUCKETS."""
    selection = query.selection
    if selection.end_ms < selection.start_ms:
        raise Refusal(Reason.RANGE_REVERSED, "The range ends before it starts")
    if query.window not in _WINDOWS:
        expected = "one of day, week, month"
        raise Refusal(Reason.INVALID_PARAMETER, "Cohorts are days, weeks or months", field="interval", expected=expected)
    if query.periods < 0:
        raise Refusal(
            Reason.INVALID_PARAMETER, "The number of periods must not be negative", field="periods", expected="integer from 0"
        )
    limit = min(bucket_limit, MOST_COHORTS)
    return Retention(query, tuple(calendar.edges(selection.start_ms, selection.end_ms, query.window, query.calendar, limit)))
