"""A person at a running server: signed in over HTTP as the application's page does it."""

import re
from pathlib import Path

import httpx

from tests.flows.running import RunningServer

PASSWORD = "several plain words"
OWNER = "ada@example.com"


def owner_token(log: Path) -> str:
    """The token of the last link that the server printed."""
    found: list[str] = re.findall(r"/welcome\?token=([\w-]+)", log.read_text())
    return found[-1]


_opened: list[httpx.Client] = []


def close_browsers() -> None:
    """End of everybody's connections; to be called when the server goes."""
    while _opened:
        _opened.pop().close()


class Person:
    """A browser without a page: keeps the cookie, sends the CSRF token with changes, and the project it is about."""

    def __init__(self, server: RunningServer, project_id: str = "") -> None:
        self.client = httpx.Client(base_url=server.url, timeout=30)
        _opened.append(self.client)
        self.project_id = project_id
        self.csrf = ""

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """headers: instead of the usual ones; an empty text leaves one out."""
        sent = {"x-streamgauge-project": self.project_id}
        if method != "GET":
            sent["x-streamgauge-csrf"] = self.csrf
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.request(method, path, json=body, headers={name: value for name, value in sent.items() if value})

    def begin(self, path: str, **body: str) -> "Person":
        """Take up the session that a route answers with."""
        answer = self.client.post(f"/console/v1{path}", json=body)
        assert answer.status_code == 200, answer.text
        session = answer.json()
        self.csrf = session["csrf_token"]
        if not self.project_id and session["projects"]:
            self.project_id = session["projects"][0]["id"]
        return self

    def sign_in(self, email: str = OWNER, password: str = PASSWORD) -> "Person":
        return self.begin("/session", email=email, password=password)


def made_owner(server: RunningServer) -> Person:
    """The first owner, by the link in the server's log."""
    return Person(server).begin("/owner", token=owner_token(server.log), email=OWNER, name="Ada", password=PASSWORD)


def invited(owner: Person, server: RunningServer, email: str, role: str) -> Person:
    """Somebody who accepted an invitation to the owner's project."""
    answer = owner.ask("POST", "/console/v1/invitations", {"email": email, "role": role})
    assert answer.status_code == 201, answer.text
    token = answer.json()["link"].partition("token=")[2]
    return Person(server, owner.project_id).begin("/invitations/accept", token=token, name=role.title(), password=PASSWORD)
