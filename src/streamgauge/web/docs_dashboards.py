"""The routes about dashboards, as the OpenAPI document tells them."""

from collections.abc import Mapping
from types import MappingProxyType

from streamgauge.kernel.dashboard import GRID_COLUMNS, MAX_WIDGETS, WidgetType
from streamgauge.web.docs_analytics import ANALYTICS_REPLY, ATTRIBUTION_REPLY, RETENTION_REPLY
from streamgauge.web.docs_usage import METER_USAGE
from streamgauge.web.openapi import RouteDoc, Schema, Tag
from streamgauge.web.schemas import in_query, object_of
from streamgauge.wire.solinth.dashboards import DEFAULT_LIMIT, MAX_DESCRIPTION_LENGTH, MAX_LIMIT, MAX_NAME_LENGTH
from streamgauge.wire.solinth.query_schema import METRIC_REPLY
from streamgauge.wire.solinth.widget_views import Drawing, View
from streamgauge.wire.solinth.widgets import MAX_HEIGHT, MAX_ID_LENGTH, MAX_ROWS, MAX_TITLE_LENGTH

_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_YES: Schema = {"type": "boolean"}
_URL: Schema = {**_TEXT, "description": "Below this server's address."}
_LOOKED_UP: Mapping[int, Schema] = MappingProxyType({404: {}})
_CHANGES = "Takes a key with the scopes read and ingest, as keys are made by default."
_OPEN = "Needs no key. Counted by the sender's address."


def _whole(least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


def _in_path(name: str, description: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": _TEXT, "description": description}


_ID = _in_path("id", "The dashboard.")
_TOKEN = _in_path("token", "The share token.")
_PAGING = (
    in_query("limit", {**_whole(1, MAX_LIMIT), "default": DEFAULT_LIMIT}, "How many; the newest first."),
    in_query("offset", {**_COUNT, "default": 0}, "How many to leave out first."),
)
_RANGE = (
    in_query("from", _TEXT, "Replaces the range of all widgets, together with `to`; as in GET /v1/metrics."),
    in_query("to", _TEXT, "Replaces the range of all widgets, together with `from`."),
    in_query("timezone", _TEXT, "Replaces the zone of all widgets."),
)

_POSITION = object_of(
    {
        "x": _whole(0, GRID_COLUMNS - 1),
        "y": _whole(0, MAX_ROWS),
        "w": {**_whole(1, GRID_COLUMNS), "description": f"x and w together are at most {GRID_COLUMNS}."},
        "h": _whole(1, MAX_HEIGHT),
    },
    "x", "y", "w", "h",
)  # fmt: skip
_QUERY: Schema = {
    "type": "object",
    "additionalProperties": True,
    "description": "The parameters of GET /v1/metrics by name. group_by may be a list of names, filters and filters_b lists of "
    "filters, limit a number. A line or area needs interval, a pie group_by, a bar one of them. Of a funnel: website_id, steps "
    "(2 to 8, each with event_name or page, name, conditions), window (such as 7d), from, to, timezone. Of analytics: website_id "
    f"and view ({', '.join(View)}) and the parameters of GET /api/analytics, or of its retention or attribution. Of usage: "
    f"meter_id, period and the fields of POST /v1/meter-usage/query. Of both: "
    f"draw ({', '.join(Drawing)}), how the answer is shown.",
}
_WIDGET_FIELDS: Mapping[str, Schema] = {
    "id": {**_TEXT, "maxLength": MAX_ID_LENGTH, "description": "Unique in the dashboard. Without it: made here."},
    "type": {**_TEXT, "enum": list(WidgetType)},
    "title": {**_TEXT, "maxLength": MAX_TITLE_LENGTH},
    "query": _QUERY,
    "position": _POSITION,
}
_WIDGETS: Schema = {"type": "array", "maxItems": MAX_WIDGETS, "items": object_of(_WIDGET_FIELDS, "type", "query")}
_SETTINGS: Mapping[str, Schema] = {
    "name": {**_TEXT, "minLength": 1, "maxLength": MAX_NAME_LENGTH},
    "description": {"type": ["string", "null"], "maxLength": MAX_DESCRIPTION_LENGTH},
    "layout": object_of({"columns": {"type": "integer", "const": GRID_COLUMNS}}),
    "widgets": _WIDGETS,
    "is_public": {**_YES, "description": "Whether it is shared. True makes a token, false takes it back."},
}
_SHOWN: Mapping[str, Schema] = {
    "id": _TEXT,
    **{name: _SETTINGS[name] for name in ("name", "description", "layout")},
    "widgets": {"type": "array", "items": object_of(_WIDGET_FIELDS, *_WIDGET_FIELDS)},
    "created_at": _TIME,
    "updated_at": _TIME,
}
_SHARED = object_of(_SHOWN, *_SHOWN)
_DASHBOARD = object_of(
    {**_SHOWN, "is_public": _YES, "share_token": {"type": ["string", "null"]}}, *_SHOWN, "is_public", "share_token"
)
_NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}
_FUNNEL_STEP: Mapping[str, Schema] = {
    "name": _TEXT,
    "visitors": _COUNT,
    "rate": {**_NUMBER_OR_NULL, "description": "Of those who took the first step."},
    "step_rate": {**_NUMBER_OR_NULL, "description": "Of those who took the step before."},
    "median_seconds": {**_NUMBER_OR_NULL, "description": "From the step before to this one."},
}
_FUNNEL_REPLY = object_of({"steps": {"type": "array", "items": object_of(_FUNNEL_STEP, *_FUNNEL_STEP)}}, "steps")
_REPLIES = (METRIC_REPLY, _FUNNEL_REPLY, ANALYTICS_REPLY, RETENTION_REPLY, ATTRIBUTION_REPLY, METER_USAGE)
_ERROR = object_of({"code": _TEXT, "message": _TEXT}, "code", "message")
_DATA = object_of(
    {
        "dashboard_id": _TEXT,
        "widgets": {
            "type": "object",
            "description": "By the id of the widget: its answer, or why there is none.",
            "additionalProperties": {
                "oneOf": [
                    object_of({"data": {"anyOf": [*_REPLIES]}}, "data"),
                    object_of({"error": _ERROR}, "error"),
                ],
            },
        },
    },
    "dashboard_id",
    "widgets",
)
_SUCCESS = object_of({"success": _YES}, "success")
_SAMPLE = {
    "name": "Sales",
    "widgets": [
        {
            "type": "line",
            "title": "Revenue by day",
            "query": {"event": "purchase", "metric": "sum", "property": "amount", "interval": "day", "group_by": ["country"]},
            "position": {"x": 0, "y": 0, "w": 6, "h": 4},
        }
    ],
}

DASHBOARD_DOCS = (
    RouteDoc(
        "GET", "/v1/dashboards", Tag.SOLINTH, "solinthDashboards", "List dashboards",
        parameters=_PAGING,
        reply=object_of({"data": {"type": "array", "items": _DASHBOARD}, "total": _COUNT}, "data", "total"),
    ),
    RouteDoc(
        "POST", "/v1/dashboards", Tag.SOLINTH, "solinthMakeDashboard", "Make a dashboard", _CHANGES,
        request=object_of(_SETTINGS, "name"), example=_SAMPLE, reply=_DASHBOARD,
    ),
    RouteDoc(
        "GET", "/v1/dashboards/{id}", Tag.SOLINTH, "solinthDashboard", "Read a dashboard",
        parameters=(_ID,), reply=_DASHBOARD, also=_LOOKED_UP,
    ),
    RouteDoc(
        "PATCH", "/v1/dashboards/{id}", Tag.SOLINTH, "solinthChangeDashboard", "Change a dashboard",
        "What is absent stays. With `updated_at` the change holds only when the dashboard is still the one of that time "
        f"(409 otherwise). {_CHANGES}",
        parameters=(_ID,), request=object_of({**_SETTINGS, "updated_at": _TIME}), example={"name": "Sales"},
        reply=_DASHBOARD, also={**_LOOKED_UP, 409: {}},
    ),
    RouteDoc(
        "DELETE", "/v1/dashboards/{id}", Tag.SOLINTH, "solinthDeleteDashboard", "Delete a dashboard", _CHANGES,
        parameters=(_ID,), reply=_SUCCESS, also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", "/v1/dashboards/{id}/data", Tag.SOLINTH, "solinthDashboardData", "Answer all widgets of a dashboard",
        "A widget that cannot be answered has an `error` in its place.",
        parameters=(_ID, *_RANGE), reply=_DATA, also=_LOOKED_UP,
    ),
    RouteDoc(
        "POST", "/v1/dashboards/{id}/share", Tag.SOLINTH, "solinthShareDashboard", "Share a dashboard by a link",
        f"Shared already, it keeps its token. There is no body. {_CHANGES}",
        parameters=(_ID,),
        reply=object_of({"share_token": _TEXT, "url": _URL}, "share_token", "url"),
        also=_LOOKED_UP,
    ),
    RouteDoc(
        "DELETE", "/v1/dashboards/{id}/share", Tag.SOLINTH, "solinthUnshareDashboard", "Take the link back for good", _CHANGES,
        parameters=(_ID,), reply=_SUCCESS, also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", "/v1/shared/{token}", Tag.SOLINTH, "solinthSharedDashboard", "See a shared dashboard", _OPEN,
        parameters=(_TOKEN,), reply=_SHARED, also=_LOOKED_UP, needs_key=False,
    ),
    RouteDoc(
        "GET", "/v1/shared/{token}/data", Tag.SOLINTH, "solinthSharedData", "Answer all widgets of a shared dashboard", _OPEN,
        parameters=(_TOKEN,), reply=_DATA, also=_LOOKED_UP, needs_key=False,
    ),
)  # fmt: skip
