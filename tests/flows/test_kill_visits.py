"""kill -9 while a website is loaded: whatever was cut short, its visits are those of the stored events, and nothing is twice."""

import contextlib
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from streamgauge.store import open_store
from tests.flows.running import RunningServer
from tests.loader import visit_judge

ROUNDS = 5
BATCH = 40
VISITORS = 60
# Spells of two hours, an hour apart, so that no visitor's visits all join into one, however many events come.
SPELLS, SPELL_MS, SPELL_EVERY_MS = 4, 2 * 3_600_000, 3 * 3_600_000
# Over the midnight at which one partition of visits ends: a kill may leave a half of an insert.
START = datetime(2026, 2, 28, 18, tzinfo=UTC)


@dataclass
class Sent:
    """Numbers that were acknowledged, and those whose answer never came."""

    acknowledged: set[int] = field(default_factory=set)
    unanswered: set[int] = field(default_factory=set)


def _time_of(n: int) -> str:
    """The same each time, all over the spells, in no order: loads prolong visits at either end and join them."""
    chance = random.Random(n)
    at_ms = chance.randrange(SPELLS) * SPELL_EVERY_MS + chance.randrange(SPELL_MS)
    return (START + timedelta(milliseconds=at_ms)).isoformat()


def _event(n: int) -> dict[str, Any]:
    return {
        "event_name": "click" if n % 5 == 0 else "page_view",
        "visitor_id": f"visitor {n % VISITORS}",
        "timestamp": _time_of(n),
        "properties": {"n": n, "page_url": f"https://example.com/{n % 7}", "referrer": f"https://from{n % 3}.example.org/"},
    }


def _events(client: httpx.Client, numbers: list[int]) -> int:
    return client.post("/api/events/batch", json={"website_id": "w", "events": [_event(n) for n in numbers]}).status_code


def _payment(client: httpx.Client, numbers: list[int]) -> int:
    (n,) = numbers
    paid = {"amount": n, "transaction_id": f"t{n}", "visitor_id": f"visitor {n % VISITORS}", "timestamp": _time_of(n)}
    return client.post("/api/revenue", json={"website_id": "w", "properties": {"n": n}, **paid}).status_code


def _send_until(stop: threading.Event, server: RunningServer, secret: str, payments: bool, sent: Sent, first: int) -> None:
    n, many = first, 1 if payments else BATCH
    with server.client(secret) as client:
        while not stop.is_set():
            numbers = list(range(n, n + many))
            n += many
            try:
                status = (_payment if payments else _events)(client, numbers)
            except httpx.TransportError:
                sent.unanswered.update(numbers)
                return
            assert status in (200, 202), status
            sent.acknowledged.update(numbers)


def _ask_until(stop: threading.Event, server: RunningServer, secret: str) -> None:
    """A question waits for what was sent, so that loads follow each other without a pause and the kill falls into one."""
    with server.client(secret) as client, contextlib.suppress(httpx.TransportError):
        while not stop.is_set():
            client.get("/v1/metrics", params={"event": "page_view", "metric": "count"})


def _load_and_kill(server: RunningServer, secret: str, events: Sent, payments: Sent, first: int) -> None:
    stop = threading.Event()
    threads = [
        threading.Thread(target=_send_until, args=(stop, server, secret, False, events, first)),
        threading.Thread(target=_send_until, args=(stop, server, secret, True, payments, first)),
        threading.Thread(target=_ask_until, args=(stop, server, secret)),
    ]
    for thread in threads:
        thread.start()
    time.sleep(random.uniform(0.3, 1.0))  # the moment of the kill, not a wait for anything
    server.kill()
    stop.set()
    for thread in threads:
        thread.join()


def _stored(server: RunningServer, secret: str, name: str) -> Counter[int]:
    """The numbers of all events of a name in force, walked by cursor."""
    numbers: Counter[int] = Counter()
    body: dict[str, Any] = {"event_name": name, "page_size": 5000, "start_time": "2020-01-01T00:00:00Z"}
    with server.client(secret, header="x-api-key") as client:
        while True:
            page = client.post("/flexprice/v1/events/query", json=body).json()
            numbers.update(int(event["properties"]["n"]) for event in page.get("events") or [])
            if not page["has_more"]:
                return numbers
            body["iter_last_key"] = page["iter_last_key"]


def _resend(server: RunningServer, secret: str, events: Sent, payments: Sent) -> None:
    """Events without ids: those that are not there. Payments: all without an answer, for they count once whatever comes."""
    stored = _stored(server, secret, "page_view") + _stored(server, secret, "click")
    missing = sorted(events.unanswered - stored.keys())
    with server.client(secret) as client:
        for start in range(0, len(missing), BATCH):
            assert _events(client, missing[start : start + BATCH]) in (200, 202)
        for n in sorted(payments.unanswered | set(sorted(payments.acknowledged)[-5:])):
            assert _payment(client, [n]) in (200, 202)


@pytest.mark.timeout(180)
def test_visits_survive_kill_9(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data")
    events, payments = Sent(), Sent()
    secret = server.key()
    server.website("w")
    try:
        for round_number in range(ROUNDS):
            server.start()
            _load_and_kill(server, secret, events, payments, 1 + round_number * 1_000_000)
        server.start()
        _resend(server, secret, events, payments)
        stored = _stored(server, secret, "page_view") + _stored(server, secret, "click")
        assert stored == Counter(events.acknowledged | events.unanswered)
        assert _stored(server, secret, "revenue") == Counter(payments.acknowledged | payments.unanswered)
        assert "agree" in server.command("verify")
    finally:
        with contextlib.suppress(AssertionError):
            server.stop()
    store = open_store(tmp_path / "data" / "store")
    try:
        hits = visit_judge.hits_in_store(store)
        assert len(hits) == stored.total()
        visits = visit_judge.visits_in_store(store)
        assert len(visits) > VISITORS
        assert visits == visit_judge.judged(hits)
        assert visit_judge.wrong_signs(store) == []
    finally:
        store.close()
