"""The live view by HTTP: what is loaded arrives, once, in order, and only to those whom it concerns."""

import contextlib
import json
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from streamgauge.web.console.feed import MOST_OF_PROJECT, PACE_S
from streamgauge.web.console.live import MOST_LAST
from tests.flows.running import RunningServer, running
from tests.flows.watching import watching

PROPERTIES: dict[str, Any] = {"text": 'a"\n{ü}', "deep": {"list": [1, None]}, "whole": 9_007_199_254_740_993}


def send(client: httpx.Client, *events: dict[str, Any]) -> None:
    """Events of customers; each has an id of its own."""
    whole = [{"external_customer_id": "c", "event_name": "call", **event} for event in events]
    answer = client.post("/flexprice/v1/events/bulk", json={"events": whole})
    assert answer.status_code == 202, answer.text


def numbered(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [{"event_id": f"e{number}"} for number in range(start, start + count)]


def wait_until_loaded(client: httpx.Client) -> None:
    """By a question, which covers what was accepted before it."""
    assert "x-streamgauge-lag" not in client.get("/console/v1/schema/events").headers


def test_an_event_arrives_as_it_was_sent(bearer: httpx.Client) -> None:
    with watching(bearer) as live:
        assert (live.heartbeats, live.events) == (1, [])
        body = json.dumps(
            {
                "event_name": "call",
                "external_customer_id": "c",
                "event_id": "e",
                "timestamp": "2024-01-15T10:30:00.120Z",
                "source": "app",
                "properties": PROPERTIES,
            },
            indent=2,  # Line breaks between tokens, which the store keeps.
        )
        answer = bearer.post("/flexprice/v1/events", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 202
        (event,) = live.until_events(1).events
    assert event.pop("received_at") > event["at"]
    assert event.pop("position") == live.last_id
    assert event == {
        "id": "e",
        "event": "call",
        "at": "2024-01-15T10:30:00.120Z",
        "door": "flexprice",
        "customer": "c",
        "visitor": None,
        "website": None,
        "source": "app",
        "path": None,
        "bot": False,
        "properties": PROPERTIES,
    }


def test_an_event_of_a_website_tells_its_page(server: RunningServer, bearer: httpx.Client, project: str) -> None:
    website = server.website(f"live-{project}", project)
    event = {"website_id": website, "event_name": "page_view", "visitor_id": "v", "properties": {"page_url": "https://e.com/a"}}
    with watching(bearer, website=website) as live:
        send(bearer, {"event_id": "of no website"})
        assert bearer.post("/thebizness/api/events", json=event).status_code == 200
        (told,) = live.until_events(1).events
    assert (told["door"], told["website"], told["visitor"], told["path"], told["customer"]) == (
        "thebizness",
        website,
        "v",
        "/a",
        None,
    )
    with watching(bearer, last=1) as later:
        assert later.events == [told]  # The same from the store.


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param({}, ["a", "b", "c"], id="all"),
        pytest.param({"event": "call"}, ["a", "b"], id="of a name"),
        pytest.param({"customer": "c2"}, ["b", "c"], id="of a customer"),
        pytest.param({"event": "call", "customer": "c2"}, ["b"], id="of both"),
        pytest.param({"event": "cal"}, [], id="a part of a name is not the name"),
    ],
)
def test_filters_hold_for_what_comes_and_for_what_was_there(
    bearer: httpx.Client, filters: dict[str, str], expected: list[str]
) -> None:
    with contextlib.ExitStack() as stack:
        everything = stack.enter_context(watching(bearer))
        chosen = stack.enter_context(watching(bearer, **filters))
        send(bearer, {"event_id": "a"}, {"event_id": "b", "external_customer_id": "c2"})
        send(bearer, {"event_id": "c", "external_customer_id": "c2", "event_name": "other"})
        everything.until_events(3)
        chosen.until(lambda live: len(live.events) >= len(expected))
        assert chosen.ids == expected
        assert stack.enter_context(watching(bearer, last=9, **filters)).ids == expected


def test_duplicates_do_not_come_and_corrections_do(bearer: httpx.Client) -> None:
    with watching(bearer) as live:
        send(bearer, {"event_id": "e", "properties": {"n": 1}})
        send(bearer, {"event_id": "e", "properties": {"n": 1}})
        send(bearer, {"event_id": "e", "properties": {"n": 2}})
        assert bearer.delete("/flexprice/v1/events/e").status_code == 200
        send(bearer, {"event_id": "last"})
        live.until(lambda so_far: "last" in so_far.ids)
    assert [(event["id"], event["properties"].get("n")) for event in live.events] == [("e", 1), ("e", 2), ("last", None)]


def test_other_projects_are_not_seen(server: RunningServer, bearer: httpx.Client, project: str) -> None:
    with server.client(server.key(f"{project}-of-others")) as others, watching(bearer) as live, watching(others) as theirs:
        send(others, {"event_id": "theirs"})
        theirs.until_events(1)
        send(bearer, {"event_id": "own"})
        assert live.until_events(1).ids == ["own"]


def test_the_last_events_come_first_without_gap_or_repetition(bearer: httpx.Client) -> None:
    """Readers come while events do: each gets the last ones and then every one that follows."""
    send(bearer, *numbered(10))
    stop = threading.Event()
    sent = 10

    def keep_sending() -> None:
        nonlocal sent
        while not stop.is_set():
            send(bearer, *numbered(5, sent))
            sent += 5
            stop.wait(0.005)

    sender = threading.Thread(target=keep_sending)
    sender.start()
    try:
        for _ in range(5):
            with watching(bearer, last=3) as live:
                ids = live.until_events(40).ids
            first = int(ids[0][1:])
            assert ids == [f"e{number}" for number in range(first, first + len(ids))]
    finally:
        stop.set()
        sender.join()
    wait_until_loaded(bearer)
    with watching(bearer, last=MOST_LAST) as live:
        assert live.ids == [f"e{number}" for number in range(max(0, sent - MOST_LAST), sent)]


def test_a_reader_that_comes_again_goes_on_where_it_was(bearer: httpx.Client) -> None:
    with watching(bearer) as live:
        send(bearer, *numbered(3))
        place = live.until_events(3).last_id
    send(bearer, *numbered(MOST_LAST + 7, 3))
    wait_until_loaded(bearer)
    with watching(bearer, after=place) as again:
        again.until_events(MOST_LAST + 7)
        assert again.skipped == 7
        assert again.ids == [f"e{number}" for number in range(10, MOST_LAST + 10)]
    with watching(bearer, after=again.last_id) as nothing_new:
        assert (nothing_new.events, nothing_new.skipped, nothing_new.heartbeats) == ([], 0, 1)


def test_a_slow_reader_is_told_what_it_lost_and_has_the_newest(bearer: httpx.Client) -> None:
    total, padding = 6_000, {"padding": "x" * 1_000}
    with watching(bearer) as slow, watching(bearer, event="call", customer="c") as quick:
        for start in range(0, total, 500):
            send(bearer, *({**event, "properties": padding} for event in numbered(500, start)))
            quick.until_events(start + 500)
        slow.until_events(total)
        assert slow.skipped > 0
        assert len(slow.events) + slow.skipped == total
        assert slow.ids[-1] == f"e{total - 1}"
        numbers = [int(name[1:]) for name in slow.ids]
        assert numbers == sorted(set(numbers))
        assert len(quick.events) >= len(slow.events)


def test_a_thousand_events_a_second_arrive_in_few_messages(bearer: httpx.Client) -> None:
    with watching(bearer) as live:
        begun = time.monotonic()
        for start in range(0, 3_000, 100):
            send(bearer, *numbered(100, start))
            time.sleep(max(0.0, begun + (start + 100) / 1_000 - time.monotonic()))
        live.until_events(3_000)
        took_s = time.monotonic() - begun
    assert (live.skipped, len(set(live.ids))) == (0, 3_000)
    assert live.messages <= took_s / PACE_S + 2


def test_so_many_streams_and_no_more(bearer: httpx.Client) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_OF_PROJECT - 1):
            stack.enter_context(watching(bearer))
        with watching(bearer):
            refused = bearer.get("/console/v1/events/stream")
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "server_busy")
            assert int(refused.headers["retry-after"]) > 0
        deadline = time.monotonic() + 10
        while True:
            with bearer.stream("GET", "/console/v1/events/stream") as answer:
                if answer.status_code == 200:
                    return
            assert time.monotonic() < deadline, "the place of one that left was not given free"


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        pytest.param({"last": MOST_LAST + 1}, "last", id="too many"),
        pytest.param({"after": "x"}, "after", id="no position"),
        pytest.param({"events": "call"}, "events", id="unknown"),
    ],
)
def test_refusals(bearer: httpx.Client, parameters: dict[str, str], field: str) -> None:
    error = bearer.get("/console/v1/events/stream", params=parameters).json()["error"]
    assert (error["code"], error["field"]) == ("invalid_parameter", field)


def test_a_stop_of_the_server_ends_the_streams(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server, server.client(server.key()) as client, watching(client) as live:
        begun = time.monotonic()
        assert server.terminate() == 0
        assert time.monotonic() - begun < 5
        with pytest.raises(AssertionError, match="the stream has ended"):
            live.until_events(1)
