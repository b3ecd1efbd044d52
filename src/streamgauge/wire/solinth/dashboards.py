"""Dashboards in Solinth's words. Their shapes are not public; these follow the documented routes beside them.

    {"id", "name", "description", "layout": {"columns": 12}, "widgets": [...], "is_public", "share_token", "created_at",
     "updated_at"}

A field that is not known is refused: a misspelt `widget` that is ignored would be a change that did not happen, with a success
status. What replies add may be sent back; of these `updated_at` makes a change conditional (changed_meanwhile).
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import UNSET, UnsetType

from streamgauge.kernel.dashboard import GRID_COLUMNS, Dashboard, DashboardChange, DashboardSpec, Widget
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.body import JsonObject, inspect, load_object
from streamgauge.wire.fields import missing_field, wrong_type
from streamgauge.wire.parameters import Pairs, one_of, refuse_unknown, shown, single_values
from streamgauge.wire.solinth.metric_range import parse_range
from streamgauge.wire.solinth.metrics import parse_timezone
from streamgauge.wire.solinth.refusals import code_of
from streamgauge.wire.solinth.widgets import parse_widgets, render_widget
from streamgauge.wire.timestamps import format_instant, parse_iso8601

MAX_BYTES = 4 << 20
"""As many as 50 widgets with the longest queries need."""
MAX_NAME_LENGTH = 255
MAX_DESCRIPTION_LENGTH = 2_000
MAX_LIMIT = 1_000
DEFAULT_LIMIT = 100

CHANGEABLE = ("name", "description", "layout", "widgets", "is_public")
_SHOWN_ONLY = ("id", "share_token", "created_at", "updated_at")
_OVERRIDES = ("from", "to", "timezone")


def parse_new_dashboard(body: bytes, project_id: str, now_ms: int) -> DashboardSpec:
    """{"name" required, "description", "layout", "widgets", "is_public"}. Raises Refusal."""
    tree = _read(body)
    change = _change(tree, project_id, now_ms)
    if change.name is UNSET:
        raise missing_field("name")
    return DashboardSpec(
        name=change.name,
        description=None if change.description is UNSET else change.description,
        widgets=() if change.widgets is UNSET else change.widgets,
        is_public=False if change.is_public is UNSET else change.is_public,
    )


def parse_dashboard_change(body: bytes, project_id: str, now_ms: int) -> DashboardChange:
    """What is absent stays as it is; so does what is null, but for the description. Raises Refusal."""
    tree = _read(body)
    seen = _text(tree, "updated_at")
    change = _change(tree, project_id, now_ms)
    return change if seen is UNSET else msgspec.structs.replace(change, seen_at_ms=parse_iso8601(seen, "updated_at"))


def parse_page(parameters: Pairs) -> tuple[int, int]:
    """limit and offset of the list. Raises Refusal invalid_parameter."""
    refuse_unknown(parameters, ("limit", "offset"))
    values = single_values(parameters)
    return _whole(values, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT), _whole(values, "offset", 0, 0, 10**9)


def parse_overrides(parameters: Pairs, now_ms: int) -> Mapping[str, str]:
    """What replaces the widgets' own range and zone, checked. Raises Refusal as GET /v1/metrics does."""
    refuse_unknown(parameters, _OVERRIDES)
    values = single_values(parameters)
    parse_range(values, parse_timezone(values.get("timezone", "UTC")), now_ms)
    return values


def refuse_parameters(parameters: Pairs) -> None:
    """For addresses that take none. Raises Refusal invalid_parameter."""
    if parameters:
        name = shown(parameters[0][0])
        raise Refusal(Reason.INVALID_PARAMETER, f"Unknown parameter: {name}. There are none here", field=name, expected="none")


def render_dashboard(dashboard: Dashboard) -> bytes:
    return msgspec.json.encode(_shape_of(dashboard))


def render_dashboards(dashboards: Sequence[Dashboard], total: int) -> bytes:
    return msgspec.json.encode({"data": [_shape_of(dashboard) for dashboard in dashboards], "total": total})


def render_shared(dashboard: Dashboard) -> bytes:
    """What someone with the link sees: the dashboard without its settings."""
    shape = _shape_of(dashboard)
    return msgspec.json.encode({name: value for name, value in shape.items() if name not in ("is_public", "share_token")})


def render_share(dashboard: Dashboard) -> bytes:
    """url: below the address of this server."""
    return msgspec.json.encode({"share_token": dashboard.share_token, "url": f"/v1/shared/{dashboard.share_token}"})


def render_success() -> bytes:
    return b'{"success":true}'


def render_data(dashboard: Dashboard, answers: Sequence[bytes | Refusal]) -> bytes:
    """The answers of all widgets, in their order."""
    widgets = {
        widget.widget_id: {"error": _error(answer)} if isinstance(answer, Refusal) else {"data": msgspec.Raw(answer)}
        for widget, answer in zip(dashboard.widgets, answers, strict=True)
    }
    return msgspec.json.encode({"dashboard_id": dashboard.dashboard_id, "widgets": widgets})


def _error(refusal: Refusal) -> Mapping[str, str]:
    return {"code": code_of(refusal.reason, refusal.field), "message": refusal.message}


def _shape_of(dashboard: Dashboard) -> Mapping[str, object]:
    return {
        "id": dashboard.dashboard_id,
        "name": dashboard.name,
        "description": dashboard.description,
        "layout": {"columns": GRID_COLUMNS},
        "widgets": [render_widget(widget) for widget in dashboard.widgets],
        "is_public": dashboard.share_token is not None,
        "share_token": dashboard.share_token,
        "created_at": format_instant(dashboard.created_at_ms),
        "updated_at": format_instant(dashboard.updated_at_ms),
    }


def _read(body: bytes) -> JsonObject:
    if len(body) > MAX_BYTES:
        expected = f"at most {MAX_BYTES:,} bytes"
        raise Refusal(Reason.BODY_TOO_LARGE, f"A dashboard has {expected}", expected=expected)
    tree = load_object(body)
    inspect(tree)
    for name in tree:
        if name not in CHANGEABLE and name not in _SHOWN_ONLY:
            message = f"Unknown field: {shown(name)}. Known are {', '.join(CHANGEABLE)}"
            raise Refusal(Reason.INVALID_PARAMETER, message, field=shown(name), expected=one_of(CHANGEABLE))
    return tree


def _change(tree: JsonObject, project_id: str, now_ms: int) -> DashboardChange:
    _check_layout(tree)
    name = _text(tree, "name", MAX_NAME_LENGTH)
    if name is not UNSET:
        name = name.strip()
        if not name:
            expected = f"1 to {MAX_NAME_LENGTH} characters besides white space"
            raise Refusal(Reason.INVALID_PARAMETER, f"Field name must be {expected}", field="name", expected=expected)
    description: str | UnsetType | None = _text(tree, "description", MAX_DESCRIPTION_LENGTH)
    if "description" in tree and description is UNSET:
        description = None
    is_public = tree.get("is_public")
    if is_public is not None and not isinstance(is_public, bool):
        raise wrong_type("is_public", "boolean")
    widgets: tuple[Widget, ...] | UnsetType = UNSET
    if tree.get("widgets") is not None:
        widgets = parse_widgets(tree["widgets"], project_id, now_ms)
    return DashboardChange(
        name=name, description=description, widgets=widgets, is_public=UNSET if is_public is None else is_public
    )


def _check_layout(tree: JsonObject) -> None:
    layout = tree.get("layout")
    if layout is None:
        return
    if not isinstance(layout, JsonObject):
        raise wrong_type("layout", "object")
    for name, value in layout.items():
        if name != "columns" or isinstance(value, bool) or value != GRID_COLUMNS:
            field = f"layout.{shown(name)}"
            expected = f"{GRID_COLUMNS}" if name == "columns" else "absent: a layout has columns"
            raise Refusal(Reason.INVALID_PARAMETER, f"{field} must be {expected}", field=field, expected=expected)


def _text(tree: JsonObject, field: str, max_length: int = MAX_NAME_LENGTH) -> str | UnsetType:
    value = tree.get(field)
    if value is None:
        return UNSET
    # A Written number is a str too, hence the exact type.
    if type(value) is not str:
        raise wrong_type(field, "string")
    if len(value) > max_length:
        message = f"Invalid field: {field} must not be longer than {max_length} characters"
        raise Refusal(Reason.TEXT_TOO_LONG, message, field=field, expected=f"at most {max_length} characters")
    return value


def _whole(values: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = values.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        expected = f"a whole number from {least} to {most}"
        raise Refusal(Reason.INVALID_PARAMETER, f"Parameter {name} must be {expected}", field=name, expected=expected)
    return int(text)
