"""GET /v1/events/monitoring of the Flexprice door: how many events there are, and how far loading is behind."""

import msgspec

from streamgauge.kernel.query import Aggregation, MetricAnswer, MetricQuery, Selection, Window
from streamgauge.kernel.refusal import Reason
from streamgauge.wire.flexprice.payload import Payload, check_payload
from streamgauge.wire.flexprice.usage import calendar_of, window_of
from streamgauge.wire.parameters import Pairs
from streamgauge.wire.timestamps import format_instant

_DAY_MS = 86_400_000


def parse_monitoring(parameters: Pairs, project_id: str, now_ms: int) -> MetricQuery:
    """start_time and end_time, both or neither (the last 24 hours); window_size (HOUR). Raises Refusal."""
    payload = Payload.from_query_string(parameters)
    if payload.has("start_time") != payload.has("end_time"):
        missing = "end_time" if payload.has("start_time") else "start_time"
        raise check_payload(Reason.MISSING_PARAMETER, missing, "both start_time and end_time, or neither")
    start_ms, end_ms = payload.time_range(now_ms) if payload.has("start_time") else (now_ms - _DAY_MS, now_ms)
    window = window_of(payload, "window_size") or Window.HOUR
    return MetricQuery(
        Selection(project_id, start_ms, end_ms), Aggregation.COUNT, window=window, calendar=calendar_of("UTC", None)
    )


def render_monitoring(answer: MetricAnswer, waiting: int) -> bytes:
    """waiting: bytes of the journal that are durable and not loaded, 0 when queries see everything."""
    return msgspec.json.encode(
        {
            "total_count": answer.count,
            "consumption_lag": waiting,
            "post_processing_lag": 0,
            "points": [{"timestamp": format_instant(point.start_ms), "event_count": point.count} for point in answer.points],
        }
    )
