"""Payments over HTTP: the published conformance cases by number (E.2 of the contract), once per transaction, and taken back."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.flows.running import RunningServer


@pytest.fixture(params=["/api", "/thebizness/api"], ids=["root mount", "explicit mount"])
def base(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def site(bearer: httpx.Client, project: str) -> str:
    made = bearer.post("/api/websites", json={"id": f"shop-of-{project}", "domain": "example.com", "currency": "EUR"})
    return str(made.json()["website"]["id"])


@pytest.fixture
def stranger(server: RunningServer, project: str) -> Iterator[httpx.Client]:
    with server.client(server.key(f"stranger to {project}")) as client:
        yield client


def _total(client: httpx.Client, name: str = "revenue") -> tuple[str, int]:
    """Sum of amounts and number of payments, exactly as answered at another door."""
    answer = client.get("/v1/metrics", params={"event": name, "metric": "sum", "property": "amount", "from": "2000-01-01"})
    body = _exact(answer)
    return str(body["value"]), body["count"]


def _exact(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.content, parse_float=Decimal)
    return found


def _sent(client: httpx.Client, base: str, site: str, **fields: object) -> dict[str, Any]:
    answer = client.post(f"{base}/revenue", json={"website_id": site, **fields})
    assert answer.status_code == 200, answer.text
    return _exact(answer)


def _refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert (set(body), body["success"], body["error"]["code"]) == ({"success", "error"}, False, code)
    error: dict[str, Any] = body["error"]
    return error


def test_15_an_order_sent_twice_counts_once(bearer: httpx.Client, base: str, site: str) -> None:
    first, second = (
        _sent(bearer, base, site, amount=99.99, currency="USD", order_id="o1", timestamp="2024-01-15T10:30:00Z") for _ in range(2)
    )
    assert first == second
    assert first == {
        "success": True,
        "revenue_id": first["revenue_id"],
        "amount": Decimal("99.99"),
        "currency": "USD",
        "timestamp": "2024-01-15T10:30:00Z",
    }
    assert first["revenue_id"].startswith("rev_")
    assert _total(bearer) == ("99.99", 1)


def test_15_also_when_the_server_fills_in_the_time(bearer: httpx.Client, base: str, site: str) -> None:
    for _ in range(3):
        _sent(bearer, base, site, amount=5, order_id="o1")
    assert _total(bearer) == ("5", 1)


def test_16_an_amount_that_is_no_number_is_refused(bearer: httpx.Client, base: str, site: str) -> None:
    answer = bearer.post(f"{base}/revenue", json={"website_id": site, "amount": "abc", "order_id": "o"})
    assert _refused(answer, 400, "INVALID_REQUEST")["details"] == {"field": "amount", "expected": "number"}
    assert _total(bearer)[1] == 0


def test_the_last_content_of_a_transaction_counts(bearer: httpx.Client, base: str, site: str) -> None:
    for amount in (10, 20, 10, "12.345678901"):
        sent = _sent(bearer, base, site, amount=amount, transaction_id="t1")
    assert sent["currency"] == "EUR"
    assert _total(bearer) == ("12.345678901", 1)


def test_an_order_its_renewals_and_refunds(bearer: httpx.Client, base: str, site: str) -> None:
    _sent(bearer, base, site, amount=100, order_id="o")
    for transaction in ("n1", "n2"):
        _sent(bearer, base, site, amount=30, order_id="o", type="renewal", transaction_id=transaction)
    for transaction in ("r1", "r2"):
        partial = _sent(bearer, base, site, amount=5, order_id="o", type="refund", transaction_id=transaction)
    assert partial["amount"] == -5
    assert _total(bearer) == ("150", 5)
    for amount in (100, -100):
        _sent(bearer, base, site, amount=amount, order_id="o", type="refund")
    assert _total(bearer) == ("50", 6)


def test_without_ids_every_call_counts(bearer: httpx.Client, base: str, site: str) -> None:
    ids = {_sent(bearer, base, site, amount=1)["revenue_id"] for _ in range(3)}
    assert (len(ids), _total(bearer)) == (3, ("3", 3))


def test_a_payment_is_taken_back_and_may_come_again(bearer: httpx.Client, base: str, site: str) -> None:
    _sent(bearer, base, site, amount=7, order_id="a/b ü")
    kept = _sent(bearer, base, site, amount=1)
    for _ in range(2):
        answer = bearer.delete(f"{base}/revenue/a%2Fb%20%C3%BC", params={"website_id": site})
        assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert _total(bearer) == ("1", 1)
    _sent(bearer, base, site, amount=7, order_id="a/b ü")
    assert _total(bearer) == ("8", 2)
    assert bearer.delete(f"{base}/revenue/{kept['revenue_id']}", params={"website_id": site}).status_code == 200
    assert _total(bearer) == ("7", 1)


def test_what_was_taken_back_is_told_so_at_any_door(bearer: httpx.Client, base: str, site: str) -> None:
    revenue_id = _sent(bearer, base, site, amount=7, order_id="o")["revenue_id"]
    event = f"/flexprice/v1/events/{revenue_id}"
    key = {"x-api-key": bearer.headers["authorization"].removeprefix("Bearer ")}
    assert bearer.get(event, headers=key).json()["event"]["properties"]["amount"] == 7
    bearer.delete(f"{base}/revenue/o", params={"website_id": site})
    taken_back = bearer.get(event, headers=key).json()
    assert [(one["properties"]["amount"], one["standing"]) for one in taken_back["events"]] == [(7, "voided")]
    _sent(bearer, base, site, amount=8, order_id="o")
    found = bearer.get(event, headers=key).json()
    standings = [(version["properties"]["amount"], version["standing"]) for version in found["events"]]
    assert standings == [(8, "in_force"), (7, "voided")]


def test_what_cannot_be_taken_back(bearer: httpx.Client, stranger: httpx.Client, base: str, site: str) -> None:
    _sent(bearer, base, site, amount=7, order_id="o")
    missing = _refused(bearer.delete(f"{base}/revenue/o"), 400, "INVALID_REQUEST")
    assert missing["details"] == {"field": "website_id", "expected": "string"}
    unknown = _refused(bearer.delete(f"{base}/revenue/other", params={"website_id": site}), 404, "NOT_FOUND")
    assert unknown["details"]["field"] == "transaction_id"
    _refused(stranger.delete(f"{base}/revenue/o", params={"website_id": site}), 404, "NOT_FOUND")
    _refused(bearer.delete(f"{base}/revenue/o", params={"website_id": "nobodys"}), 404, "NOT_FOUND")
    event = bearer.post("/api/events", json={"website_id": site, "event_name": "x"}).json()["event_id"]
    _refused(bearer.delete(f"{base}/revenue/{event}", params={"website_id": site}), 404, "NOT_FOUND")
    assert _total(bearer) == ("7", 1)


def test_a_key_for_sending_alone_takes_nothing_back(server: RunningServer, project: str, base: str, site: str) -> None:
    with server.client(server.key(project, "unlimited", "--scope", "ingest")) as sender:
        _sent(sender, base, site, amount=7, order_id="o")
        _refused(sender.delete(f"{base}/revenue/o", params={"website_id": site}), 403, "FORBIDDEN")
    with server.client(server.key(project, "unlimited", "--scope", "read")) as reader:
        _refused(reader.delete(f"{base}/revenue/o", params={"website_id": site}), 403, "FORBIDDEN")
        _refused(reader.post(f"{base}/revenue", json={"website_id": site, "amount": 1}), 403, "FORBIDDEN")
        assert _total(reader) == ("7", 1)


def test_another_projects_website_takes_no_payment(stranger: httpx.Client, bearer: httpx.Client, base: str, site: str) -> None:
    answer = stranger.post(f"{base}/revenue", json={"website_id": site, "amount": 1})
    assert _refused(answer, 400, "INVALID_REQUEST")["details"]["field"] == "website_id"
    assert (_total(stranger)[1], _total(bearer)[1]) == (0, 0)


def test_a_batch_is_itemised(bearer: httpx.Client, base: str, site: str) -> None:
    elements = [
        {"amount": 10, "order_id": "o1"},
        {"amount": "x"},
        {"amount": 3, "website_id": "nobodys"},
        {"amount": "2.5", "order_id": "o2", "type": "refund"},
    ]
    answer = bearer.post(f"{base}/revenue/batch", json={"website_id": site, "events": elements})
    body = answer.json()
    assert (answer.status_code, body["processed"], body["failed"], len(body["revenue_ids"])) == (200, 2, 2, 2)
    assert [(error["index"], error["details"]["field"]) for error in body["errors"]] == [(1, "amount"), (2, "website_id")]
    assert _total(bearer) == ("7.5", 2)
    _refused(bearer.post(f"{base}/revenue/batch", json={"website_id": site, "events": elements[1:3]}), 400, "INVALID_REQUEST")


def test_payments_are_listed_as_they_count(bearer: httpx.Client, stranger: httpx.Client, base: str, site: str) -> None:
    for amount in ("1", "12345678901234567.89"):
        _sent(bearer, base, site, amount=amount, order_id="o1", customer_id="c", timestamp="2024-03-01T10:00:00Z")
    _sent(bearer, base, site, amount=5, type="refund", transaction_id="r", timestamp="2024-03-02T10:00:00Z")
    _sent(bearer, base, site, amount=3, order_id="gone", timestamp="2024-03-03T10:00:00Z")
    bearer.delete(f"{base}/revenue/gone", params={"website_id": site})
    bearer.post(f"{base}/events", json={"website_id": site, "event_name": "x", "timestamp": "2024-03-02T10:00:00Z"})
    asked = {"website_id": site, "start_date": "2024-03-01", "end_date": "2024-03-05"}
    body = _exact(bearer.get(f"{base}/revenue", params=asked))
    assert [(one["amount"], one["type"], one["order_id"], one["customer_id"]) for one in body["revenue"]] == [
        (-5, "refund", None, None), (Decimal("12345678901234567.89"), "sale", "o1", "c"),
    ]  # fmt: skip
    assert (body["total"], body["limit"], body["offset"]) == (2, 100, 0)
    second = _exact(bearer.get(f"{base}/revenue", params={**asked, "limit": "1", "page": "2"}))
    assert ([one["transaction_id"] for one in second["revenue"]], second["total"]) == (["o1"], 2)
    assert _refused(bearer.get(f"{base}/revenue"), 400, "INVALID_REQUEST")["details"]["field"] == "website_id"
    _refused(stranger.get(f"{base}/revenue", params=asked), 404, "NOT_FOUND")


def test_a_batch_has_a_window_of_its_own(bearer: httpx.Client, server: RunningServer, project: str, base: str, site: str) -> None:
    with server.client(server.key(project, "free")) as client:
        one = client.post(f"{base}/revenue", json={"website_id": site, "amount": 1}).headers
        batch = client.post(f"{base}/revenue/batch", json={"website_id": site, "events": [{"amount": 1}]}).headers
    assert one["x-ratelimit-limit"] != batch["x-ratelimit-limit"]


def test_a_body_that_is_no_json_is_refused(bearer: httpx.Client, base: str) -> None:
    assert "not valid JSON" in _refused(bearer.post(f"{base}/revenue", content=b"{"), 400, "INVALID_REQUEST")["message"]
