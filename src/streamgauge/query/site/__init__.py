"""Web analytics of one website: a SiteQuery becomes a few statements over visits and events, their rows a SiteAnswer.

    question.py           the query as a whole: which statements, and the answer from their rows
      totals.py           the metrics of a range and their series
      breakdown.py        the metrics by the values of a key
        measures.py       what is counted, and the metrics made of it
        aggregates.py     the same as SQL
        exchange.py       money in one currency, in SQL
        credit.py         the visit to which a conversion or payment is credited
        scope.py          what a statement may see: visits, events, filters, bots
        comparison.py     filters, conditions and conversion events as SQL

docs/analytics.md says what each number means.
"""

from streamgauge.query.site.question import SiteQuestion, ask_site

__all__ = ["SiteQuestion", "ask_site"]
