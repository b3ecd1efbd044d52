"""Signed messages to addresses of the users: at least once, or kept as dead."""

from streamgauge.webhooks.addresses import check_url
from streamgauge.webhooks.announcements import QuickAnnouncer
from streamgauge.webhooks.dispatcher import DEFAULT_PAUSES_S, Dispatcher, run_dispatcher
from streamgauge.webhooks.sending import Sender

__all__ = ["DEFAULT_PAUSES_S", "Dispatcher", "QuickAnnouncer", "Sender", "check_url", "run_dispatcher"]
