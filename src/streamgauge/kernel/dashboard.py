"""Dashboards of a project: widgets on a grid, each with a question of its own."""

from enum import StrEnum

import msgspec
from msgspec import UNSET, UnsetType

GRID_COLUMNS = 12
MAX_WIDGETS = 50


class WidgetType(StrEnum):
    """What a widget asks and how its answer is shown; analytics and usage say the latter in their query."""

    METRIC = "metric"
    LINE = "line"
    AREA = "area"
    BAR = "bar"
    PIE = "pie"
    TABLE = "table"
    FUNNEL = "funnel"
    ANALYTICS = "analytics"
    USAGE = "usage"


class Position(msgspec.Struct, frozen=True):
    """Where a widget lies on the grid, in columns and rows from the upper left; widgets may overlap."""

    x: int
    y: int
    w: int
    h: int


class Widget(msgspec.Struct, frozen=True):
    """widget_id: unique within its dashboard. query: a JSON object of parameters, checked when it was saved."""

    widget_id: str
    type: WidgetType
    title: str
    query: str
    position: Position


class Dashboard(msgspec.Struct, frozen=True):
    """share_token: whoever has it may see the dashboard and its numbers; None when it is not shared.

    updated_at_ms: different after every change.
    """

    dashboard_id: str
    project_id: str
    name: str
    description: str | None
    widgets: tuple[Widget, ...]
    share_token: str | None
    created_at_ms: int
    updated_at_ms: int


class DashboardSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a new dashboard shall be; checked."""

    name: str
    description: str | None = None
    widgets: tuple[Widget, ...] = ()
    is_public: bool = False


class DashboardChange(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be different about a dashboard; UNSET stays as it is. Checked.

    seen_at_ms: the change holds only for the dashboard as it was updated then; None: whatever it is now.
    """

    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    widgets: tuple[Widget, ...] | UnsetType = UNSET
    is_public: bool | UnsetType = UNSET
    seen_at_ms: int | None = None
