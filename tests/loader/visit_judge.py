"""Visits as DuckDB makes them of events, and as a store holds them, in one form."""

from collections.abc import Iterable
from typing import Any

import duckdb
import pyarrow as pa

from streamgauge.store import Statement, Store
from tests.loader import stored

Hit = tuple[str, str, str, bool, int, int, bool, str, str]
"""Project, website, visitor id, of a bot, time in ms, position, of a page, path, referrer."""

_JUDGE_SQL = """
WITH
    marked AS (
        SELECT *, coalesce(at_ms - lag(at_ms) OVER own >= 1800000, true) AS begins
        FROM hits
        WINDOW own AS (PARTITION BY project_id, website_id, visitor_id, bot ORDER BY at_ms, position)
    ),
    numbered AS (
        SELECT *, sum(begins::INT) OVER (PARTITION BY project_id, website_id, visitor_id, bot ORDER BY at_ms, position) AS number
        FROM marked
    )
SELECT
    project_id, website_id, min(at_ms), max(at_ms), count(*) FILTER (page_view), count(*), bot,
    coalesce(arg_min(path, (at_ms, position)) FILTER (page_view), ''),
    coalesce(arg_max(path, (at_ms, position)) FILTER (page_view), ''),
    arg_min(referrer, (at_ms, position)), list_sort(list(position))
FROM numbered
GROUP BY project_id, website_id, visitor_id, bot, number
"""
_VISITS_SQL = """
SELECT
    project_id, website_id, toUnixTimestamp64Milli(started_at), toUnixTimestamp64Milli(ended_at), page_views, events, bot = 1,
    entry_page, exit_page, referrer, visit
FROM visits FINAL
"""
_NET_SQL = """
SELECT project_id, website_id, started_at, visit, ended_at, page_views, events, entry_page, exit_page, referrer, sum(sign) AS net
FROM visits GROUP BY ALL HAVING net NOT IN (0, 1)
"""
_STAMPS_SQL = "SELECT position, visit FROM events WHERE visit != 0 AND position NOT IN (SELECT position FROM superseded)"
_ALIASES_SQL = "SELECT alias, visit FROM visit_aliases"
_HITS_SQL = """
SELECT
    project_id, website_id, visitor_id, bitAnd(flags, 4) != 0, toUnixTimestamp64Milli(timestamp), position, name = 'page_view',
    path, referrer
FROM events
WHERE website_id != '' AND visitor_id != '' AND bitAnd(flags, 8 + 16) = 0 AND position NOT IN (SELECT position FROM superseded)
"""


def select(store: Store, sql: str) -> list[tuple[Any, ...]]:
    return store.select(Statement("test.visits", sql), stored.LIMITS)


def visits_in_store(store: Store) -> list[tuple[Any, ...]]:
    """As the judge tells them: the last field are the positions of the visit's events, found by their numbers and the aliases."""
    aliases: dict[int, set[int]] = {}
    for alias, visit in select(store, _ALIASES_SQL):
        aliases.setdefault(alias, set()).add(visit)
    visits = {row[-1]: row[:-1] for row in select(store, _VISITS_SQL)}
    positions: dict[int, list[int]] = {number: [] for number in visits}
    for position, number in select(store, _STAMPS_SQL):
        (owner,) = {number, *aliases.get(number, ())} & visits.keys()
        positions[owner].append(position)
    return sorted((*row, sorted(positions[number])) for number, row in visits.items())


def wrong_signs(store: Store) -> list[tuple[Any, ...]]:
    """Visits that are there more than once or taken back too often; none when all is well."""
    return select(store, _NET_SQL)


def hits_in_store(store: Store) -> list[Hit]:
    """The events in force that are of visits, whatever visits the loader made of them."""
    return [(*row[:3], bool(row[3]), *row[4:6], bool(row[6]), *row[7:]) for row in select(store, _HITS_SQL)]


def judged(hits: Iterable[Hit]) -> list[tuple[Any, ...]]:
    """The visits of all events at once: project, website, start, end, page views, events, of a bot, entry and exit page,
    referrer, positions."""
    columns = list(zip(*hits, strict=True))
    if not columns:
        return []
    names = ("project_id", "website_id", "visitor_id", "bot", "at_ms", "position", "page_view", "path", "referrer")
    table = pa.table(dict(zip(names, columns, strict=True)))
    with duckdb.connect() as connection:
        connection.register("hits", table)
        return sorted(connection.execute(_JUDGE_SQL).fetchall())
