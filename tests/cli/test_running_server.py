"""Commands beside a running server: they tell it of changes, ask it to verify, and do without it when it is gone."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.cli.conftest import Commands

TOKEN = "a-token"
REPORT = {"ok": True, "lines": [{"check": "received = stored + duplicate + refused", "result": "5 = 4 + 1 + 0", "ok": True}]}


class Server:
    """A real HTTP server that answers as told and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.status = 200
        self.body = b""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.asked.append((self.path, self.headers["Authorization"]))
                self.send_response(outer.status)
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *_: Any) -> None:
                """Nothing is to be logged on standard error, which the tests read."""

        self.http = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})

    def announce(self, commands: Commands) -> None:
        """Leave the file that a running server leaves."""
        file = commands.data_dir / "run" / "server.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"pid": 1, "url": f"http://127.0.0.1:{self.http.server_port}", "token": TOKEN}))

    def stop(self) -> None:
        if self.thread.is_alive():
            self.http.shutdown()
            self.thread.join()
        self.http.server_close()


@pytest.fixture
def server(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    server = Server()
    server.thread.start()
    server.announce(commands)
    yield server
    server.stop()


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["projects", "create", "p"], id="a project"),
        pytest.param(["keys", "create", "--project", "p"], id="a key"),
        pytest.param(["websites", "create", "--project", "p", "--domain", "a.example"], id="a website"),
    ],
)
def test_the_server_is_told_of_a_change_with_its_token(commands: Commands, server: Server, arguments: list[str]) -> None:
    commands.line(*arguments)
    assert server.asked == [("/internal/refresh", f"Bearer {TOKEN}")]


def test_the_server_is_told_of_revoking_and_rotating(commands: Commands, server: Server) -> None:
    commands.line("keys", "create", "--project", "p")
    key_id = commands.run("keys", "list").stdout.splitlines()[1].split()[0]
    commands.line("keys", "rotate", key_id)
    commands.run("keys", "revoke", key_id)
    assert len(server.asked) == 3


def test_nothing_is_told_when_nothing_changed(commands: Commands, server: Server) -> None:
    commands.run("keys", "list")
    commands.run("keys", "create", "--project", "p", "--plan", "gold")
    commands.run("config", "check")
    assert server.asked == []


def test_a_server_that_does_not_confirm_does_not_undo_the_change(commands: Commands, server: Server) -> None:
    server.status = 500
    result = commands.run("keys", "create", "--project", "p")
    assert (result.exit_code, result.stdout.count("\n")) == (0, 1)
    assert "The change is saved, but the running server did not confirm it" in result.stderr
    assert "answered 500" in result.stderr


def test_a_file_left_by_a_killed_server_is_ignored(commands: Commands, server: Server) -> None:
    server.stop()
    result = commands.run("keys", "create", "--project", "p")
    assert (result.exit_code, "confirm" in result.stderr) == (0, False)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"url": 5}', "\xff", '{"pid":1,"url":"http://:::80","token":""}'])
def test_a_file_that_is_being_written_is_ignored(commands: Commands, server: Server, content: str) -> None:
    (commands.data_dir / "run" / "server.json").write_bytes(content.encode("latin-1"))
    commands.line("keys", "create", "--project", "p")
    assert server.asked == []


def test_verify_prints_the_servers_report(commands: Commands, server: Server) -> None:
    server.body = json.dumps(REPORT).encode()
    result = commands.run("verify")
    assert result.exit_code == 0
    assert "received = stored + duplicate + refused  5 = 4 + 1 + 0  ok" in result.stdout
    assert server.asked == [("/internal/verify", f"Bearer {TOKEN}")]


def test_verify_exits_1_when_anything_is_wrong(commands: Commands, server: Server) -> None:
    server.body = json.dumps({"ok": False, "lines": [{"check": "rows", "result": "4, not 5", "ok": False}]}).encode()
    result = commands.run("verify")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "rows   4, not 5  WRONG" in result.stdout


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        pytest.param(503, b"", "did not verify: .* answered 503", id="the server refuses"),
        pytest.param(200, b"{", "report cannot be read", id="the report is no JSON"),
    ],
)
def test_verify_says_when_the_server_could_not(commands: Commands, server: Server, status: int, body: bytes, words: str) -> None:
    server.status, server.body = status, body
    result = commands.run("verify")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert re.search(words, result.stderr)


def test_verify_does_not_make_a_data_folder(commands: Commands) -> None:
    commands.data_dir.mkdir()
    result = commands.run("verify")
    assert result.exit_code == 1
    assert f"{commands.data_dir} is no data folder. Name another" in result.stderr
    assert list(commands.data_dir.iterdir()) == []
