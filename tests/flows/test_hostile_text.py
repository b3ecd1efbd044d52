"""Hostile but valid text comes back exactly, can be filtered and aggregated, and never opens a way into another project."""

import itertools
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.flows.refusing import Shape, assert_refused
from tests.flows.running import RunningServer

ALL_TIME = {"start_time": "1970-01-01T00:00:00Z", "end_time": "2199-12-31T00:00:00Z"}
TEXTS = {
    "a single quote": "'",
    "a double quote": '"',
    "a backslash": "\\",
    "a backslash and a quote": "\\'",
    "backslash n, not a line break": "\\n",
    "a line break": "a\nb",
    "a tab and a return": "a\tb\r",
    "a backtick": "`",
    "a parameter": "{k:String}",
    "a format": "%s %d %(x)s {0} {x}",
    "SQL that ends a statement": "'; DROP TABLE events; --",
    "SQL that is always true": "' OR '1'='1",
    "SQL that joins": "' UNION ALL SELECT * FROM events --",
    "a comment": "/* */ -- #",
    "a dotted path": "a.b.c",
    "an index": "a[0]",
    "a dollar": "$",
    "a percent and an underscore": "%_",
    "a null by name": "NULL",
    "backslash N": "\\N",
    "emoji": "👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "right to left": "\u202eabc\u202c",
    "combining marks": "e\u0301 is not \u00e9",
    "a byte order mark": "\ufeff",
    "the last code point": "\U0010ffff",
    "line separators": "a\u2028b\u2029",
    "control characters": "\x01\x07\x1b[31m\x7f",
    "a no-break space": "\u00a0",
    "markup": "<script>alert(1)</script>&amp;",
    "JSON": '{"a":"b"}',
    "a number": "1e3",
    "digits only": "00123",
    "a colon, a comma, a semicolon": "a:b,c;d",
    "very long": "x" * 10_000,
}
# Those that are sent in every field of every question.
HARDEST = (*list(TEXTS.values())[:12], TEXTS["emoji"], TEXTS["backslash N"], TEXTS["very long"])
QUOTED = {**TEXTS, "empty": "", "a space": " ", "spaces around": " a "}


@pytest.fixture(scope="module")
def secret(server: RunningServer) -> str:
    """One project for the whole module; each test has event names of its own."""
    return server.key("hostile")


@pytest.fixture(scope="module")
def bearer(server: RunningServer, secret: str) -> Iterator[httpx.Client]:
    with server.client(secret) as client:
        yield client


@pytest.fixture(scope="module")
def flexprice(server: RunningServer, secret: str) -> Iterator[httpx.Client]:
    with server.client(secret, header="x-api-key", base="/v1") as client:
        yield client


@pytest.fixture(scope="module")
def stranger(server: RunningServer) -> Iterator[httpx.Client]:
    """Another project, with an event that must never be seen."""
    with server.client(server.key("hostile-other"), header="x-api-key", base="/v1") as client:
        event = {"event_name": "theirs", "external_customer_id": "c", "properties": {"secret": "theirs", "n": 1_000_000}}
        assert client.post("/events", json=event).status_code == 202
        yield client


def _usage(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    body = {"event_name": "matrix", "aggregation_type": "COUNT", **ALL_TIME, **fields}
    answer = client.post("/events/usage", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _listed(client: httpx.Client, **fields: Any) -> list[dict[str, Any]]:
    answer = client.post("/events/query", json={**ALL_TIME, "page_size": 1000, **fields})
    assert answer.status_code == 200, answer.text
    return list(answer.json().get("events") or [])


def test_hostile_properties_come_back_and_are_filtered_and_summed(flexprice: httpx.Client, stranger: httpx.Client) -> None:
    properties = [{name: value, "n": n} for n, (name, value) in enumerate(itertools.product(QUOTED.values(), repeat=2))]
    events = [
        {"event_name": "matrix", "external_customer_id": "c", "event_id": f"e{n}", "properties": each}
        for n, each in enumerate(properties)
    ]
    for start in range(0, len(events), 1000):
        assert flexprice.post("/events/bulk", json={"events": events[start : start + 1000]}).status_code == 202
    assert _usage(flexprice)["value"] == len(events)
    for n in range(0, len(events), len(QUOTED) + 1):
        assert _listed(flexprice, event_id=f"e{n}")[0]["properties"] == properties[n]
    for name in QUOTED.values():
        own = [
            n for n, each in enumerate(properties) if each.get(name, "") == name
        ]  # An absent property is the empty text in filters.
        found = _usage(flexprice, aggregation_type="SUM", property_name="n", filters={name: [name]})
        assert found.get("value", 0) == sum(own), name[:50]
        listed = _listed(flexprice, event_name="matrix", page_size=2000, property_filters={name: [name]})
        assert sorted(event["properties"]["n"] for event in listed) == own, name[:50]
        unique = _usage(flexprice, aggregation_type="COUNT_UNIQUE", property_name=name)
        assert unique["value"] >= len(QUOTED), name[:50]
    assert len(_listed(stranger)) == 1


@pytest.mark.parametrize("case", QUOTED)
def test_a_number_under_a_hostile_name_is_summed_by_both_doors(
    flexprice: httpx.Client, bearer: httpx.Client, stranger: httpx.Client, case: str
) -> None:
    name, event_name = QUOTED[case], f"number under {case}"
    for amount in (1, 2.5, "4"):
        event = {"event_name": event_name, "external_customer_id": "c", "properties": {name: amount, "other": 100}}
        assert flexprice.post("/events", json=event).status_code == 202
    if name:
        assert _usage(flexprice, event_name=event_name, aggregation_type="SUM", property_name=name)["value"] == 7.5
        question = {"event": event_name, "metric": "sum", "property": name}
        assert bearer.get("/v1/metrics", params=question).json() == {"value": 7.5, "count": 3}


@pytest.mark.parametrize("case", [case for case, text in TEXTS.items() if len(text) <= 255 and text == text.strip()])
def test_hostile_names_and_ids_come_back_and_are_found(
    flexprice: httpx.Client, bearer: httpx.Client, stranger: httpx.Client, case: str
) -> None:
    text = TEXTS[case]
    event = {"event_name": text, "external_customer_id": text, "event_id": text, "customer_id": text, "source": text}
    assert flexprice.post("/events", json=event).json()["event_id"] == text
    for filters in (
        {"event_name": text},
        {"external_customer_id": text},
        {"event_id": text},
        {"source": text},
    ):
        (found,) = _listed(flexprice, **filters)
        assert [found[field] for field in ("event_name", "external_customer_id", "id", "customer_id", "source")] == [text] * 5
    assert flexprice.get("/events/lookup", params={"id": text}).json()["event"]["id"] == text
    assert flexprice.get(f"/events/{quote(text, safe='')}").json()["event"]["id"] == text
    assert bearer.get("/v1/metrics", params={"event": text}).json()["count"] == 1
    assert _usage(flexprice, event_name=text, external_customer_id=text)["value"] == 1


def _hostile_values() -> list[Any]:
    nested: Any = "x"
    for _ in range(40):
        nested = [nested]
    return [*HARDEST, "", "\x00", 5, -1, 1.5, 10**30, True, None, [], {}, [None], [[]], {"a": {}}, nested, ["x"] * 2000]


BODY_FIELDS = (
    "event_name", "aggregation_type", "property_name", "external_customer_id", "customer_id", "event_id", "source",
    "start_time", "end_time", "window_size", "bucket_size", "filters", "property_filters", "multiplier", "billing_anchor",
    "timezone", "group_by", "group_by_property", "page_size", "offset", "sort", "order", "iter_first_key", "iter_last_key",
)  # fmt: skip


@pytest.mark.parametrize("path", ["/events/query", "/events/usage"])
@pytest.mark.parametrize("field", BODY_FIELDS)
def test_hostile_bodies_are_answered_or_refused_by_name(
    flexprice: httpx.Client, stranger: httpx.Client, path: str, field: str
) -> None:
    known = {"event_name": "theirs", "aggregation_type": "COUNT", "property_name": "n", "window_size": "DAY"}
    for value in _hostile_values():
        answer = flexprice.post(path, json={**known, field: value})
        if answer.status_code != 200:
            assert_refused(Shape.FLEXPRICE, answer, 400)
        assert '"secret"' not in answer.text


QUERY_BODIES = {
    "empty": b"",
    "cut short": b'{"event_name":"a"',
    "a list": b"[]",
    "null": b"null",
    "not UTF-8": b'{"event_name":"\xff"}',
    "a duplicate key": b'{"event_name":"a","event_name":"b","aggregation_type":"COUNT"}',
    "1e999": b'{"event_name":"a","aggregation_type":"COUNT","page_size":1e999}',
    "5000 digits": b'{"event_name":"a","aggregation_type":"COUNT","page_size":' + b"9" * 5000 + b"}",
    "nested 100,000 levels": b"[" * 100_000,
    "half a surrogate": b'{"event_name":"\\ud800","aggregation_type":"COUNT"}',
    "bytes behind": b'{"event_name":"a","aggregation_type":"COUNT"}x',
}


@pytest.mark.parametrize("path", ["/v1/events/query", "/v1/events/usage", "/flexprice/v1/events/query"])
@pytest.mark.parametrize("case", QUERY_BODIES)
def test_a_question_that_is_no_json_object_is_refused(bearer: httpx.Client, path: str, case: str) -> None:
    assert_refused(Shape.FLEXPRICE, bearer.post(path, content=QUERY_BODIES[case]), 400)


GETS: list[tuple[Shape, str, tuple[str, ...]]] = [
    (Shape.SOLINTH, "/v1/metrics", ("event", "metric", "property", "from", "to", "interval", "timezone", "other")),
    (
        Shape.FLEXPRICE,
        "/flexprice/v1/events",
        ("event_name", "event_id", "start_time", "end_time", "property_filters", "page_size", "offset", "sort", "iter_last_key"),
    ),
    (Shape.FLEXPRICE, "/v1/events/lookup", ("id", "external_customer_id", "start_time", "end_time")),
    (Shape.FLEXPRICE, "/v1/events/x", ("external_customer_id", "start_time", "end_time")),
    (Shape.FLEXPRICE, "/v1/events/x/history", ("start_time",)),
    (Shape.FLEXPRICE, "/v1/events/unmetered", ("event_name", "source", "include_without_customer", "iter_last_key")),
]
RAW_VALUES = ("%00", "%ff", "%ed%a0%80", "%", "%zz", "+", "&&&", "=", "a&event=b", "%0d%0aset-cookie:%20a=b", "1e999", "9" * 400)


@pytest.mark.parametrize(("shape", "path", "names"), GETS, ids=lambda value: value if isinstance(value, str) else "")
def test_hostile_query_strings_are_answered_or_refused_by_name(
    bearer: httpx.Client, stranger: httpx.Client, shape: Shape, path: str, names: tuple[str, ...]
) -> None:
    values = [*map(quote, HARDEST), "", *RAW_VALUES]
    for name, value in itertools.product(names, values):
        base = "event=theirs&" if shape is Shape.SOLINTH and name != "event" else ""
        answer = bearer.get(f"{path}?{base}{name}={value}"[:20_000])
        if answer.status_code != 200:
            assert_refused(shape, answer, 400, 404)
        assert '"secret"' not in answer.text
        assert "set-cookie" not in answer.headers
    for query in ("?" * 100, "&".join(f"a{n}=1" for n in range(300)), "&".join(["event=a"] * 2), "\x7f", "event=a#fragment"):
        answer = bearer.get(f"{path}?{quote(query, safe='?&=#')}")
        if answer.status_code != 200:
            assert_refused(shape, answer, 400, 404)


@pytest.mark.parametrize("case", TEXTS)
def test_a_name_that_is_asked_for_never_finds_another_projects_events(
    bearer: httpx.Client, stranger: httpx.Client, case: str
) -> None:
    text = f"theirs{TEXTS[case]}"
    answer = bearer.get("/v1/metrics", params={"event": text[:255], "metric": "sum", "property": TEXTS[case]})
    assert answer.json()["count"] == 0
    for key in (TEXTS[case], "secret"):
        found = bearer.post("/v1/events/query", json={"property_filters": {key: ["theirs", text]}})
        assert not found.json()["events"]
