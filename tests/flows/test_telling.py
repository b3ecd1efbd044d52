"""What is noticed while events are loaded comes to a real receiver: signed, once, and across a kill."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from standardwebhooks import Webhook

from tests.flows.limits import checked, customer, metered, posted, soon, used
from tests.flows.running import RunningServer, running
from tests.flows.sending import meter, send
from tests.webhooks.receiver import Receiver, receiving

ANY_ADDRESS = {"STREAMGAUGE_WEBHOOK_ADDRESSES": "any"}
REJECTED, ALERT = "event.rejected", "alert.state_changed"
SOFT, HARD = "entitlement.soft_limit_reached", "entitlement.hard_limit_reached"
ALERTS = {"alert_enabled": True, "critical": {"threshold": "100", "condition": "above"}}


class Listening(NamedTuple):
    """A client of the project, and the receiver that is told all that its webhooks tell."""

    client: httpx.Client
    receiver: Receiver
    secret: str

    def told(self, *types: str) -> list[dict[str, Any]]:
        """Messages of these types in the order they came, each verified; every try is one."""
        verifier = Webhook(self.secret)
        messages = [verifier.verify(came.body, dict(came.headers)) for came in list(self.receiver.received)]
        return [message for message in messages if not types or message["type"] in types]

    def types(self) -> list[str]:
        return sorted(message["type"] for message in self.told())

    def queued(self) -> list[str]:
        """Of all messages there ever were, whether sent or not."""
        return sorted(one["event_type"] for one in self.client.get("/webhooks/deliveries", params={"limit": 100}).json()["items"])


def listening(client: httpx.Client, receiver: Receiver) -> Listening:
    return Listening(client, receiver, posted(client, "/webhooks/endpoints", url=receiver.url)["secret"])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture(scope="module")
def private_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that may tell receivers on this machine."""
    with running(tmp_path_factory.mktemp("telling") / "data", environment=ANY_ADDRESS) as up:
        yield up


@pytest.fixture
def ear(private_server: RunningServer, project: str, receiver: Receiver) -> Iterator[Listening]:
    key = private_server.key(project, "unlimited", "--scope", "admin")
    with private_server.client(key, header="x-api-key", base="/v1") as client:
        yield listening(client, receiver)


def _rejections(ear: Listening) -> list[tuple[str, str]]:
    return sorted((message["data"]["event"]["id"], message["data"]["reason"]) for message in ear.told(REJECTED))


def test_an_event_that_no_meter_counts_is_told_once_per_name(ear: Listening) -> None:
    meter(ear.client, {"type": "COUNT"}, [{"key": "region", "values": ["eu"]}])
    send(ear.client, "unknown", {"n": 1}, event_name="other")
    soon(lambda: _rejections(ear), [("unknown", "no_meter_for_event_name")])
    send(ear.client, "unknown again", event_name="other")
    send(ear.client, "counted", {"region": "eu"})
    send(ear.client, "asia", {"region": "asia"})
    wanted = [("asia", "no_matching_meter"), ("unknown", "no_meter_for_event_name")]
    soon(lambda: _rejections(ear), wanted)
    send(ear.client, "asia again", {"region": "asia"})
    # One that is loaded after all others: what they led to was told before it.
    send(ear.client, "last", event_name="last")
    soon(lambda: _rejections(ear), [wanted[0], ("last", "no_meter_for_event_name"), wanted[1]])
    assert ear.queued() == [REJECTED] * 3
    [other] = [message["data"]["event"] for message in ear.told() if message["data"]["event"]["id"] == "unknown"]
    assert (other["event_name"], other["external_customer_id"], other["properties"]) == ("other", "c1", {"n": 1})


def test_each_limit_that_is_passed_is_told_once(ear: Listening) -> None:
    feature, who = metered(ear.client), customer(ear.client)
    limits: dict[str, Any] = {"soft_limit": "5", "hard_limit": "10"}
    made = posted(ear.client, "/entitlements", external_customer_id="c1", lookup_key="calls", **limits)
    used(ear.client, 4)
    checked(ear.client)
    used(ear.client, 2)
    soon(ear.types, [SOFT])
    used(ear.client, 1)
    checked(ear.client)
    used(ear.client, 5)
    soon(ear.types, [HARD, SOFT])
    used(ear.client, 20)
    assert checked(ear.client)["usage"] == "32"
    # Another customer passes theirs: what the first one's events led to was told before it.
    customer(ear.client, "c2")
    posted(ear.client, "/entitlements", external_customer_id="c2", lookup_key="calls", soft_limit="1")
    used(ear.client, 1, "c2")
    soon(ear.types, [HARD, SOFT, SOFT])
    assert ear.queued() == [HARD, SOFT, SOFT]
    own = [message["data"] for message in ear.told() if message["data"]["external_customer_id"] == "c1"]
    assert [(data["usage"], data["limit"]) for data in own] == [("6", "5"), ("12", "10")]
    for data in own:
        assert (data["feature_id"], data["lookup_key"]) == (feature["id"], "calls")
        assert (data["customer_id"], data["entitlement_id"]) == (who["id"], made["id"])


def test_a_features_threshold_that_is_crossed_is_told_and_logged(ear: Listening) -> None:
    feature = metered(ear.client)
    assert ear.client.put(f"/features/{feature['id']}", json={"alert_settings": ALERTS}).status_code == 200
    used(ear.client, 100)
    checked(ear.client)
    used(ear.client, 1)
    soon(ear.types, [ALERT])
    used(ear.client, 1)
    checked(ear.client)
    used(ear.client, 200, "c2")
    soon(ear.types, [ALERT, ALERT])
    assert ear.queued() == [ALERT, ALERT]
    told = {message["data"]["external_customer_id"]: message["data"] for message in ear.told()}
    assert set(told) == {"c1", "c2"}
    data = told["c1"]
    assert (data["alert_status"], data["previous_status"], data["usage"]) == ("in_alarm", "ok", "101")
    assert (data["feature_id"], data["threshold"], data["condition"]) == (feature["id"], "100", "above")

    def logged() -> list[tuple[str, str, str]]:
        found = posted(ear.client, "/alerts/search", 200, entity_type="feature", entity_id=feature["id"])
        return sorted((log["external_customer_id"], log["alert_status"], log["value"]) for log in found["items"])

    # The message is on disk before its log is.
    soon(logged, [("c1", "in_alarm", "101"), ("c2", "in_alarm", "200")])


def _prepared(ear: Listening) -> None:
    feature = metered(ear.client)
    assert ear.client.put(f"/features/{feature['id']}", json={"alert_settings": ALERTS}).status_code == 200
    for name in ("c1", "c2"):
        customer(ear.client, name)
        posted(ear.client, "/entitlements", external_customer_id=name, lookup_key="calls", soft_limit="5", hard_limit="200")


def test_after_a_kill_nothing_is_told_again_and_what_waited_comes(tmp_path: Path, receiver: Receiver) -> None:
    server = RunningServer(tmp_path / "data", environment=ANY_ADDRESS).start()
    try:
        key = server.key("p", "unlimited", "--scope", "admin")
        with server.client(key, header="x-api-key", base="/v1") as client:
            ear = listening(client, receiver)
            _prepared(ear)
            send(client, "unknown", event_name="other")
            used(client, 101)
            soon(ear.types, sorted([ALERT, SOFT, REJECTED]))
            # Logged as well, which is what a restart goes by.
            soon(lambda: len(client.get("/alerts").json()["items"]), 2)
            receiver.answers = [(500, {"retry-after": "1"})]
            used(client, 99)
            soon(lambda: len(ear.told(HARD)), 1)
            soon(lambda: len(client.get("/alerts").json()["items"]), 3)
            server.kill()
        server.start()
        with server.client(key, header="x-api-key", base="/v1") as client:
            ear = ear._replace(client=client)
            soon(lambda: len(ear.told(HARD)), 2)
            used(client, 1)
            assert checked(client)["usage"] == "201"
            send(client, "unknown again", event_name="other")
            used(client, 5, "c2")
            send(client, "last", event_name="last")
            soon(ear.types, sorted([ALERT, HARD, HARD, REJECTED, REJECTED, SOFT, SOFT]))
            assert ear.queued() == sorted([ALERT, HARD, REJECTED, REJECTED, SOFT, SOFT])
    finally:
        server.stop()
    ids = [came.headers["webhook-id"] for came in receiver.received]
    assert len(set(ids)) == len(ids) - 1, "only what was answered with 500 comes twice, as the same message"
    own = [message["data"]["external_customer_id"] for message in ear.told(SOFT)]
    assert own == ["c1", "c2"]
    assert [event_id for event_id, _ in _rejections(ear)] == ["last", "unknown"]
