"""A SiteQuery as a list of statements, and their rows as a SiteAnswer."""

from collections.abc import Sequence
from typing import Any

import msgspec

from streamgauge.kernel.analytics import SiteAnswer, SiteQuery
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.query.clauses import Snapshot
from streamgauge.query.site.breakdown import Table
from streamgauge.query.site.totals import Totals
from streamgauge.store import Statement


class SiteQuestion(msgspec.Struct, frozen=True):
    """A checked query. Its statements need nothing of one another, so they may run at the same time.

    Breakdowns come first: the longest statements are among them.
    """

    project_id: str
    tables: tuple[Table, ...]
    totals: Totals
    compared: Totals | None

    def compile(self, snapshot: Snapshot) -> list[Statement]:
        return [statement for section in self._sections() for statement in section.compile(snapshot)]

    def read(self, results: Sequence[Sequence[tuple[Any, ...]]]) -> SiteAnswer:
        """results: the rows of each statement, in their order."""
        remaining = iter(results)
        tables = tuple(table.read([next(remaining)]) for table in self.tables)
        totals = self.totals.read(remaining)
        compared = None if self.compared is None else self.compared.read(remaining)
        return SiteAnswer(totals, compared, tables)

    def _sections(self) -> list[Table | Totals]:
        return [*self.tables, self.totals, *([] if self.compared is None else [self.compared])]


def ask_site(query: SiteQuery, bucket_limit: int) -> SiteQuestion:
    """Check the query and cut its buckets. Raises Refusal: RANGE_REVERSED, INVALID_PARAMETER, TOO_MANY_BUCKETS."""
    ranges = [(query.selection.start_ms, query.selection.end_ms), *([] if query.compare is None else [query.compare])]
    if any(end_ms < start_ms for start_ms, end_ms in ranges):
        raise Refusal(Reason.RANGE_REVERSED, "The range ends before it starts")
    for breakdown in query.breakdowns:
        if breakdown.limit < 0 or breakdown.offset < 0:
            raise Refusal(Reason.INVALID_PARAMETER, "A limit or offset is below 0", field="limit", expected="0 or more")
    totals = [Totals.of(query, start_ms, end_ms, bucket_limit) for start_ms, end_ms in ranges]
    tables = tuple(Table(query, breakdown) for breakdown in query.breakdowns)
    return SiteQuestion(query.selection.project_id, tables, totals[0], totals[1] if query.compare is not None else None)
