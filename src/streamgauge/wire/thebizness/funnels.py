"""GET and POST /api/analytics/funnel. Parameters beyond those of asking.py:

    steps     2 to 8, in order: a JSON list of steps as widgets have them ({"event_name"} or {"page"}, "name", "conditions"), of
              ids of conversion events, or of both; or such ids separated by commas
    window    how long after the first step the last one may come: 7d when absent, at most 366d

The answer: {"steps": [{"name", "visitors", "rate", "step_rate", "median_seconds"}]} beside the period.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from streamgauge.kernel.analytics import FunnelAnswer, FunnelQuery, FunnelStep
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.body import Node, Written
from streamgauge.wire.numbers import json_number
from streamgauge.wire.parameters import Pairs
from streamgauge.wire.solinth.funnels import DEFAULT_WINDOW, FEWEST_STEPS, MOST_STEPS, read_step, read_window
from streamgauge.wire.thebizness import asking
from streamgauge.wire.thebizness.asking import Asked, Site, invalid
from streamgauge.wire.thebizness.figures import period_shape

PARAMETERS = (*asking.SELECTING, "steps", "window")
_MS_PER_SECOND = Decimal(1000)


def funnel_asked(parameters: Pairs) -> Asked:
    """Raises Refusal."""
    return asking.of_parameters([_listed(pair) for pair in parameters], PARAMETERS)


def funnel_asked_by_body(body: bytes) -> Asked:
    """Raises Refusal."""
    return asking.of_body(body, PARAMETERS)


def parse_funnel(asked: Asked, site: Site, now_ms: int) -> FunnelQuery:
    """Raises Refusal."""
    selection, _ = asking.read_selection(asked, site, now_ms)
    if "steps" not in asked.lists:
        raise Refusal(Reason.MISSING_PARAMETER, "Parameter steps is required", field="steps", expected="array of steps")
    nodes = asked.lists["steps"]
    if not FEWEST_STEPS <= len(nodes) <= MOST_STEPS:
        raise invalid("steps", f"{FEWEST_STEPS} to {MOST_STEPS} steps", str(len(nodes)))
    steps = tuple(_step(node, f"steps[{place}]", site) for place, node in enumerate(nodes))
    return FunnelQuery(selection, steps, read_window(asked.values.get("window", DEFAULT_WINDOW)))


def render_funnel(query: FunnelQuery, answer: FunnelAnswer, timezone: str) -> bytes:
    selection = query.selection
    return msgspec.json.encode(
        {
            "success": True,
            "website_id": selection.website_id,
            "period": period_shape(selection.start_ms, selection.end_ms, timezone),
            "steps": _steps_shape(answer),
        }
    )


def _steps_shape(answer: FunnelAnswer) -> Sequence[object]:
    return [
        {
            "name": step.name,
            "visitors": step.visitors,
            "rate": json_number(step.rate),
            "step_rate": json_number(step.step_rate),
            "median_seconds": json_number(None if step.median_ms is None else step.median_ms / _MS_PER_SECOND),
        }
        for step in answer.steps
    ]


def _step(node: Node, place: str, site: Site) -> FunnelStep:
    if isinstance(node, str) and not isinstance(node, Written):
        found = asking.conversion_named(node, place, site)
        return FunnelStep(found.name, found)
    return read_step(node, place, site.website.website_id)


def _listed(pair: tuple[str, str]) -> tuple[str, str]:
    """Ids separated by commas are a list of them."""
    name, text = pair
    if name != "steps" or not text.strip() or text.lstrip().startswith("["):
        return pair
    return name, msgspec.json.encode([word.strip() for word in text.split(",")]).decode()
