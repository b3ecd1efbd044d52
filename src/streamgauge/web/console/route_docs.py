"""What the routes of the console take and give: all of their rows in one place."""

from streamgauge.web.console.docs_keys import KEY_DOCS
from streamgauge.web.console.docs_live import LIVE_DOCS
from streamgauge.web.console.docs_people import PEOPLE_DOCS
from streamgauge.web.console.docs_vocabulary import VOCABULARY_DOCS
from streamgauge.web.openapi import RouteDoc

CONSOLE_DOCS: tuple[RouteDoc, ...] = (*PEOPLE_DOCS, *KEY_DOCS, *VOCABULARY_DOCS, *LIVE_DOCS)
