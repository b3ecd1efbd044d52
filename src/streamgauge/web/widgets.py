"""What the widgets of a dashboard ask, answered by the same code as the routes that ask it.

When a dashboard is saved, what its widgets name must be there: the website of a funnel or an analytics widget, the meter of a
usage widget; and the question of an analytics widget is read with the zone and the conversion events of its website.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from streamgauge.kernel.dashboard import Widget, WidgetType
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.query import Answered
from streamgauge.web.analytics import AnalyticsDesk, attribution_of, numbers_of, retention_of
from streamgauge.web.measuring import AskedOnce, measure
from streamgauge.web.usage import UsageDesk, meter_usage_of
from streamgauge.wire.solinth.funnels import render_funnel
from streamgauge.wire.solinth.widget_views import SiteView, View, read_site_view, read_usage
from streamgauge.wire.solinth.widgets import funnel_of, metric_of, website_of, within
from streamgauge.wire.thebizness.analytics import parse_analytics
from streamgauge.wire.thebizness.asking import Asked
from streamgauge.wire.thebizness.attribution import parse_attribution
from streamgauge.wire.thebizness.retention import parse_retention

_ANSWERS: Mapping[View, Callable[[AnalyticsDesk, str, Asked, int], Awaitable[Answered[bytes]]]] = {
    View.RETENTION: retention_of,
    View.ATTRIBUTION: attribution_of,
}


class WidgetDesk(NamedTuple):
    """What answers widgets."""

    analytics: AnalyticsDesk
    usage: UsageDesk


def check_widgets(desk: WidgetDesk, project_id: str, widgets: Sequence[Widget], now_ms: int) -> None:
    """Raises Refusal, whose field is the path of what is wrong, for a widget that can never be answered in this project."""
    for place, widget in enumerate(widgets):
        path = f"widgets[{place}].query"
        if widget.type in (WidgetType.FUNNEL, WidgetType.ANALYTICS):
            _check_website(desk, project_id, website_of(widget), path)
        try:
            if widget.type is WidgetType.ANALYTICS:
                _check_view(desk.analytics, project_id, read_site_view(widget.query, {}), now_ms)
        except Refusal as refusal:
            raise within(path, refusal) from refusal
        if widget.type is WidgetType.USAGE:
            _check_meter(desk, project_id, widget, path, now_ms)


async def answer_widget(
    desk: WidgetDesk, asked: AskedOnce, widget: Widget, project_id: str, now_ms: int, instead: Mapping[str, str]
) -> Answered[bytes]:
    """instead: parameters that replace its own. Raises Refusal, and what the runner raises."""
    if widget.type is WidgetType.USAGE:
        return await meter_usage_of(desk.usage, project_id, read_usage(widget.query, now_ms, instead))
    if widget.type is WidgetType.ANALYTICS:
        view = read_site_view(widget.query, instead)
        return await _ANSWERS.get(view.view, numbers_of)(desk.analytics, project_id, view.asked, now_ms)
    if widget.type is WidgetType.FUNNEL:
        website = desk.analytics.sites.website_of(project_id, website_of(widget))
        answered = await desk.analytics.runner.funnel(funnel_of(widget, project_id, now_ms, instead, website.timezone))
        return Answered(render_funnel(answered.answer), answered.freshness)
    return await measure(asked, metric_of(widget, project_id, now_ms, instead))


def _check_website(desk: WidgetDesk, project_id: str, website_id: str, path: str) -> None:
    try:
        desk.analytics.sites.website_of(project_id, website_id)
    except Refusal as refusal:
        field = f"{path}.website_id"
        message = f"{field} must be the id of a website of this project"
        raise Refusal(Reason.UNKNOWN_WEBSITE, message, field=field, expected="a website of the project") from refusal


def _check_meter(desk: WidgetDesk, project_id: str, widget: Widget, path: str, now_ms: int) -> None:
    try:
        desk.usage.catalogue.meter(project_id, read_usage(widget.query, now_ms, {}).meter_ids[0])
    except Refusal as refusal:
        field, expected = f"{path}.meter_id", "the id of a meter of this project"
        message = f"Invalid field: {field} must be {expected}"
        raise Refusal(Reason.INVALID_PARAMETER, message, field=field, expected=expected) from refusal


def _check_view(desk: AnalyticsDesk, project_id: str, view: SiteView, now_ms: int) -> None:
    site = desk.site_of(project_id, view.asked)
    if view.view is View.RETENTION:
        parse_retention(view.asked, site, now_ms)
    elif view.view is View.ATTRIBUTION:
        parse_attribution(view.asked, site, now_ms)
    else:
        parse_analytics(view.asked, site, now_ms)
