"""From the queue on disk to a real receiver: signatures, tries, dead letters, private addresses, restarts."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from streamgauge.control import Control
from streamgauge.control.webhooks import KEEP_DEAD_MS, KEEP_DELIVERED_MS, DeliveryFilter
from streamgauge.kernel.clock import ManualClock, SystemClock
from streamgauge.kernel.plans import DEFAULT_PLANS
from streamgauge.kernel.webhook import DeliveryState, EndpointChange, EndpointSpec, WebhookDelivery, WebhookEvent
from streamgauge.webhooks import Dispatcher, QuickAnnouncer, Sender
from tests.webhooks.receiver import Receiver, receiving

DEADLINE_S = 20.0
PAUSES_S = (0.01, 0.02)
REJECTED = WebhookEvent.EVENT_REJECTED


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    opened = Control.open(tmp_path / "control.db", DEFAULT_PLANS, SystemClock())
    yield opened
    opened.close()


@pytest.fixture
def project(control: Control) -> str:
    return control.create_project("p").project_id


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def dispatcher(control: Control, *, private_allowed: bool = True, timeout_s: float = 5) -> Dispatcher:
    sender = Sender(private_allowed=private_allowed, timeout_s=timeout_s)

    def fail(error: Exception) -> None:
        raise error

    return Dispatcher(control.webhooks, sender, SystemClock(), fail, PAUSES_S)


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


def dispatched(control: Control, holds: Callable[[], bool], *, private_allowed: bool = True, timeout_s: float = 5) -> None:
    """Runs a dispatcher until something holds."""

    async def run() -> None:
        running = asyncio.create_task(dispatcher(control, private_allowed=private_allowed, timeout_s=timeout_s).run())
        waiting: Awaitable[None] = until(holds)
        try:
            await waiting
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(run())


def all_of(control: Control, project: str) -> list[WebhookDelivery]:
    return control.webhooks.deliveries(project, DeliveryFilter(), 100, 0)[0]


def states(control: Control, project: str) -> set[DeliveryState]:
    return {delivery.state for delivery in all_of(control, project)}


def test_a_message_comes_signed_and_once(control: Control, project: str, receiver: Receiver) -> None:
    endpoint = control.webhooks.create(project, EndpointSpec(url=f"{receiver.url}/in"))
    control.webhooks.announce(project, REJECTED, {"event_name": "x", "text": 'ü "quoted"'})
    dispatched(control, lambda: states(control, project) == {DeliveryState.DELIVERED})
    [came] = receiver.received
    verified = Webhook(endpoint.secret).verify(came.body, dict(came.headers))
    assert verified["type"] == "event.rejected"
    assert verified["data"] == {"event_name": "x", "text": 'ü "quoted"'}
    assert came.path == "/in"
    [delivery] = all_of(control, project)
    assert (delivery.attempts, delivery.last_status, delivery.message_id) == (1, 200, came.headers["webhook-id"])
    assert delivery.finished_at_ms is not None
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.secret).verify(came.body.replace("x", "y"), dict(came.headers))


def test_failures_are_tried_again_with_the_same_id(control: Control, project: str, receiver: Receiver) -> None:
    receiver.answers = [(500, {}), (302, {"location": f"{receiver.url}/elsewhere"})]
    control.webhooks.create(project, EndpointSpec(url=f"{receiver.url}/in"))
    control.webhooks.announce(project, REJECTED, {})
    dispatched(control, lambda: states(control, project) == {DeliveryState.DELIVERED})
    assert [came.path for came in receiver.received] == ["/in"] * 3, "a redirection is not followed"
    assert len({came.headers["webhook-id"] for came in receiver.received}) == 1


def test_a_message_that_nobody_takes_is_dead_and_can_be_sent_again(control: Control, project: str, receiver: Receiver) -> None:
    receiver.answers = [(503, {})] * 3
    control.webhooks.create(project, EndpointSpec(url=receiver.url))
    control.webhooks.announce(project, REJECTED, {})
    dispatched(control, lambda: states(control, project) == {DeliveryState.DEAD})
    [dead] = all_of(control, project)
    assert (dead.attempts, dead.last_status, dead.last_error) == (3, 503, "answered 503")
    control.webhooks.retry(project, dead.delivery_id)
    dispatched(control, lambda: states(control, project) == {DeliveryState.DELIVERED})


def test_410_ends_the_message_and_switches_the_endpoint_off(control: Control, project: str, receiver: Receiver) -> None:
    receiver.answers = [(410, {})]
    endpoint = control.webhooks.create(project, EndpointSpec(url=receiver.url))
    control.webhooks.announce(project, REJECTED, {})
    dispatched(control, lambda: not control.webhooks.endpoint(project, endpoint.endpoint_id).is_enabled)
    assert states(control, project) == {DeliveryState.DEAD}
    assert not control.webhooks.wants(project, REJECTED)


def test_a_receiver_may_ask_for_a_longer_pause(control: Control, project: str, receiver: Receiver) -> None:
    receiver.answers = [(429, {"retry-after": "300"})]
    control.webhooks.create(project, EndpointSpec(url=receiver.url))
    control.webhooks.announce(project, REJECTED, {})
    dispatched(control, lambda: all_of(control, project)[0].attempts == 1)
    [waiting] = all_of(control, project)
    assert waiting.state is DeliveryState.PENDING
    assert waiting.next_attempt_at_ms is not None
    assert 290_000 < waiting.next_attempt_at_ms - SystemClock().now_ms() <= 300_000


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433"])
def test_no_connection_is_made_to_a_private_address(control: Control, project: str, receiver: Receiver, host: str) -> None:
    port = receiver.url.rpartition(":")[2]
    control.webhooks.create(project, EndpointSpec(url=f"http://{host}:{port}/"))
    control.webhooks.announce(project, REJECTED, {})
    dispatched(control, lambda: states(control, project) == {DeliveryState.DEAD}, private_allowed=False)
    assert receiver.received == []
    [dead] = all_of(control, project)
    # The HTTP client itself refuses some disguises before it asks for a connection.
    assert dead.last_status is None
    assert "not a public address" in dead.last_error or "not a canonical IPv4 address" in dead.last_error


def test_a_receiver_that_is_not_there_or_does_not_answer(control: Control, project: str, receiver: Receiver) -> None:
    silent = asyncio.run(_silent_port())
    control.webhooks.create(project, EndpointSpec(url=f"http://127.0.0.1:{silent}/"))
    control.webhooks.announce(project, REJECTED, {})
    dispatched(control, lambda: states(control, project) == {DeliveryState.DEAD}, timeout_s=0.2)
    assert all_of(control, project)[0].last_error != ""


async def _silent_port() -> int:
    """A port that was free a moment ago."""
    server = await asyncio.start_server(lambda _, writer: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


def test_a_dead_receiver_holds_up_nobody(control: Control, project: str, receiver: Receiver) -> None:
    control.webhooks.create(project, EndpointSpec(url="http://127.0.0.1:9/"))
    control.webhooks.create(project, EndpointSpec(url=receiver.url))
    for _ in range(20):
        control.webhooks.announce(project, REJECTED, {})
    dispatched(control, lambda: len(receiver.received) == 20)


def test_only_what_an_endpoint_takes_is_queued(control: Control, project: str) -> None:
    other = control.create_project("other").project_id
    control.webhooks.create(project, EndpointSpec(url="http://a.example", event_types=(WebhookEvent.ALERT_STATE_CHANGED,)))
    off = control.webhooks.create(project, EndpointSpec(url="http://b.example", is_enabled=False))
    assert not control.webhooks.wants(project, REJECTED)
    assert control.webhooks.wants(project, WebhookEvent.ALERT_STATE_CHANGED)
    assert not control.webhooks.wants(other, WebhookEvent.ALERT_STATE_CHANGED)
    control.webhooks.announce(project, REJECTED, {})
    control.webhooks.announce(other, WebhookEvent.ALERT_STATE_CHANGED, {})
    assert all_of(control, project) == []
    control.webhooks.update(project, off.endpoint_id, EndpointChange(is_enabled=True))
    control.webhooks.announce(project, REJECTED, {})
    assert [delivery.endpoint_id for delivery in all_of(control, project)] == [off.endpoint_id]


def test_what_waits_outlives_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    path = tmp_path / "control.db"
    before = Control.open(path, DEFAULT_PLANS, SystemClock())
    project = before.create_project("p").project_id
    before.webhooks.create(project, EndpointSpec(url=receiver.url))
    before.webhooks.announce(project, REJECTED, {"n": 1})
    before.close()
    after = Control.open(path, DEFAULT_PLANS, SystemClock())
    dispatched(after, lambda: states(after, project) == {DeliveryState.DELIVERED})
    after.close()
    assert [json.loads(came.body)["data"] for came in receiver.received] == [{"n": 1}]


def test_the_quick_announcer_writes_from_a_thread_of_its_own(control: Control, project: str) -> None:
    quick = QuickAnnouncer(control.webhooks, lambda error: None)
    control.webhooks.create(project, EndpointSpec(url="http://a.example"))
    assert quick.wants(project, REJECTED)
    for number in range(5):
        quick.announce(project, REJECTED, {"n": number})
    quick.close()
    payloads = sorted(json.loads(delivery.payload)["data"]["n"] for delivery in all_of(control, project))
    assert payloads == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("state", "kept_ms"), [(DeliveryState.DELIVERED, KEEP_DELIVERED_MS), (DeliveryState.DEAD, KEEP_DEAD_MS)])
def test_ended_deliveries_are_forgotten_after_a_time(tmp_path: Path, state: DeliveryState, kept_ms: int) -> None:
    clock = ManualClock(1_700_000_000_000)
    control = Control.open(tmp_path / "control.db", DEFAULT_PLANS, clock)
    project = control.create_project("p").project_id
    control.webhooks.create(project, EndpointSpec(url="http://a.example"))
    for _ in range(2):
        control.webhooks.announce(project, REJECTED, {})
    ended, _waiting = all_of(control, project)
    control.webhooks.record_attempt(ended.delivery_id, state, None, "", None)
    clock.advance(kept_ms / 1000)
    assert control.webhooks.forget_old() == 0
    clock.advance(0.001)
    assert control.webhooks.forget_old() == 1
    assert states(control, project) == {DeliveryState.PENDING}
    control.close()
