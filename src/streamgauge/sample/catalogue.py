"""What the sample events are looked at through: a website with its conversions, features with their meters, customers, limits,
an alert and a dashboard; as requests that a client would send, in their order."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from streamgauge.sample.people import CUSTOMERS

WEBSITES = "/api/websites"
CALLS = "completions"
"""The lookup key of the feature that is limited."""
_USUAL_USE, _SHARES = 600, (1.4, 0.9, 2.0, 0.7, 1.1)
"""What the busiest customer uses in most of a month, and limits as shares of it: some are near, some passed, most are far."""
_PERIOD = "BILLING_PERIOD"


class SettingCall(NamedTuple):
    """A request. keeps: the name under which the id in its answer is known to later requests; {name} in a later body or path
    stands for it. listed: where the answer to a GET of the path with the parameters look_up has what is there already, which is
    the same when the field known_by is; "" when the server itself refuses to make it twice."""

    method: str
    path: str
    body: Mapping[str, object]
    keeps: str = ""
    listed: str = ""
    known_by: str = ""
    look_up: tuple[tuple[str, str], ...] = ()


def _feature(name: str, key: str, event: str, aggregation: Mapping[str, object], units: tuple[str, str]) -> SettingCall:
    meter = {"name": name, "event_name": event, "aggregation": aggregation, "reset_usage": _PERIOD}
    body = {
        "name": name, "lookup_key": key, "type": "metered", "meter": meter, "unit_singular": units[0], "unit_plural": units[1],
    }  # fmt: skip
    return SettingCall("POST", "/v1/features", body, key, "items", "lookup_key", (("lookup_key", key),))


_WIDGETS = (
    ("metric", "Purchases", {"event": "purchase", "interval": "day"}, (0, 0, 3, 3)),
    ("line", "Completions by region", {"event": "completion", "interval": "day", "group_by": ["region"]}, (3, 0, 9, 5)),
    ("pie", "Signups by plan", {"event": "signup", "group_by": ["plan"]}, (0, 3, 3, 5)),
    ("bar", "What people do", {"event": "report_opened", "interval": "week"}, (3, 5, 5, 5)),
    (
        "table",
        "Tokens by model",
        {"event": "completion", "metric": "sum", "property": "tokens", "group_by": ["model"]},
        (8, 5, 4, 5),
    ),
)

_FEATURES: tuple[SettingCall, ...] = (
    _feature("Completions", CALLS, "completion", {"type": "COUNT"}, ("completion", "completions")),
    _feature("Tokens", "tokens", "completion", {"type": "SUM", "field": "tokens"}, ("token", "tokens")),
    _feature("Storage", "storage", "storage_measured", {"type": "LATEST", "field": "gb"}, ("GB", "GB")),
    _feature("Seats", "seats", "seat_used", {"type": "COUNT_UNIQUE", "field": "user"}, ("seat", "seats")),
)

_VIEWS: tuple[SettingCall, ...] = (
    SettingCall("POST", "/v1/alerts/setting", {
        "entity_type": "feature", "entity_id": "{tokens}",
        "config": {"critical": {"threshold": "100000", "condition": "above"},
                   "warning": {"threshold": "50000", "condition": "above"}, "alert_enabled": True},
    }),
    SettingCall("POST", "/v1/dashboards", {
        "name": "Sample overview", "description": "What a small company looks at in the morning",
        "widgets": [
            {"type": kind, "title": title, "query": query,
             "position": dict(zip(("x", "y", "w", "h"), place, strict=True))}
            for kind, title, query, place in _WIDGETS
        ],
    }, "dashboard", "data", "name", (("limit", "100"),)),
)  # fmt: skip

_WEBSITE: tuple[SettingCall, ...] = (
    SettingCall("POST", WEBSITES, {
        "id": "{website}", "domain": "sample.example", "name": "Sample website", "timezone": "Europe/Berlin", "currency": "EUR",
    }),
    SettingCall("POST", "/api/websites/{website}/conversion-events", {"name": "Signup", "event_name": "signup"}),
    SettingCall("POST", "/api/websites/{website}/conversion-events", {
        "name": "Pricing seen", "page": "/pricing",
    }),
)  # fmt: skip


def setting_calls() -> Iterator[SettingCall]:
    """All requests; the website comes after all that do not need it: where it is, the others are."""
    yield from _FEATURES
    yield from _customers()
    yield from _VIEWS
    yield from _WEBSITE


def _customers() -> Iterator[SettingCall]:
    """Customers and what they are entitled to."""
    for number, (external_id, name) in enumerate(CUSTOMERS):
        customer = {"external_id": external_id, "name": name, "email": f"billing@{external_id}.example"}
        yield SettingCall("POST", "/v1/customers", customer)
        if number % 4 == 0:
            limit = str(round(_USUAL_USE / (1 + number % 13) * _SHARES[number // 4 % len(_SHARES)]))
            entitled = {
                "external_customer_id": external_id, "lookup_key": CALLS, "hard_limit": limit, "usage_reset_period": "MONTHLY",
            }  # fmt: skip
            yield SettingCall("POST", "/v1/entitlements", entitled)
