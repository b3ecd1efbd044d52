"""What the routes of the console take and give: all of their rows in one place."""

from streamgauge.web.openapi import RouteDoc

CONSOLE_DOCS: tuple[RouteDoc, ...] = ()
