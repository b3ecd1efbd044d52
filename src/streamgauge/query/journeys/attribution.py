"""Conversions and revenue by a key of the visits that led to them.

Whose visits: those of the event's own visitor, and of all visitors who ever sent an event with its customer id on the website; no
further. A payment that a server reports may have only a customer. Which visits: those that began in the lookback window, which
ends with the event (t - lookback, t]. A refund that names the order of a known sale is credited as that sale is: by the sale's
time, visitor and customer; its amount stays of the day on which it was paid back.

Exact: shares are whole numbers of billionths, cut towards zero; what is left goes to the last visit. So the parts of an event add
up to it, and the rows to the whole, which comes from the same statement.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import replace

from streamgauge.kernel.analytics import EVENT_DIMENSIONS, AttributionAnswer, AttributionModel, AttributionQuery, AttributionRow
from streamgauge.kernel.money import EXACT, Amount, convert
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.query.clauses import Snapshot, where
from streamgauge.query.site.aggregates import IS_ORDER, IS_PAYMENT, currency
from streamgauge.query.site.comparison import compares, converts
from streamgauge.query.site.exchange import Exchange, billionths
from streamgauge.query.site.scope import Scope, of_range, select
from streamgauge.store import Statement

Rows = Sequence[tuple[Any, ...]]

_DIGITS = 9
_ONE = 10**_DIGITS
_EVER_MS = 2**53
_EPOCH = date(1970, 1, 1).toordinal()
# Which of an event's visits, counted from 1 in the order in which they began, are credited.
_CREDITED = {
    AttributionModel.FIRST_TOUCH: "[1]",
    AttributionModel.LAST_TOUCH: "[greatest(length(touches), 1)]",
    AttributionModel.LINEAR: "range(1, greatest(length(touches), 1) + 1)",
}


class Attribution(msgspec.Struct, frozen=True):
    """A checked question."""

    query: AttributionQuery

    @property
    def project_id(self) -> str:
        return self.query.selection.project_id

    def compile(self, snapshot: Snapshot) -> list[Statement]:
        """One statement. Its rows: kind, value, currency, day, place, number of values, revenue, billionths, orders, conversions.

        kind 0: a value, 1: what no visit is credited with, 2: a currency and day of the whole.
        """
        scope = Scope(self.query.selection, snapshot)
        bindings = scope.bindings
        sums = (
            "SELECT is_credited, value, currency, day, sum(parts) AS parts, sum(orders) AS orders,\n"
            "  sum(conversions) AS conversions\n"
            f"FROM (\n{self._credits(scope)}\n)\nGROUP BY is_credited, value, currency, day"
        )
        priced = Exchange(self.query.currency, self.query.rates).priced(sums, bindings)
        sorted_out = (
            "SELECT multiIf(grouping(value) = 1, 2, is_credited, 0, 1) AS kind, value, currency, day, sum(revenue) AS revenue,\n"
            "  sum(parts) AS parts, sum(orders) AS orders, sum(conversions) AS conversions\n"
            f"FROM (\n{priced}\n)\nGROUP BY GROUPING SETS ((is_credited, value), (currency, day))"
        )
        placed = (
            "SELECT kind, value, currency, day,\n"
            "  row_number() OVER (PARTITION BY kind ORDER BY revenue DESC, conversions DESC, value) AS place,\n"
            "  count() OVER (PARTITION BY kind) AS total, revenue, parts, orders, conversions\n"
            f"FROM (\n{sorted_out}\n)"
        )
        first, last = (bindings.whole(bound) for bound in (self.query.offset, self.query.offset + self.query.limit))
        shown = f"kind != 0 OR place = 1 OR (place > {first} AND place <= {last})"
        return [
            Statement(
                "site.attribution", f"SELECT *\nFROM (\n{placed}\n)\nWHERE {shown}\nORDER BY kind, place", bindings.values()
            )
        ]

    def read(self, results: Sequence[Rows]) -> AttributionAnswer:
        query = self.query
        exchange = Exchange(query.currency, query.rates)
        rows = []
        unattributed = AttributionRow("", Decimal(0), Decimal(0), Decimal(0))
        amounts = []
        values = 0
        for kind, value, currency_name, day, place, total, revenue, parts, orders, conversions in results[0]:
            if kind == 2:
                amounts.append(Amount(currency_name, date.fromordinal(day + _EPOCH).isoformat(), _number(parts)))
                continue
            row = AttributionRow(value, _number(conversions), _number(orders), exchange.amount(revenue))
            if kind == 1:
                unattributed = row
                continue
            values = total
            if query.offset < place <= query.offset + query.limit:
                rows.append(row)
        return AttributionAnswer(tuple(rows), unattributed, values, convert(amounts, query.currency, query.rates))

    def _credits(self, scope: Scope) -> str:
        """One row per event and credited visit: SELECT is_credited, value, currency, day, parts, orders, conversions."""
        filters = scope.visit_filters
        kept = [
            compares(f"touch.{place}", chosen.operator, chosen.values, scope.bindings) for place, chosen in enumerate(filters, 4)
        ]
        shares = ", ".join(
            f"intDiv({whole}, ways) + if(place = ways, {whole} - intDiv({whole}, ways) * ways, 0) AS {name}"
            for whole, name in (("amount", "parts"), ("ordered_parts", "orders"), ("converted_parts", "conversions"))
        )
        shared = (
            f"SELECT *, {_CREDITED[self.query.model]} AS places, length(places) AS ways, arrayJoin(places) AS place,\n"
            f"  touches[place] AS touch\nFROM (\n{self._touched(scope)}\n)"
        )
        return f"SELECT notEmpty(touches) AS is_credited, touch.3 AS value, currency, day, {shares}\nFROM (\n{shared}\n)" + (
            f"\n{where(kept)}" if kept else ""
        )

    def _touched(self, scope: Scope) -> str:
        """The events, each with `touches`: its visits as (began, visit, value, texts of the filters' keys), first to last."""
        keys = [self.query.key.value, *(str(chosen.key) for chosen in scope.visit_filters)]
        visits = [*scope.site(), *scope.visit_bots(), f"started_at < {scope.end()}", "visitor != 0"]
        # The same key may be filtered by that is asked for, so columns get names of their own.
        columns = ", ".join(f"toString({key}) AS key_{place}" for place, key in enumerate(keys))
        known = select(
            f"visitor AS who, toUnixTimestamp64Milli(started_at) AS began_ms, visit, {columns}", "visits FINAL", visits
        )
        texts = ", ".join(f"key_{place}" for place in range(len(keys)))
        before = "at_ms - began_ms"
        led = f"visit != 0 AND {before} >= 0 AND {before} < {scope.bindings.whole(self.query.lookback_ms)}"
        carried = ("currency", "day", "amount", "ordered_parts", "converted_parts")
        # The events are the side that is kept in memory; there are fewer of them than visits.
        return (
            f"SELECT {', '.join(f'any({column}) AS {column}' for column in carried)},\n"
            f"  arraySort(groupArrayIf((began_ms, visit, {texts}), {led})) AS touches\n"
            f"FROM (\n{known}\n) AS known\nRIGHT JOIN (\n"
            f"SELECT *, arrayJoin(arrayDistinct(arrayPushBack(visitors, visitor))) AS who\nFROM (\n{self._joined(scope)}\n)"
            "\n) AS people ON known.who = people.who\nGROUP BY position"
        )

    def _joined(self, scope: Scope) -> str:
        """The events, each with all visitors of its customer: adds `visitors` to _happened."""
        ever = scope.beside(replace(of_range(scope.selection, -_EVER_MS, _EVER_MS), filters=()))
        customers = f"SELECT customer_id\nFROM (\n{self._happened(scope)}\n)"
        seen = [*ever.events(), "visitor != 0", "customer_id != ''", f"customer_id IN ({customers})"]
        known = select("customer_id, groupUniqArray(visitor) AS visitors", "events", seen)
        return (
            f"SELECT happened.*, known.visitors AS visitors\nFROM (\n{self._happened(scope)}\n) AS happened\n"
            f"LEFT JOIN (\n{known}\nGROUP BY customer_id\n) AS known ON happened.customer_id = known.customer_id"
        )

    def _happened(self, scope: Scope) -> str:
        """Conversions and payments of the range, with the time, visitor and customer by which they are credited.

        SELECT position, currency, day, amount, ordered_parts, converted_parts, at_ms, visitor, customer_id; amounts and parts in
        billionths.
        """
        bindings = scope.bindings
        is_conversion = converts(self.query.conversions, bindings) if self.query.conversions else "false"
        amount = billionths("toDecimal256(numbers['amount'], 9)")
        columns = (
            "position, toUnixTimestamp64Milli(timestamp) AS happened_ms, visitor AS own_visitor, customer_id AS own_customer",
            f"toInt64(toInt32(toDate32(timestamp))) AS day, {currency(self.query.currency, bindings)} AS currency",
            f"{IS_PAYMENT} AS is_payment, is_payment AND ({IS_ORDER}) AS is_order",
            f"if(is_payment, {amount}, toInt256(0)) AS amount",
            f"toInt64(if(is_order, {_ONE}, 0)) AS ordered_parts, toInt64(if({is_conversion}, {_ONE}, 0)) AS converted_parts",
            "if(is_payment AND NOT is_order, strings['order_id'], '') AS refunded_order",
        )
        found = [*scope.events(of_kept_visits=False), f"(({is_conversion}) OR ({IS_PAYMENT}))"]
        happened = select(",\n  ".join(columns), "events", found)
        ever = scope.beside(replace(of_range(scope.selection, -_EVER_MS, scope.selection.end_ms), filters=()))
        sold = [*ever.events(), IS_PAYMENT, f"({IS_ORDER})", "strings['order_id'] != ''"]
        sale = "argMin((toUnixTimestamp64Milli(timestamp), visitor, customer_id), (timestamp, position)) AS sale"
        sales = select(f"strings['order_id'] AS order_id, 1 AS is_known, {sale}", "events", sold)
        return (
            "SELECT position, currency, day, amount, ordered_parts, converted_parts,\n"
            "  if(is_known, sale.1, happened_ms) AS at_ms, if(is_known, sale.2, own_visitor) AS visitor,\n"
            "  if(is_known, sale.3, own_customer) AS customer_id\n"
            f"FROM (\n{happened}\n) AS own\nLEFT JOIN (\n{sales}\nGROUP BY order_id\n) AS sold\n"
            "ON own.refunded_order = sold.order_id"
        )


def ask_attribution(query: AttributionQuery) -> Attribution:
    """Raises Refusal RANGE_REVERSED, INVALID_PARAMETER."""
    if query.selection.end_ms < query.selection.start_ms:
        raise Refusal(Reason.RANGE_REVERSED, "The range ends before it starts")
    if query.key in EVENT_DIMENSIONS:
        expected = "a key of visits, such as channel, utm_campaign or entry_page"
        raise Refusal(
            Reason.INVALID_PARAMETER, "Visits are what conversions are credited to", field="dimension", expected=expected
        )
    if query.lookback_ms < 1:
        raise Refusal(
            Reason.INVALID_PARAMETER, "The lookback window is at least a millisecond long", field="lookback", expected="positive"
        )
    if query.limit < 1 or query.offset < 0:
        raise Refusal(Reason.INVALID_PARAMETER, "A page holds at least one row and begins at 0 or later", field="limit")
    return Attribution(query)


def _number(billionth_parts: int) -> Decimal:
    return EXACT.scaleb(Decimal(billionth_parts), -_DIGITS)
