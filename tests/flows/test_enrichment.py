"""Enrichment in a running server: what is learned of an event, and that neither address nor User-Agent is ever kept."""

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.flows.running import COMMAND, RunningServer, running
from tests.intake.enrichment.geo_files import FRANKFURT, write_geo_file

DEADLINE_S = 20.0
ADDRESS = "8.8.8.77"
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0 Zx9Q"
BOT = "Mozilla/5.0 (compatible; Zx9Qbot/2.1)"
SERVER_AGENT = "Zx9Q-shop-backend/1.0"
KEPT = "kept-by-contract"


def send_page_view(server: RunningServer, user_agent: str, page_id: str) -> None:
    """As the tracker does, through a proxy on this machine."""
    event = {"id": page_id, "name": "page_view", "url": f"https://example.com/{page_id}?utm_source=newsletter", "referrer": ""}
    answer = httpx.post(
        f"{server.url}/api/collect",
        json={"website_id": "site", "events": [event | {"props": {"note": KEPT}}]},
        headers={
            "origin": "https://example.com",
            "user-agent": user_agent,
            "x-forwarded-for": f"1.2.3.4, {ADDRESS}",
            "accept-language": "de-AT,de;q=0.9",
        },
    )
    assert answer.status_code == 202, answer.text


def stored_texts(data_dir: Path) -> str:
    dump = subprocess.run(
        [sys.executable, "-m", "tests.flows.stored_texts", str(data_dir)], capture_output=True, text=True, check=True, timeout=60
    )
    return dump.stdout


def wait_until_stored(server: RunningServer, events: int) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while server.metric("streamgauge_events_stored_total") < events:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, bytes]:
    """What a server kept of a page view, a bot's one and two events of a shop's server: the store's rows, and all files."""
    folder = tmp_path_factory.mktemp("enrichment")
    geo_file = write_geo_file(folder / "geo.mmdb", {"8.8.8.0/24": FRANKFURT})
    environment = {
        "STREAMGAUGE_TRUSTED_PROXIES": "127.0.0.0/8",
        "STREAMGAUGE_GEO_DATABASE": str(geo_file),
        "STREAMGAUGE_LOG_LEVEL": "debug",
    }
    data_dir = folder / "data"
    with running(data_dir, environment=environment) as server:
        secret = server.key()
        server.website("site")
        send_page_view(server, USER_AGENT, "seen")
        send_page_view(server, BOT, "crawled")
        with server.client(secret) as client:
            client.headers["user-agent"] = SERVER_AGENT
            sent = {"page_url": "https://example.com/bought?utm_medium=email", "country": "FR", "note": KEPT}
            order = {"website_id": "site", "event_name": "order", "visitor_id": "user-1", "properties": sent}
            assert client.post("/api/events", json=order).status_code == 200
            batch = {"website_id": "site", "events": [{"event_name": "told", "properties": {"page_url": "/told", "note": KEPT}}]}
            assert client.post("/api/events/batch", json=batch).json()["processed"] == 1
        wait_until_stored(server, 4)
        files = all_bytes(data_dir) + server.log.read_bytes()
    assert '"level": "error"' not in server.log.read_text()
    files += all_bytes(data_dir)
    return stored_texts(data_dir), files


def all_bytes(folder: Path) -> bytes:
    found = []
    for path in folder.rglob("*"):
        try:
            found.append(path.read_bytes() if path.is_file() else b"")
        except FileNotFoundError:  # merged away by the store meanwhile
            continue
    return b"\n".join(found)


def row_of(store: str, page: str) -> list[str]:
    (row,) = [line.split("\t") for line in store.splitlines() if line.startswith("events\t") and page in line.split("\t")]
    return row


def test_a_page_view_is_enriched(kept: tuple[str, bytes]) -> None:
    row = row_of(kept[0], "/seen")
    for expected in (
        "example.com",
        "newsletter",
        "Email",
        "DE",
        "DE-HE",
        "Frankfurt am Main",
        "desktop",
        "Firefox",
        "Linux",
        "de-at",
    ):
        assert expected in row


def test_a_bot_is_kept_without_a_device(kept: tuple[str, bytes]) -> None:
    row = row_of(kept[0], "/crawled")
    assert "Email" in row
    assert "desktop" not in row


def test_events_of_servers_tell_of_their_visitors_not_of_the_server(kept: tuple[str, bytes]) -> None:
    order, told = row_of(kept[0], "/bought"), row_of(kept[0], "/told")
    assert "FR" in order
    assert "Email" in order
    assert "Direct" in told
    assert not {"desktop", "mobile", "US", "DE"} & {*order, *told}


@pytest.mark.parametrize("trace", [ADDRESS, "1.2.3.4", "127.0.0.1", "Zx9Q"])
def test_neither_address_nor_user_agent_is_kept(kept: tuple[str, bytes], trace: str) -> None:
    store, files = kept
    assert KEPT in store
    assert KEPT.encode() in files
    assert trace not in store
    if trace != "127.0.0.1":  # the log and the run file name the server's own address
        assert trace.encode() not in files


def test_a_missing_geo_database_ends_the_start_with_one_line(tmp_path: Path) -> None:
    started = subprocess.run(
        [*COMMAND, "serve", "--data-dir", str(tmp_path / "data"), "--port", "1"],
        env={**os.environ, "STREAMGAUGE_GEO_DATABASE": str(tmp_path / "none.mmdb")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert started.returncode == 1
    assert (
        started.stderr.splitlines()[-1] == f"Error: geo_database ({tmp_path}/none.mmdb) cannot be used: No such file or directory"
    )
