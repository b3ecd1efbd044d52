"""Malformed input of every kind through every ingest route: refused in the door's own shape, counted by name, never stored."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.flows.malformed import (
    BATCH_ROUTES,
    BODIES,
    ELEMENTS,
    ENCODED,
    EVENTS,
    LISTS,
    ROUTES,
    THEBIZNESS,
    Route,
    object_of,
    property_of,
    route_id,
)
from tests.flows.refusing import assert_refused
from tests.flows.running import RunningServer, series_of

ALL_TIME = {"start_time": "1970-01-01T00:00:00Z", "end_time": "2199-12-31T00:00:00Z"}


@pytest.fixture(scope="module")
def secret(server: RunningServer) -> str:
    """One key for the whole module: nothing sent with it may ever be stored, except by tests that say so."""
    made = server.key("malformed")
    server.website("w", "malformed")
    return made


@pytest.fixture(scope="module")
def client(server: RunningServer, secret: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as opened:
        yield opened


def _headers(route: Route, secret: str) -> dict[str, str]:
    return {route.credential: f"Bearer {secret}" if route.credential == "authorization" else secret}


def _stored(client: httpx.Client, secret: str) -> int:
    answer = client.post("/flexprice/v1/events/query", json=ALL_TIME, headers={"x-api-key": secret})
    assert answer.status_code == 200, answer.text
    return int(answer.json().get("total_count", 0))


class Refuser:
    """Sends what must be refused: checks the shape, and that one counter went up by one and no other moved."""

    def __init__(self, server: RunningServer, client: httpx.Client, secret: str) -> None:
        self._server, self._client, self._secret = server, client, secret

    def __call__(self, route: Route, body: bytes, reason: str, **headers: str) -> None:
        shape = route.dialect.shape
        before = self._events()
        answer = self._client.post(route.path, content=body, headers={**_headers(route, self._secret), **headers})
        assert_refused(shape, answer)
        counted = {series: value - before[series] for series, value in self._events().items() if value != before[series]}
        assert counted == {series_of("streamgauge_refused_total", door=shape, reason=reason): 1}, answer.text

    def _events(self) -> dict[str, float]:
        wanted = ("streamgauge_refused_total", "streamgauge_events_accepted_total", "streamgauge_events_stored_total")
        return {series: value for series, value in self._server.metrics().items() if series.startswith(wanted)}


@pytest.fixture(scope="module")
def refuse(server: RunningServer, client: httpx.Client, secret: str) -> Iterator[Refuser]:
    yield Refuser(server, client, secret)
    assert _stored(client, secret) == 0


@pytest.mark.parametrize("route", ROUTES, ids=route_id)
@pytest.mark.parametrize("case", EVENTS)
def test_a_bad_event_is_refused(refuse: Refuser, route: Route, case: str) -> None:
    changes, reason = EVENTS[case]
    refuse(route, route.event(changes(route)), reason)


@pytest.mark.parametrize("route", ROUTES, ids=route_id)
@pytest.mark.parametrize("case", BODIES)
def test_a_body_that_is_no_event_is_refused(refuse: Refuser, route: Route, case: str) -> None:
    damage, reason = BODIES[case]
    refuse(route, damage(route.good), reason)


@pytest.mark.parametrize("route", ROUTES, ids=route_id)
def test_every_beginning_of_an_event_is_refused(client: httpx.Client, secret: str, route: Route) -> None:
    for end in range(len(route.good)):
        answer = client.post(route.path, content=route.good[:end], headers=_headers(route, secret))
        assert answer.status_code == 400, route.good[:end]
        assert_refused(route.dialect.shape, answer)
    assert _stored(client, secret) == 0


@pytest.mark.parametrize("route", ROUTES, ids=route_id)
def test_other_texts_of_wrong_kinds_are_refused(refuse: Refuser, route: Route) -> None:
    required = tuple(route.dialect.required)
    for field in (*required, *route.dialect.texts):
        for value in (b"5", b"1.5", b"true", b"[]", b"{}", b'["a"]'):
            refuse(route, route.event({field: value}), "wrong_type")
        refuse(route, route.event({field: b'"' + b"x" * 513 + b'"'}), "text_too_long")
        refuse(route, route.event({field: b'"a\\u0000"'}), "nul_character")
        refuse(route, route.event({field: b'"\\udfff"'}), "invalid_utf8")
    for field in required:
        if field not in route.dialect.wrapper:
            refuse(route, route.event({field: b'""'}), "missing_field")
            refuse(route, route.event({field: b"null"}), "missing_field")


@pytest.mark.parametrize("route", BATCH_ROUTES, ids=route_id)
@pytest.mark.parametrize("case", LISTS)
def test_a_list_that_is_none_is_refused(refuse: Refuser, route: Route, case: str) -> None:
    events, reason = LISTS[case]
    refuse(route, object_of({**route.dialect.wrapper, **({} if events is None else {"events": events})}), reason)


@pytest.mark.parametrize("route", BATCH_ROUTES, ids=route_id)
@pytest.mark.parametrize("case", ELEMENTS)
def test_an_element_that_is_no_object_is_refused(refuse: Refuser, route: Route, case: str) -> None:
    refuse(route, route.wrapped([ELEMENTS[case]]), "wrong_type")


@pytest.mark.parametrize("route", BATCH_ROUTES, ids=route_id)
def test_duplicates_beside_the_events_are_refused(refuse: Refuser, route: Route) -> None:
    good = route.members({})
    refuse(route, route.wrapped([good])[:-1] + b',"events":[' + good + b"]}", "duplicate_key")
    refuse(route, route.wrapped([good])[:-1] + b',"other":1,"other":1}', "duplicate_key")
    refuse(route, route.wrapped([good])[:-1] + b',"other":{"a":1,"a":1}}', "duplicate_key")


@pytest.mark.parametrize("route", [route for route in BATCH_ROUTES if route.dialect is not THEBIZNESS], ids=route_id)
def test_one_bad_event_refuses_its_whole_batch(refuse: Refuser, route: Route) -> None:
    good = route.members({})
    for place in (0, 1, 500, 999):
        events = [good] * 1000
        events[place] = route.members(property_of(b"1e999"))
        refuse(route, route.wrapped(events), "number_out_of_range")


@pytest.mark.parametrize("route", ROUTES, ids=route_id)
@pytest.mark.parametrize("case", ENCODED)
def test_a_body_in_a_bad_encoding_is_refused(refuse: Refuser, route: Route, case: str) -> None:
    encoding, encode, reason = ENCODED[case]
    refuse(route, encode(route.good), reason, **{"content-encoding": encoding})


def test_bad_events_leave_their_neighbours_alone_where_the_door_accepts_in_part(server: RunningServer, project: str) -> None:
    secret = server.key(project)
    server.website(f"w-{project}", project)
    bad: list[bytes] = [
        object_of({"event_name": b'"bad"', **changes(ROUTES[4])})
        for case, (changes, reason) in EVENTS.items()
        # What spoils the text spoils the whole body; what is told by the tree alone spoils its event.
        if reason not in ("malformed_json", "invalid_utf8") and "100,000" not in case and "1,000 levels" not in case
    ]
    good = b'{"event_name":"good"}'
    body = b'{"website_id":"w-%b","events":[%b]}' % (project.encode(), b",".join(each for one in bad for each in (good, one)))
    with server.client(secret) as client:
        answer = client.post("/api/events/batch", content=body)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        assert (told["processed"], told["failed"], len(told["event_ids"])) == (len(bad), len(bad), len(bad))
        assert [error["index"] for error in told["errors"]] == list(range(1, 2 * len(bad), 2))
        assert all(set(error) <= {"index", "code", "message", "details"} for error in told["errors"])
        listed = client.post("/flexprice/v1/events/query", json={**ALL_TIME, "page_size": 1000}).json()
        assert [event["event_name"] for event in listed["events"]] == ["good"] * len(bad)


def test_good_events_are_stored_by_every_route(server: RunningServer, project: str) -> None:
    """What all tests above send is only refused for what was made wrong in it."""
    secret = server.key(project)
    server.website(f"w-{project}", project)
    with httpx.Client(base_url=server.url) as client:
        for route in ROUTES:
            body = route.good.replace(b'"w"', json.dumps(f"w-{project}").encode())
            answer = client.post(route.path, content=body, headers=_headers(route, secret))
            assert answer.is_success, answer.text
        assert _stored(client, secret) == len(ROUTES)
