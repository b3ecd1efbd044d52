"""What there is to ask about, by HTTP: names, properties, values, and whether a website's events arrive. Python is the judge."""

import json
from collections import Counter
from typing import Any

import httpx
import pytest

from streamgauge.query.vocabulary import EXAMPLE_CHARACTERS, EXAMPLES, LONGEST_VALUE_BYTES
from streamgauge.web.console.docs_vocabulary import VOCABULARY_DOCS
from streamgauge.wire.timestamps import format_instant
from tests.flows.running import RunningServer
from tests.wire.schemas import misfits

REPLIES = {doc.path.removeprefix("/console/v1"): doc.reply for doc in VOCABULARY_DOCS}
HOSTILE = ["", "it's", 'a"b', "a.b", "{x}", "ключ", "a\\b", "100%", "--", "a\nb"]
PURCHASES: list[dict[str, Any]] = [
    {
        "plan": ["free", "pro", "pro"][number % 3],
        "amount": number + 0.5 if number % 2 else str(number),
        "paid": number % 4 == 0,
        **({"tags": ["a"], "place": {"city": "Ulm"}, "note": None} if number % 5 == 0 else {}),
    }
    for number in range(30)
]


def ask(client: httpx.Client, path: str, **parameters: str | int) -> Any:
    answer = client.get(f"/console/v1{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    schema = REPLIES.get(path) or REPLIES["/websites/{id}/check"]
    assert misfits(schema, answer.json()) == []
    return answer.json()


def send(client: httpx.Client, name: str, all_properties: list[dict[str, Any]], start_ms: int = 1_700_000_000_000) -> None:
    events = [
        {"event": name, "timestamp": format_instant(start_ms + place * 1000), "properties": properties}
        for place, properties in enumerate(all_properties)
    ]
    answer = client.post("/solinth/v1/events/batch", json={"events": events})
    assert answer.status_code == 200, answer.text


def json_type(value: object) -> str:
    kinds = {bool: "boolean", int: "number", float: "number", str: "text", list: "list", dict: "object", type(None): "null"}
    return kinds[type(value)]


def test_names_come_by_frequency_with_their_times(bearer: httpx.Client) -> None:
    send(bearer, "rare", [{}])
    send(bearer, "usual", [{}] * 3)
    send(bearer, "Unusual", [{}] * 2, start_ms=0)
    told = ask(bearer, "/schema/events")["events"]
    assert [(one["name"], one["count"]) for one in told] == [("usual", 3), ("Unusual", 2), ("rare", 1)]
    assert [told[1]["first_at"], told[1]["last_at"]] == ["1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z"]
    assert [one["name"] for one in ask(bearer, "/schema/events", limit=1)["events"]] == ["usual"]
    assert [one["name"] for one in ask(bearer, "/schema/events", search="USUAL")["events"]] == ["usual", "Unusual"]
    assert ask(bearer, "/schema/events", search="%")["events"] == []


def test_properties_have_types_shares_and_examples(bearer: httpx.Client) -> None:
    send(bearer, "purchase", PURCHASES)
    told = ask(bearer, "/schema/properties", event="purchase")
    assert told["sampled"] == len(PURCHASES)
    for one in told["properties"]:
        values = [properties[one["name"]] for properties in PURCHASES if one["name"] in properties]
        assert set(one["types"]) == {json_type(value) for value in values}
        assert one["share"] == pytest.approx(len(values) / len(PURCHASES))
        texts = {value if isinstance(value, str) else json.dumps(value, separators=(",", ":")) for value in values}
        assert set(one["examples"]) <= texts
        assert len(one["examples"]) == min(len(texts), EXAMPLES)
    assert {one["name"] for one in told["properties"]} == {name for properties in PURCHASES for name in properties}
    shares = [one["share"] for one in told["properties"]]
    assert shares == sorted(shares, reverse=True)
    number_shares = {one["name"]: one["number_share"] for one in told["properties"]}
    assert (number_shares["amount"], number_shares["plan"]) == (1.0, 0.0)


def test_values_come_by_frequency(bearer: httpx.Client) -> None:
    send(bearer, "purchase", PURCHASES)
    told = ask(bearer, "/schema/values", event="purchase", property="plan")
    counted = Counter(properties["plan"] for properties in PURCHASES)
    assert told == {"sampled": 30, "values": [{"value": value, "count": count} for value, count in counted.most_common()]}
    (only,) = ask(bearer, "/schema/values", event="purchase", property="plan", search="FR")["values"]
    assert only["value"] == "free"
    assert len(ask(bearer, "/schema/values", event="purchase", property="amount", limit=7)["values"]) == 7
    assert ask(bearer, "/schema/values", event="purchase", property="tags")["values"] == [{"value": '["a"]', "count": 6}]


def test_a_value_of_the_list_filters_as_it_stands_there(bearer: httpx.Client) -> None:
    send(bearer, "purchase", PURCHASES)
    for name in ("plan", "amount", "paid"):
        for one in ask(bearer, "/schema/values", event="purchase", property=name, limit=3)["values"]:
            question = {"event": "purchase", f"filter[{name}]": one["value"], "from": "2023-01-01", "to": "2023-12-31"}
            assert bearer.get("/solinth/v1/metrics", params=question).json()["value"] == one["count"]


def test_any_text_may_be_a_name(bearer: httpx.Client) -> None:
    send(bearer, 'it\'s {a} "name"', [{name: name for name in HOSTILE}])
    event = ask(bearer, "/schema/events")["events"][0]["name"]
    told = ask(bearer, "/schema/properties", event=event)["properties"]
    assert {one["name"]: one["examples"] for one in told} == {name: [name] for name in HOSTILE}
    for name in HOSTILE:
        assert ask(bearer, "/schema/values", event=event, property=name)["values"] == [{"value": name, "count": 1}]
        if name:
            assert len(ask(bearer, "/schema/values", event=event, property=name, search=name)["values"]) == 1


def test_long_texts_are_cut_as_examples_and_left_out_as_values(bearer: httpx.Client) -> None:
    send(bearer, "x", [{"long": "ä" * 200, "longer": "ä" * LONGEST_VALUE_BYTES}])
    told = {one["name"]: one["examples"] for one in ask(bearer, "/schema/properties", event="x")["properties"]}
    assert told == {name: ["ä" * EXAMPLE_CHARACTERS] for name in ("long", "longer")}
    assert ask(bearer, "/schema/values", event="x", property="long")["values"][0]["value"] == "ä" * 200
    assert ask(bearer, "/schema/values", event="x", property="longer")["values"] == []


def test_only_events_in_force_of_the_own_project_count(
    server: RunningServer, bearer: httpx.Client, flexprice: httpx.Client
) -> None:
    with server.client(server.key("project-of-others")) as others:
        send(others, "theirs", [{"secret": 1}])
    for plan in ("old", "new"):
        event = {"event_name": "call", "external_customer_id": "c", "event_id": "e", "properties": {"plan": plan}}
        assert flexprice.post("/events", json=event).status_code == 202
    assert [(one["name"], one["count"]) for one in ask(bearer, "/schema/events")["events"]] == [("call", 1)]
    assert ask(bearer, "/schema/values", event="call", property="plan") == {
        "sampled": 1,
        "values": [{"value": "new", "count": 1}],
    }
    assert ask(bearer, "/schema/properties", event="theirs") == {"sampled": 0, "properties": []}


def test_a_website_waits_until_an_event_came(server: RunningServer, bearer: httpx.Client, project: str) -> None:
    website = server.website(f"site-of-{project}", project)
    waiting = {"state": "waiting", "last_at": None, "last_page": None, "events_last_hour": 0}
    assert ask(bearer, f"/websites/{website}/check") == waiting
    event = {"website_id": website, "event_name": "page_view", "properties": {"page_url": "https://example.com/prices?a=1"}}
    for timestamp in ("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"):
        assert bearer.post("/thebizness/api/events", json={**event, "timestamp": timestamp}).status_code == 200
    told = ask(bearer, f"/websites/{website}/check")
    assert (told["state"], told["last_page"], told["events_last_hour"]) == ("receiving", "/prices", 2)
    assert told["last_at"] > "2022"


@pytest.mark.parametrize(
    ("path", "parameters", "code", "field"),
    [
        pytest.param("/schema/events", {"limit": "0"}, "invalid_parameter", "limit", id="a limit of 0"),
        pytest.param("/schema/events", {"limit": "1001"}, "invalid_parameter", "limit", id="a limit too high"),
        pytest.param("/schema/events", {"limit": "٣"}, "invalid_parameter", "limit", id="other digits"),
        pytest.param("/schema/events", {"find": "x"}, "invalid_parameter", "find", id="an unknown parameter"),
        pytest.param("/schema/properties", {}, "missing_parameter", "event", id="properties of no event"),
        pytest.param("/schema/values", {"event": "x"}, "missing_parameter", "property", id="values of no property"),
        pytest.param("/websites/none/check", {}, "not_found", None, id="no such website"),
    ],
)
def test_refusals(bearer: httpx.Client, path: str, parameters: dict[str, str], code: str, field: str | None) -> None:
    error = bearer.get(f"/console/v1{path}", params=parameters).json()["error"]
    assert (error["code"], error.get("field")) == (code, field)


def test_a_key_that_may_only_send_sees_no_names(server: RunningServer, project: str) -> None:
    with server.client(server.key(project, "unlimited", "--scope", "ingest")) as sender:
        answer = sender.get("/console/v1/schema/events")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "insufficient_scope")
