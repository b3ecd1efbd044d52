"""Admission: the ordered steps between a parsed request and its durable record. Enrichment is a room within (enrichment/).

Promise: `Intake.admit` returns only after the journal has the events on disk; on any Refusal nothing of the request is stored,
and on any failure nothing of the day's quota is used.
"""

from streamgauge.intake.admission import DayQuota, Enrichment, Intake, Settle, WebsiteCheck, Websites

__all__ = ["DayQuota", "Enrichment", "Intake", "Settle", "WebsiteCheck", "Websites"]
