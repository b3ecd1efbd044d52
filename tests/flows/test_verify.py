"""`streamgauge verify`: right while events pour in, through the running server and on a folder that nobody serves."""

import threading
from pathlib import Path

from tests.flows.running import RunningServer, running


def _pour(server: RunningServer, secret: str, stop: threading.Event) -> None:
    """Batches with every kind of outcome: new events, duplicates and amendments."""
    n = 0
    with server.client(secret, header="x-api-key") as client:
        while not stop.is_set():
            events = [
                {
                    "event_name": "poured",
                    "external_customer_id": "c",
                    "event_id": f"id-{(n + i) // 2}",
                    "timestamp": "2024-05-01T00:00:00Z",
                    "properties": {"n": i % 3},
                }
                for i in range(500)
            ]
            assert client.post("/v1/events/bulk", json={"events": events}).status_code == 202
            n += 250


def test_verify_agrees_while_events_pour_in_and_after_the_server_stopped(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        secret = server.key("poured")
        stop = threading.Event()
        pouring = threading.Thread(target=_pour, args=(server, secret, stop))
        pouring.start()
        try:
            reports = [server.command("verify") for _ in range(4)]
        finally:
            stop.set()
            pouring.join()
    assert all("WRONG" not in report for report in reports)
    assert any("amend" in report or "duplicate" in report for report in reports)
    assert "WRONG" not in server.command("verify")
