"""People over HTTP: the first owner, signing in and out, roles, invitations, what is written down, and what is not."""

import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flows.running import RunningServer, running
from tests.flows.signing_in import OWNER, PASSWORD, Person, close_browsers, invited, made_owner, owner_token


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of its own: the first owner can come only once."""
    with running(tmp_path_factory.mktemp("people") / "data") as up:
        yield up
        close_browsers()


@pytest.fixture(scope="module")
def owner(house: RunningServer) -> Person:
    assert Person(house).ask("GET", "/console/v1/welcome").json()["needs_owner"] is True
    return made_owner(house)


@pytest.fixture(scope="module")
def people(house: RunningServer, owner: Person) -> dict[str, Person]:
    """One person of each role, in the owner's project."""
    roles = ("admin", "member", "viewer")
    return {"owner": owner, **{role: invited(owner, house, f"{role}@example.com", role) for role in roles}}


def code_of(answer: httpx.Response) -> str:
    error: Any = answer.json()["error"]
    return str(error["code"]) if isinstance(error, dict) else str(answer.json())


def test_the_link_makes_one_owner_and_no_second(house: RunningServer, owner: Person) -> None:
    body = {"token": owner_token(house.log), "email": "eve@example.com", "name": "Eve", "password": PASSWORD}
    again = httpx.post(f"{house.url}/console/v1/owner", json=body)
    assert (again.status_code, code_of(again)) == (409, "already_exists")
    assert httpx.get(f"{house.url}/console/v1/welcome").json()["needs_owner"] is False
    session = owner.ask("GET", "/console/v1/session").json()
    assert (session["user"]["email"], session["projects"][0]["role"]) == (OWNER, "owner")


def test_a_wrong_link_is_refused(house: RunningServer, owner: Person) -> None:
    body = {"token": "x" * 43, "email": "eve@example.com", "name": "Eve", "password": PASSWORD}
    answer = httpx.post(f"{house.url}/console/v1/owner", json=body)
    assert (answer.status_code, code_of(answer)) == (401, "invalid_credentials")


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(house: RunningServer, owner: Person) -> None:
    answer = httpx.post(f"{house.url}/console/v1/session", json={"email": OWNER, "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(r"streamgauge_session=[\w-]{43}; Path=/; HttpOnly; SameSite=Lax; Max-Age=\d+", cookie)
    assert answer.headers["cache-control"] == "no-store"


def test_the_cookie_goes_over_tls_alone_where_the_public_address_says_so(tmp_path: Path) -> None:
    environment = {"STREAMGAUGE_PUBLIC_URL": "https://stats.example.com"}
    with running(tmp_path / "data", environment=environment) as up:
        assert "https://stats.example.com/welcome?token=" in up.log.read_text()
        body = {"token": owner_token(up.log), "email": OWNER, "name": "Ada", "password": PASSWORD}
        answer = httpx.post(f"{up.url}/console/v1/owner", json=body)
        assert "; Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/solinth/v1/dashboards"),
        ("POST", "/flexprice/v1/meters"),
        ("DELETE", "/thebizness/api/websites/web_1"),
        ("POST", "/solinth/v1/events"),
        ("PATCH", "/console/v1/user"),
        ("POST", "/console/v1/projects"),
        ("POST", "/console/v1/invitations"),
        ("DELETE", "/console/v1/session"),
    ],
)
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"x_streamgauge_csrf": ""}, id="without the token"),
        pytest.param({"x_streamgauge_csrf": "0" * 64}, id="with another token"),
        pytest.param({"sec_fetch_site": "cross-site"}, id="from another site"),
        pytest.param({"sec_fetch_site": "same-site"}, id="from a sister site"),
        pytest.param({"origin": "https://evil.example"}, id="of another origin"),
    ],
)
def test_a_change_that_no_page_of_ours_asked_for_is_refused(
    owner: Person, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = owner.ask(method, path, {}, **headers)
    assert answer.status_code == 403, answer.text
    assert owner.ask("GET", "/console/v1/session").status_code == 200


def test_a_key_counts_whatever_cookie_comes_along(house: RunningServer, owner: Person) -> None:
    secret = house.key("another project")
    headers = {"authorization": f"Bearer {secret}", "x_streamgauge_csrf": ""}
    made = owner.ask("POST", "/solinth/v1/dashboards", {"name": "Of the key"}, **headers)
    assert made.status_code == 200, made.text
    assert "Of the key" not in owner.ask("GET", "/solinth/v1/dashboards").text
    assert owner.ask("GET", "/solinth/v1/dashboards", authorization="Bearer sk_live_wrong").status_code == 401


MAY = {
    "reads a query": ("GET", "/solinth/v1/metrics?event=signup", None, "viewer"),
    "reads dashboards": ("GET", "/solinth/v1/dashboards", None, "viewer"),
    "sees the members": ("GET", "/console/v1/members", None, "viewer"),
    "sends an event": ("POST", "/solinth/v1/events", {"event": "signup"}, "member"),
    "makes a website": ("POST", "/thebizness/api/websites", {"domain": "roles.example"}, "member"),
    "makes a dashboard": ("POST", "/solinth/v1/dashboards", {"name": "of a role"}, "member"),
    "makes a key": ("POST", "/flexprice/v1/secrets/api/keys", {"name": "of a role", "type": "private_key"}, "admin"),
    "sees invitations": ("GET", "/console/v1/invitations", None, "admin"),
    "reads the audit log": ("GET", "/console/v1/audit", None, "admin"),
    "invites an admin": ("POST", "/console/v1/invitations", {"email": "x@example.com", "role": "admin"}, "admin"),
    "invites an owner": ("POST", "/console/v1/invitations", {"email": "y@example.com", "role": "owner"}, "owner"),
}
RANK = ("viewer", "member", "admin", "owner")


@pytest.mark.parametrize("role", RANK)
@pytest.mark.parametrize("what", MAY)
def test_what_each_role_may_do(people: dict[str, Person], role: str, what: str) -> None:
    method, path, body, least = MAY[what]
    answer = people[role].ask(method, path, body)
    allowed = RANK.index(role) >= RANK.index(least)
    assert (answer.status_code < 300) is allowed, answer.text
    assert allowed or answer.status_code == 403


def test_a_key_neither_sees_nor_makes_people(house: RunningServer, owner: Person) -> None:
    secret = house.key("default", "unlimited", "--scope", "admin")
    with house.client(secret) as client:
        for method, path, body in (
            ("GET", "/console/v1/members", None),
            ("GET", "/console/v1/audit", None),
            ("POST", "/console/v1/invitations", {"email": "z@example.com", "role": "viewer"}),
        ):
            answer = client.request(method, path, json=body)
            assert (answer.status_code, code_of(answer)) == (403, "insufficient_scope")


def test_nobody_changes_a_role_above_their_own_and_the_last_owner_stays(house: RunningServer, people: dict[str, Person]) -> None:
    ids = {one["role"]: one["user_id"] for one in people["owner"].ask("GET", "/console/v1/members").json()["members"]}
    unmade = people["admin"].ask("PATCH", f"/console/v1/members/{ids['owner']}", {"role": "viewer"})
    assert (unmade.status_code, code_of(unmade)) == (403, "insufficient_scope")
    raised = people["admin"].ask("PATCH", f"/console/v1/members/{ids['viewer']}", {"role": "owner"})
    assert raised.status_code == 403
    left = people["owner"].ask("DELETE", f"/console/v1/members/{ids['owner']}")
    assert (left.status_code, code_of(left)) == (400, "invalid_parameter")
    changed = people["admin"].ask("PATCH", f"/console/v1/members/{ids['viewer']}", {"role": "member"})
    assert changed.json()["role"] == "member"
    assert people["viewer"].ask("POST", "/solinth/v1/events", {"event": "signup"}).status_code < 300
    people["admin"].ask("PATCH", f"/console/v1/members/{ids['viewer']}", {"role": "viewer"})


def test_who_is_removed_is_out_at_once_and_anybody_may_leave(house: RunningServer, owner: Person) -> None:
    guest = invited(owner, house, "guest@example.com", "viewer")
    own_id = guest.ask("GET", "/console/v1/session").json()["user"]["id"]
    assert guest.ask("DELETE", f"/console/v1/members/{own_id}").status_code == 200
    gone = guest.ask("GET", "/solinth/v1/dashboards")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert guest.ask("GET", "/console/v1/session").json()["projects"] == []


def test_an_invitation_works_once_and_not_after_it_was_withdrawn(house: RunningServer, owner: Person) -> None:
    made = owner.ask("POST", "/console/v1/invitations", {"email": "once@example.com", "role": "member"}).json()
    token = made["link"].partition("token=")[2]
    open_client = Person(house).client
    open_client.base_url = f"{house.url}/console/v1"
    looked_up = open_client.post("/invitations/look-up", json={"token": token}).json()
    assert looked_up == {"email": "once@example.com", "project": "default", "role": "member", "has_account": False}
    short = open_client.post("/invitations/accept", json={"token": token, "name": "Once", "password": "short"})
    assert (short.status_code, short.json()["error"]["field"]) == (400, "password")
    accepted = {"token": token, "name": "Once", "password": PASSWORD}
    assert open_client.post("/invitations/accept", json=accepted).status_code == 200
    assert open_client.post("/invitations/accept", json=accepted).status_code == 404
    other = owner.ask("POST", "/console/v1/invitations", {"email": "never@example.com", "role": "member"}).json()
    assert owner.ask("DELETE", f"/console/v1/invitations/{other['id']}").status_code == 200
    withdrawn = {"token": other["link"].partition("token=")[2]}
    assert open_client.post("/invitations/look-up", json=withdrawn).status_code == 404


def test_an_invitation_to_somebody_who_is_here_wants_their_password(house: RunningServer, owner: Person) -> None:
    made = owner.ask("POST", "/console/v1/projects", {"name": "second project"}).json()
    second = Person(house, made["id"]).sign_in()
    link = second.ask("POST", "/console/v1/invitations", {"email": "admin@example.com", "role": "viewer"}).json()["link"]
    token = link.partition("token=")[2]
    wrong = httpx.post(f"{house.url}/console/v1/invitations/accept", json={"token": token, "password": "not the password"})
    assert (wrong.status_code, code_of(wrong)) == (401, "invalid_credentials")
    joined = Person(house).begin("/invitations/accept", token=token, password=PASSWORD)
    projects = {one["name"]: one["role"] for one in joined.ask("GET", "/console/v1/session").json()["projects"]}
    assert projects == {"default": "admin", "second project": "viewer"}


def test_signing_out_ends_the_session_at_once(house: RunningServer, owner: Person) -> None:
    person = Person(house).sign_in()
    cookie = person.client.cookies["streamgauge_session"]
    assert person.ask("DELETE", "/console/v1/session").status_code == 200
    stolen = httpx.get(f"{house.url}/console/v1/session", cookies={"streamgauge_session": cookie})
    assert (stolen.status_code, code_of(stolen)) == (401, "missing_key")
    asked = httpx.get(f"{house.url}/solinth/v1/dashboards", cookies={"streamgauge_session": cookie})
    assert asked.status_code == 401


def test_a_new_password_ends_the_other_sessions(house: RunningServer, owner: Person) -> None:
    here = invited(owner, house, "twice@example.com", "viewer")
    there = Person(house).sign_in("twice@example.com")
    change = {"password": {"current": "wrong", "new": "another set of words"}}
    assert code_of(here.ask("PATCH", "/console/v1/user", change)) == "invalid_credentials"
    change["password"]["current"] = PASSWORD
    assert here.ask("PATCH", "/console/v1/user", change).status_code == 200
    assert there.ask("GET", "/console/v1/session").status_code == 401
    assert here.ask("GET", "/console/v1/session").status_code == 200
    Person(house).sign_in("twice@example.com", "another set of words")


def test_a_lost_password_is_set_by_a_link_of_the_command_line_once(house: RunningServer, owner: Person) -> None:
    invited(owner, house, "lost@example.com", "viewer")
    link = house.command("users", "link", "lost@example.com")
    assert link.startswith(f"{house.url}/new-password?token=")
    token = link.partition("token=")[2]
    Person(house).begin("/new-password", token=token, password="yet another set of words")
    again = httpx.post(f"{house.url}/console/v1/new-password", json={"token": token, "password": "more words of mine"})
    assert again.status_code == 404
    Person(house).sign_in("lost@example.com", "yet another set of words")
    assert "lost@example.com" in house.command("users", "list")


@pytest.mark.parametrize("email", ["slow@example.com", "nobody@example.com"])
def test_whoever_guesses_waits_longer_and_longer(house: RunningServer, owner: Person, email: str) -> None:
    if email.startswith("slow"):
        invited(owner, house, email, "viewer")
    guess = {"email": email, "password": "a guess of mine"}
    answers = [httpx.post(f"{house.url}/console/v1/session", json=guess) for _ in range(6)]
    assert [answer.status_code for answer in answers[:5]] == [401] * 5
    assert (answers[5].status_code, answers[5].headers["retry-after"]) == (429, "1")
    assert len({answer.text for answer in answers[:5]}) == 1
    right = httpx.post(f"{house.url}/console/v1/session", json={**guess, "password": PASSWORD})
    assert right.status_code == 429


def test_changes_are_written_down_with_who_made_them(house: RunningServer, owner: Person) -> None:
    owner.ask("POST", "/thebizness/api/websites", {"domain": "audited.example"})
    entries = owner.ask("GET", "/console/v1/audit?limit=500").json()["entries"]
    mine = next(one for one in entries if one["action"] == "website.created" and "audited.example" in one["detail"])
    assert (mine["actor"]["kind"], mine["actor"]["name"]) == ("user", OWNER)
    assert mine["target"]
    actions = {one["action"] for one in entries}
    assert {"owner.created", "session.created", "invitation.created"} <= actions
    first, second = (owner.ask("GET", f"/console/v1/audit?limit=1{more}").json() for more in ("", f"&before={entries[0]['id']}"))
    assert [first["entries"][0]["id"], second["entries"][0]["id"]] == [one["id"] for one in entries[:2]]


def test_no_secret_of_a_person_is_kept_or_logged(house: RunningServer, owner: Person) -> None:
    session = owner.client.cookies["streamgauge_session"]
    deadline = time.monotonic() + 10
    with sqlite3.connect(house.data_dir / "control.db") as connection:
        while time.monotonic() < deadline:
            dump = "\n".join(connection.iterdump())
            if OWNER in dump:
                break
    assert "$argon2id$" in dump
    assert PASSWORD not in dump
    assert session not in dump
    log = house.log.read_text()
    assert PASSWORD not in log
    assert session not in log


def test_wrong_links_keep_nobody_out_who_has_the_right_one(house: RunningServer, owner: Person) -> None:
    body = {"email": "eve@example.com", "name": "Eve", "password": PASSWORD}
    answers = [httpx.post(f"{house.url}/console/v1/owner", json={**body, "token": "x" * 43}) for _ in range(25)]
    assert {answer.status_code for answer in answers} == {401}
    right = httpx.post(f"{house.url}/console/v1/owner", json={**body, "token": owner_token(house.log)})
    assert (right.status_code, code_of(right)) == (409, "already_exists")


def test_a_new_password_is_not_the_address_by_whatever_way_it_is_set(house: RunningServer, owner: Person) -> None:
    person = invited(owner, house, "address@example.com", "viewer")
    token = house.command("users", "link", "address@example.com").partition("token=")[2]
    body = {"token": token, "password": "Address@Example.com"}
    by_link = httpx.post(f"{house.url}/console/v1/new-password", json=body)
    change = {"password": {"current": PASSWORD, "new": "address@example.com"}}
    for answer in (by_link, person.ask("PATCH", "/console/v1/user", change)):
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, "password")
    Person(house).begin("/new-password", token=token, password="words that nobody has")


def test_who_came_in_is_in_the_log_of_the_project_and_signing_in_is_not(house: RunningServer, people: dict[str, Person]) -> None:
    entries = people["admin"].ask("GET", "/console/v1/audit?limit=500").json()["entries"]
    joined = [(one["actor"]["name"], one["detail"]) for one in entries if one["action"] == "invitation.accepted"]
    assert ("viewer@example.com", "role viewer") in joined
    assert not [one for one in entries if one["action"].startswith("session.")]


def test_no_answer_lets_a_foreign_page_use_the_cookie(house: RunningServer, owner: Person) -> None:
    for path in ("/flexprice/v1/meters", "/solinth/v1/dashboards", "/console/v1/session"):
        for method in ("GET", "OPTIONS"):
            answer = owner.ask(method, path, origin="https://evil.example", access_control_request_method="POST")
            assert "access-control-allow-credentials" not in answer.headers
            assert answer.headers.get("access-control-allow-origin", "*") == "*"
            assert "x-streamgauge-csrf" not in answer.headers.get("access-control-allow-headers", "").lower()


@pytest.mark.parametrize("path", ["/owner", "/new-password", "/invitations/look-up", "/invitations/accept"])
@pytest.mark.parametrize("token", ["", "\u0000", "\u20ac", "x" * 50_000])
def test_what_is_no_token_opens_nothing(house: RunningServer, owner: Person, path: str, token: str) -> None:
    more = {} if path.endswith("look-up") else {"password": PASSWORD}
    more |= {"email": "eve@example.com", "name": "Eve"} if path == "/owner" else {}
    answer = httpx.post(f"{house.url}/console/v1{path}", json={"token": token, **more})
    assert answer.status_code == (401 if path == "/owner" else 404), answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("cookie", [b"\xff", b"a" * 5_000, b"x; streamgauge_session=y", b'"; DROP TABLE sessions; --"'])
def test_what_is_no_cookie_of_ours_is_nobody(house: RunningServer, owner: Person, cookie: bytes) -> None:
    for path in ("/console/v1/session", "/solinth/v1/dashboards"):
        answer = httpx.get(house.url + path, headers={b"cookie": b"streamgauge_session=" + cookie})
        assert answer.status_code == 401, answer.text


def test_sessions_last_over_a_restart(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data").start()
    try:
        person = made_owner(server)
        server.kill()
        server.start()
        assert person.ask("GET", "/console/v1/session").status_code == 200
    finally:
        close_browsers()
        server.stop()
