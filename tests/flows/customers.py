"""Customers as the tests make and read them over HTTP."""

from typing import Any

import httpx

FIELDS = {
    "id", "external_id", "aliases", "parent_customer_id", "name", "email", "contact", "address_line1", "address_line2",
    "address_city", "address_state", "address_postal_code", "address_country", "timezone", "metadata", "tenant_id",
    "environment_id", "status", "created_at", "updated_at", "created_by", "updated_by",
}  # fmt: skip
UNKNOWN = "cust_01ARZ3NDEKTSV4RRFFQ69G5FAV"
WHOLE: dict[str, Any] = {
    "external_id": "c1",
    "name": "Acme ☃ <b>",
    "email": "billing@acme.example",
    "contact": "+49 30 1234567",
    "address_line1": "1 Street",
    "address_line2": "2nd floor",
    "address_city": "Berlin",
    "address_state": "BE",
    "address_postal_code": "10115",
    "address_country": "DE",
    "timezone": "Europe/Berlin",
    "metadata": {"tier": "gold", "": "", "o'hara\"": "'; DROP TABLE customers --"},
    "aliases": ["c1-eu", "c1-us"],
}


def refused(answer: httpx.Response, status: int = 400) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["http_status_code"]) == (status, status), answer.text
    return body


def made(client: httpx.Client, external_id: str, **rest: Any) -> dict[str, Any]:
    answer = client.post("/customers", json={"external_id": external_id, "name": "N", **rest})
    assert answer.status_code == 201, answer.text
    customer: dict[str, Any] = answer.json()
    return customer


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [customer["external_id"] for customer in answer.json()["items"]]
