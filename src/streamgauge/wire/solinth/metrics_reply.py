"""The answer of GET /v1/metrics.

    {"value", "count"}                                                  without an interval
    {"data": [{"date", "value"}], "total"}                              with one
    beside it, with group_by: "groups": [{"group": {name: text}, ...the same}], "total_groups", "truncated"
    and with compare: "compare": {"from", "to", ...the same, "difference", "change"}
    With a formula `count` is absent, and "a" and "b" stand beside each value that is made of them.

- Buckets without events are 0 for count, sum and unique, and left out for every other metric; the value of a formula is null
  where it has none, and its buckets are all there.
- Groups come with the largest value first; those without a value last; equals by their texts. `total` and `value` are over all
  events, whatever the groups. In a grouped answer with an interval the series are those of the groups.
- total is the metric over the whole range: for count and sum the sum of the points, for all others not.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from streamgauge.kernel.calendar import edges, label
from streamgauge.kernel.query import Aggregation, Filter, MetricAnswer, MetricQuery, Number, Point, PropertyKey
from streamgauge.wire.numbers import json_number
from streamgauge.wire.solinth.formula import difference, quotient
from streamgauge.wire.solinth.metrics import MetricRequest
from streamgauge.wire.timestamps import format_instant

_ZERO_WHEN_EMPTY = frozenset({Aggregation.COUNT, Aggregation.SUM, Aggregation.UNIQUE})

MAX_POINTS = 200_000
"""Most points of all series of one answer together."""

Group = tuple[str, ...]
Json = dict[str, Any]


class Ranked(NamedTuple):
    """The groups to show, in order, and how many there are."""

    shown: tuple[Group, ...]
    total: int


class Measured(NamedTuple):
    """The answers for one range, one per side of the request.

    totals: of the whole range, by group when grouped; ungrouped with an interval they hold the series too.
    series: grouped with an interval only; of the groups to show.
    """

    totals: Sequence[MetricAnswer]
    series: Sequence[MetricAnswer] = ()


def totals_queries(request: MetricRequest) -> tuple[MetricQuery, ...]:
    """What to ask for Measured.totals."""
    if not request.is_grouped:
        return request.sides
    return tuple(msgspec.structs.replace(side, window=None) for side in request.sides)


def series_queries(request: MetricRequest, ranked: Ranked) -> tuple[MetricQuery, ...]:
    """What to ask for Measured.series; nothing when there is no such. Raises Refusal too_many_buckets."""
    if not request.is_grouped or request.first.window is None or not ranked.shown:
        return ()
    _edges(request.first, MAX_POINTS // len(ranked.shown))
    keys = [key for key in request.first.group_by if isinstance(key, PropertyKey)]
    # Only groups that are shown can come of it, and for several keys some more, which are left out later.
    only = tuple(Filter(key, tuple(sorted(set(texts)))) for key, texts in zip(keys, zip(*ranked.shown, strict=True), strict=True))
    return tuple(
        msgspec.structs.replace(side, selection=msgspec.structs.replace(side.selection, filters=(*side.selection.filters, *only)))
        for side in request.sides
    )


def in_range(request: MetricRequest, range_: tuple[int, int]) -> MetricRequest:
    """The same questions about another range."""
    start_ms, end_ms = range_
    return msgspec.structs.replace(
        request,
        sides=tuple(
            msgspec.structs.replace(side, selection=msgspec.structs.replace(side.selection, start_ms=start_ms, end_ms=end_ms))
            for side in request.sides
        ),
    )


def rank(request: MetricRequest, totals: Sequence[MetricAnswer]) -> Ranked:
    """The groups with the largest values; none when the request has no groups."""
    if not request.is_grouped:
        return Ranked((), 0)
    by_group = _by_group(request, totals)
    values = {group: _value(request, sides) for group, sides in by_group.items()}
    in_order = sorted(sorted(values), key=lambda group: _largest_first(values[group]))
    return Ranked(tuple(in_order[: request.limit]), len(in_order))


def render_metrics(request: MetricRequest, ranked: Ranked, own: Measured, compared: Measured | None) -> bytes:
    """The whole answer. compared: what was measured in the range to compare with."""
    return msgspec.json.encode(metrics_object(request, ranked, own, compared))


def metrics_object(request: MetricRequest, ranked: Ranked, own: Measured, compared: Measured | None) -> Json:
    """The whole answer, ready to be encoded."""
    now = _Side(request, own)
    before = None if compared is None or request.compare is None else _Side(in_range(request, request.compare), compared)
    reply = now.whole()
    if before is not None:
        reply["compare"] = before.range_names() | before.whole() | _change(now.value(), before.value())
    if request.is_grouped:
        reply["groups"] = [_group(request, group, now, before) for group in ranked.shown]
        reply["total_groups"] = ranked.total
        reply["truncated"] = ranked.total > len(ranked.shown)
    return reply


def _group(request: MetricRequest, group: Group, now: "_Side", before: "_Side | None") -> Json:
    names = [key.name for key in request.first.group_by if isinstance(key, PropertyKey)]
    reply = {"group": dict(zip(names, group, strict=True))} | now.of_group(group)
    if before is not None:
        reply["compare"] = before.of_group(group) | _change(now.value(group), before.value(group))
    return reply


class _Side:
    """The answers about one range, looked up by group and bucket."""

    def __init__(self, request: MetricRequest, measured: Measured) -> None:
        self._request = request
        self._totals = [Point(0, answer.value, answer.count) for answer in measured.totals]
        self._by_group = _by_group(request, measured.totals) if request.is_grouped else {}
        self._series = _by_bucket(measured.series if request.is_grouped else measured.totals)
        # Points of groups are only there where the group has events; all buckets are shown.
        self._edges = _edges(request.first, MAX_POINTS) if request.is_grouped else ()

    def range_names(self) -> Json:
        selection = self._request.first.selection
        return {"from": format_instant(selection.start_ms), "to": format_instant(selection.end_ms)}

    def value(self, group: Group = ()) -> Number | None:
        return _value(self._request, self._sides(group))

    def whole(self) -> Json:
        """The answer over all events; in grouped ones without a series."""
        return self._shape((), with_series=not self._request.is_grouped)

    def of_group(self, group: Group) -> Json:
        return self._shape(group, with_series=True)

    def _sides(self, group: Group) -> Sequence[Point]:
        if not group:
            return self._totals
        return self._by_group.get(group) or _filled(self._request, {}, 0)

    def _shape(self, group: Group, *, with_series: bool) -> Json:
        sides = self._sides(group)
        value = json_number(_value(self._request, sides))
        if self._request.first.window is None:
            if self._request.formula is None:
                return {"value": value, "count": sides[0].count}
            return {"value": value} | self._parts(sides)
        total = {"total": value} | (self._parts(sides) if self._request.formula is not None else {})
        return {"data": self._data(group)} | total if with_series else total

    def _parts(self, sides: Sequence[Point]) -> Json:
        return {
            name: {"value": json_number(_shown(query, point.value)), "count": point.count}
            for name, query, point in zip(("a", "b"), self._request.sides, sides, strict=False)
        }

    def _data(self, group: Group) -> list[Json]:
        buckets = self._series.get(group, {})
        request, first = self._request, self._request.first
        assert first.window is not None
        data = []
        for start_ms in self._edges or sorted(buckets):
            sides = _filled(request, buckets.get(start_ms, {}), start_ms)
            value = _value(request, sides)
            bucket: Json = {"date": label(start_ms, first.window, first.calendar), "value": json_number(value)}
            if request.formula is not None:
                for name, query, point in zip(("a", "b"), request.sides, sides, strict=False):
                    bucket[name] = json_number(_shown(query, point.value))
            elif value is None:
                continue
            data.append(bucket)
        return data


def _by_group(request: MetricRequest, totals: Sequence[MetricAnswer]) -> Mapping[Group, Sequence[Point]]:
    """Of every group that any side has, one point per side."""
    found: dict[Group, dict[int, Point]] = {}
    for place, answer in enumerate(totals):
        for point in answer.points:
            found.setdefault(point.group, {})[place] = point
    return {group: _filled(request, sides, 0) for group, sides in found.items()}


def _by_bucket(answers: Iterable[MetricAnswer]) -> Mapping[Group, Mapping[int, Mapping[int, Point]]]:
    """By group, start and side."""
    found: dict[Group, dict[int, dict[int, Point]]] = {}
    for place, answer in enumerate(answers):
        for point in answer.points:
            found.setdefault(point.group, {}).setdefault(point.start_ms, {})[place] = point
    return found


def _filled(request: MetricRequest, sides: Mapping[int, Point], start_ms: int) -> list[Point]:
    return [sides.get(place) or Point(start_ms, None, 0) for place in range(len(request.sides))]


def _edges(query: MetricQuery, limit: int) -> Sequence[int]:
    """The starts of all points of a series; none without an interval."""
    if query.window is None:
        return ()
    return edges(query.selection.start_ms, query.selection.end_ms, query.window, query.calendar, limit)


def _value(request: MetricRequest, sides: Sequence[Point]) -> Number | None:
    values = [_shown(query, point.value) for query, point in zip(request.sides, sides, strict=True)]
    if request.formula is None:
        return values[0]
    return request.formula.value(values[0], values[-1])


def _shown(query: MetricQuery, value: Number | None) -> Number | None:
    return 0 if value is None and query.aggregation in _ZERO_WHEN_EMPTY else value


def _largest_first(value: Number | None) -> tuple[bool, Number]:
    return value is None, 0 if value is None else -value


def _change(value: Number | None, before: Number | None) -> Json:
    """difference: value - before. change: it as a share of before's size; null where before is 0."""
    if value is None or before is None:
        return {"difference": None, "change": None}
    apart = difference(value, before)
    share = quotient(apart, before)
    return {"difference": json_number(apart), "change": json_number(share if share is None or before > 0 else -share)}
