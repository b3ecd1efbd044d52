"""What visitors did over time: funnels, retention, and to which visits conversions and revenue are owed.

    ask_funnel          FunnelQuery: how many took each of several steps, in order, within a time
    ask_retention       RetentionQuery: how many came again, by the bucket of their first visit
    ask_attribution     AttributionQuery: conversions and revenue by the visits that led to them

Each checks its query and gives a question: its one statement over a snapshot, and the answer from the rows. docs/analytics.md
says what the numbers mean.
"""

from streamgauge.query.journeys.attribution import Attribution, ask_attribution
from streamgauge.query.journeys.funnel import Funnel, ask_funnel
from streamgauge.query.journeys.retention import Retention, ask_retention

__all__ = ["Attribution", "Funnel", "Retention", "ask_attribution", "ask_funnel", "ask_retention"]
