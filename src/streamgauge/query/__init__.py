"""Questions to answers: a request value becomes a plan, the plan one SQL statement, its rows an answer.

    QueryRunner           the only way in: metric, events, lookup; site, funnel, retention, attribution; `ask` for the rest
      metric.py           MetricQuery: the statement and how its rows are read
      rollup.py           the same from what quarters of an hour add up to, where that is as exact
      turns.py            how many statements run at once, and who gives way
      listing.py          EventListQuery and EventLookup: the same
      site/               SiteQuery: the numbers of a website
      journeys/           funnels, retention, attribution
      latest.py           the events that came last
      vocabulary.py       what there is to ask about: names, properties, values
      export.py           pages of an export, for ExportDesk
      clauses.py          the parts that they share: bound values, the WHERE clause, keys to group and filter by
      timetable.py        buckets as an SQL expression

SQL text is written in this room only. It is made of fixed pieces; whatever came from a request is a bound value.
"""

from streamgauge.query.export import ExportDesk
from streamgauge.query.latest import LatestQuestion
from streamgauge.query.runner import Answered, Freshness, IgnoredTimes, QueryObserver, QueryRunner
from streamgauge.query.turns import QuerySettings
from streamgauge.query.vocabulary import NamesQuestion, PropertiesQuestion, ValuesQuestion, WebsiteQuestion

__all__ = [
    "Answered",
    "ExportDesk",
    "Freshness",
    "IgnoredTimes",
    "LatestQuestion",
    "NamesQuestion",
    "PropertiesQuestion",
    "QueryObserver",
    "QueryRunner",
    "QuerySettings",
    "ValuesQuestion",
    "WebsiteQuestion",
]
