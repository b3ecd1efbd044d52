"""The history of an event: who changed it, when, before and after. Usage as of an earlier moment, over corrections and voids."""

from typing import Any

import httpx

from streamgauge.wire.flexprice.history import MAX_CHANGES
from streamgauge.wire.flexprice.receipt_schema import HISTORY
from tests.flows.running import RunningServer
from tests.flows.sending import ALL_TIME, meter, send, usage
from tests.wire.schemas import misfits


def history(client: httpx.Client, event_id: str) -> Any:
    answer = client.get(f"/events/{event_id}/history")
    assert answer.status_code == 200, answer.text
    assert misfits(HISTORY, answer.json()) == []
    return answer.json()


def _values(changes: list[dict[str, Any]]) -> list[tuple[str, Any, Any]]:
    def value(version: dict[str, Any] | None) -> Any:
        return version and version["properties"]["n"]

    return [(one["change"], value(one["before"]), value(one["after"])) for one in changes]


def test_every_change_is_there_with_who_and_when(flexprice: httpx.Client, server: RunningServer, project: str) -> None:
    with server.client(server.key(project), header="x-api-key", base="/v1") as colleague:
        send(flexprice, "e", {"n": 1})
        send(flexprice, "e", {"n": 1})  # A duplicate.
        send(colleague, "e", {"n": 2})
        assert colleague.delete("/events/e").status_code == 200
        assert flexprice.delete("/events/e").status_code == 200
        send(flexprice, "e", {"n": 2})
    told = history(flexprice, "e")
    changes = told["changes"]
    assert (told["event_id"], told["has_more"]) == ("e", False)
    assert _values(changes) == [("created", None, 1), ("corrected", 1, 2), ("voided", 2, None), ("restored", None, 2)]
    own, theirs = changes[0]["key_id"], changes[1]["key_id"]
    assert own != theirs
    assert [one["key_id"] for one in changes] == [own, theirs, theirs, own]
    assert {own, theirs} <= set(server.command("keys", "list").split())
    assert {one["door"] for one in changes} == {"flexprice"}
    positions = [one["position"] for one in changes]
    assert positions == sorted(set(positions))
    assert [one["at"] for one in changes] == sorted(one["at"] for one in changes)


def test_a_change_by_another_door_names_it(flexprice: httpx.Client, bearer: httpx.Client) -> None:
    event_id = bearer.post("/solinth/v1/events", json={"event": "x", "properties": {"n": 1}}).json()["event_id"]
    send(flexprice, event_id, {"n": 2})
    changes = history(flexprice, event_id)["changes"]
    assert [(one["change"], one["door"]) for one in changes] == [("created", "solinth"), ("corrected", "flexprice")]


def test_only_the_last_changes_are_told_when_there_are_many(flexprice: httpx.Client) -> None:
    event = {"event_name": "api_call", "external_customer_id": "c", "event_id": "e"}
    versions = [{**event, "properties": {"n": n}} for n in range(MAX_CHANGES + 1)]
    assert flexprice.post("/events/bulk", json={"events": versions}).status_code == 202
    told = history(flexprice, "e")
    assert (len(told["changes"]), told["has_more"]) == (MAX_CHANGES, True)
    assert _values(told["changes"])[0] == ("corrected", 0, 1)
    assert _values(told["changes"])[-1] == ("corrected", MAX_CHANGES - 1, MAX_CHANGES)


def test_what_is_not_there_has_no_history(flexprice: httpx.Client, server: RunningServer) -> None:
    answer = flexprice.get("/events/nothing/history")
    assert (answer.status_code, answer.json()["message"]) == (404, "Event not found in events table")
    send(flexprice, "e", {"n": 1})
    with server.client(server.key("history-stranger"), header="x-api-key", base="/v1") as stranger:
        assert stranger.get("/events/e/history").status_code == 404


def _answers(client: httpx.Client, meter_id: str, **asked: str) -> tuple[list[Any], str]:
    """The usage that every way of asking tells, and the position that covers it."""
    raw = {"event_name": "api_call", "property_name": "n", **ALL_TIME, **asked}
    told, position = [], ""
    for kind in ("COUNT", "SUM", "MAX", "AVG", "LATEST", "COUNT_UNIQUE"):
        answer = client.post("/events/usage", json={**raw, "aggregation_type": kind})
        assert answer.status_code == 200, answer.text
        told.append(answer.json())
        position = answer.headers["x-streamgauge-position"]
    windowed = {**raw, "aggregation_type": "SUM", "window_size": "DAY", "group_by": ["properties.region"]}
    for path, body in (("usage", windowed), ("usage/meter", {"meter_id": meter_id, **ALL_TIME, **asked})):
        answer = client.post(f"/events/{path}", json=body)
        assert answer.status_code == 200, answer.text
        told.append(answer.json())
    return told, position


STEPS: dict[str, dict[str, Any]] = {
    "another event": {"event_id": "f", "properties": {"n": 10, "region": "us"}},
    "another value": {"event_id": "e", "properties": {"n": 5, "region": "eu"}},
    "another time": {"event_id": "e", "properties": {"n": 5, "region": "eu"}, "timestamp": "2024-05-03T00:00:00Z"},
    "another name": {"event_id": "f", "properties": {"n": 10}, "event_name": "renamed"},
    "taken back": {"event_id": "e"},
    "sent again": {"event_id": "e", "properties": {"n": 7, "region": "us"}},
    "taken back again": {"event_id": "e"},
    "back under its name": {"event_id": "f", "properties": {"n": 11, "region": "us"}},
}


def test_usage_as_of_an_earlier_moment_is_what_it_was_then(flexprice: httpx.Client) -> None:
    made = meter(flexprice, {"type": "SUM", "field": "n"}, [{"key": "region", "values": ["eu", "us"]}])
    send(flexprice, "e", {"n": 1, "region": "eu"})
    seen = [_answers(flexprice, made)]
    for name, change in STEPS.items():
        if name.startswith("taken back"):
            assert flexprice.delete(f"/events/{change['event_id']}").status_code == 200
        else:
            send(flexprice, **change)
        seen.append(_answers(flexprice, made))
        assert seen[-1][0] != seen[-2][0], name
    for told, position in seen:
        assert _answers(flexprice, made, as_of=f"position:{position}")[0] == told


def test_usage_as_of_a_change_is_that_of_before_it(flexprice: httpx.Client) -> None:
    for n in (1, 2, 3):
        send(flexprice, "e", {"n": n})
    assert flexprice.delete("/events/e").status_code == 200
    changes = history(flexprice, "e")["changes"]
    assert [usage(flexprice, as_of=f"position:{one['position']}") for one in changes] == [0, 1, 2, 3]
    assert [usage(flexprice, as_of=f"position:{one['position'] + 1}") for one in changes] == [1, 2, 3, 0]
    assert [usage(flexprice, as_of=one["at"]) for one in changes[-1:]] == [0]
