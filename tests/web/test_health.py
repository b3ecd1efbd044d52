"""Liveness and readiness as a supervisor and a balancer see them."""

import asyncio

import msgspec
import pytest

from streamgauge.kernel.clock import ManualClock
from streamgauge.web.credentials import NO_CREDENTIALS
from streamgauge.web.exchange import Exchange
from streamgauge.web.health import LoaderWatch, ReadinessCheck, health_paths
from streamgauge.web.reply import Message, Reply


async def no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def ask(method: str, path: str, *checks: ReadinessCheck) -> Reply:
    found = {(entry.path, entry.method): entry.endpoint for entry in health_paths(checks)}
    exchange = Exchange({"type": "http", "headers": []}, 0, b"req_1", NO_CREDENTIALS)

    async def answer() -> Reply:
        reply = await found[path, method].answer(exchange, no_body, {})
        assert isinstance(reply, Reply)
        return reply

    return asyncio.run(answer())


def passing() -> None:
    return None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/healthz", id="healthz"),
        pytest.param("GET", "/health", id="health as Flexprice's clients ask"),
        pytest.param("POST", "/health", id="health by POST"),
    ],
)
def test_alive_whatever_the_checks_say(method: str, path: str) -> None:
    reply = ask(method, path, ReadinessCheck("journal", lambda: "closed"))
    assert (reply.status, reply.body) == (200, b'{"status":"ok"}')


def test_ready_when_every_check_passes() -> None:
    assert ask("GET", "/readyz", ReadinessCheck("journal", passing), ReadinessCheck("store", passing)).status == 200


def test_not_ready_names_each_reason() -> None:
    reply = ask("GET", "/readyz", ReadinessCheck("journal", lambda: "closed"), ReadinessCheck("store", passing))
    assert reply.status == 503
    assert msgspec.json.decode(reply.body)["reasons"] == {"journal": "closed"}


class Loader:
    """Figures of a loader that a test moves by hand."""

    def __init__(self) -> None:
        self.clock = ManualClock(0)
        self.lag = 0
        self.loaded = 0
        self.running = True
        self.watch = LoaderWatch(
            lag_bytes=lambda: self.lag,
            loaded=lambda: self.loaded,
            is_running=lambda: self.running,
            monotonic=self.clock.monotonic,
            patience_s=60,
        )
        assert self.watch.fault() is None


def test_an_idle_loader_is_well_for_ever() -> None:
    loader = Loader()
    loader.clock.advance(86_400)
    assert loader.watch.fault() is None


def test_a_loader_that_moves_is_well_however_far_behind() -> None:
    loader = Loader()
    loader.lag = 10**9
    for _ in range(5):
        loader.clock.advance(59)
        loader.loaded += 1
        assert loader.watch.fault() is None


def test_a_loader_that_stands_still_with_work_is_stalled_until_it_moves() -> None:
    loader = Loader()
    loader.lag = 1
    loader.clock.advance(59)
    assert loader.watch.fault() is None
    loader.clock.advance(1)
    assert loader.watch.fault() == "the loader has not moved for 60 s"
    loader.loaded += 1
    assert loader.watch.fault() is None


def test_a_loader_whose_thread_is_gone_is_named() -> None:
    loader = Loader()
    loader.running = False
    assert loader.watch.fault() == "the loader has stopped"
