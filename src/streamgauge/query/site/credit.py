"""To which visit a conversion or a payment is credited: the visitor's last one that began at or before it, within 30 days.

Nothing is credited to a visit of another website, nor to one that the question leaves out as a bot's. What no visit is credited
with has the empty text for every key of visits, and is kept by a filter that keeps the empty text.
"""

from streamgauge.kernel.analytics import Dimension
from streamgauge.query.clauses import where
from streamgauge.query.site.comparison import compares
from streamgauge.query.site.scope import Scope, select

CREDIT_DAYS = 30
_CREDIT_MS = CREDIT_DAYS * 24 * 60 * 60 * 1000


def credited(scope: Scope, events: str, keys: tuple[Dimension, ...]) -> str:
    """The rows of `events`, each with a column `credited_<key>` for every key; only those that the filters on visits keep.

    events: a SELECT of at least visitor and timestamp. keys: dimensions of visits, besides those that are filtered by.
    """
    filters = scope.visit_filters
    fields = sorted({key.value for key in keys} | {str(chosen.key) for chosen in filters})
    if not fields:
        return events
    began_ms = scope.selection.start_ms - _CREDIT_MS
    visits = [
        *scope.site(),
        f"started_at >= {scope.bindings.instant(began_ms)}",
        f"started_at < {scope.end()}",
        *scope.visit_bots(),
        f"visitor IN (SELECT visitor\nFROM (\n{events}\n))",
    ]
    within = f"toUnixTimestamp64Milli(timestamp) - toUnixTimestamp64Milli(started_at) <= {_CREDIT_MS}"
    known = select(f"visitor, started_at, {', '.join(fields)}", "visits FINAL", visits)
    columns = ", ".join(f"if({within}, {field}, '') AS credited_{field}" for field in fields)
    kept = [compares(f"credited_{chosen.key}", chosen.operator, chosen.values, scope.bindings) for chosen in filters]
    return (
        f"SELECT happened.*, {columns}\nFROM (\n{events}\n) AS happened\n"
        f"ASOF LEFT JOIN (\n{known}\n) AS visited\n"
        "ON happened.visitor = visited.visitor AND happened.timestamp >= visited.started_at"
        + (f"\n{where(kept)}" if kept else "")
    )
