"""Dashboards to send: widgets of every kind, and how they are made and refused."""

from typing import Any

import httpx

RANGE = {"from": "2024-01-01", "to": "2024-01-31"}
PURCHASES = {"event": "purchase", "metric": "sum", "property": "amount", **RANGE}
ALL_KINDS = [
    {"type": "metric", "title": "Revenue", "query": PURCHASES, "position": {"x": 0, "y": 0, "w": 3, "h": 2}},
    {"type": "line", "query": {**PURCHASES, "interval": "week", "compare": "previous_period"}},
    {"type": "bar", "query": {**PURCHASES, "group_by": ["plan", "co,untry"], "limit": 5}},
    {"type": "pie", "query": {**PURCHASES, "group_by": "plan"}},
    {
        "type": "table",
        "query": {
            **PURCHASES,
            "filters": [{"property": "amount", "operator": "gte", "value": 0.10}, {"property": "plan", "value": ["pro", 1.5]}],
            "event_b": "cart",
            "formula": "a / b",
        },
    },
]


def made(client: httpx.Client, base: str = "/v1", **fields: Any) -> Any:
    answer = client.post(f"{base}/dashboards", json={"name": "D", **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


def error_of(answer: httpx.Response, status: int) -> str:
    """The message of a refusal in Solinth's shape."""
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message"}
    return str(answer.json()["error"]["message"])


def funnel(website_id: str, **changes: Any) -> dict[str, Any]:
    steps: list[Any] = [
        {"page": "/pricing"},
        {"event_name": "signup", "conditions": [{"property": "plan", "value": ["pro", "team"]}]},
        {"name": "bought", "event_name": "purchase"},
    ]
    return {"type": "funnel", "query": {"website_id": website_id, "steps": steps, "window": "2h", **RANGE, **changes}}


def widget(**changes: Any) -> dict[str, Any]:
    return {"type": "metric", "query": {"event": "e"}, "position": {"x": 0, "y": 0, "w": 1, "h": 1}, **changes}
