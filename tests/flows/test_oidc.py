"""Signing in with an OpenID provider: who is let in, and every way in which an ID token can be wrong."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.flows.openid import CLIENT_ID, CLIENT_SECRET, Provider, a_provider
from tests.flows.running import RunningServer, running
from tests.flows.signing_in import Person, close_browsers, invited, made_owner


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with a_provider() as one:
        yield one


@pytest.fixture(scope="module")
def house(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    environment = {
        "STREAMGAUGE_OIDC_ISSUER": f"{provider.issuer}/",
        "STREAMGAUGE_OIDC_CLIENT_ID": CLIENT_ID,
        "STREAMGAUGE_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "STREAMGAUGE_OIDC_NAME": "Acme",
    }
    with running(tmp_path_factory.mktemp("oidc") / "data", environment=environment) as up:
        yield up
        close_browsers()


@pytest.fixture(scope="module")
def owner(house: RunningServer) -> Person:
    return made_owner(house)


@pytest.fixture(autouse=True)
def right_again(provider: Provider) -> None:
    provider.claims, provider.key, provider.algorithm = {}, provider.published, "RS256"


def begun(house: RunningServer, provider: Provider, next_path: str = "/p/x?y=1") -> tuple[httpx.Client, str]:
    """A browser that was sent to the provider, and the state that it carries."""
    browser = Person(house).client
    answer = browser.get("/console/v1/oidc/start", params={"next": next_path})
    asked = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    assert answer.headers["location"].startswith(f"{provider.issuer}/authorize?")
    assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (CLIENT_ID, "code", "S256")
    provider.nonce, provider.challenge = asked["nonce"], asked["code_challenge"]
    return browser, asked["state"]


def ended(browser: httpx.Client, state: str, **more: str) -> httpx.Response:
    return browser.get("/console/v1/oidc/callback", params={"state": state, "code": "a code", **more})


def test_the_page_is_told_of_the_provider(house: RunningServer, owner: Person) -> None:
    assert owner.ask("GET", "/console/v1/welcome").json()["oidc"] == {"name": "Acme"}


def test_who_is_here_comes_in_and_goes_on_to_the_page(house: RunningServer, provider: Provider, owner: Person) -> None:
    browser, state = begun(house, provider)
    answer = ended(browser, state, session_state="of the provider's own")
    assert (answer.status_code, answer.headers["location"]) == (302, "/p/x?y=1")
    assert browser.get("/console/v1/session").json()["user"]["email"] == "ada@example.com"
    assert provider.asked["client_secret"] == CLIENT_SECRET


def test_who_was_invited_comes_in_as_what_the_invitation_says(house: RunningServer, provider: Provider, owner: Person) -> None:
    owner.ask("POST", "/console/v1/invitations", {"email": "grace@example.com", "role": "viewer"})
    provider.claims = {"email": "Grace@Example.com", "name": "Grace"}
    browser, state = begun(house, provider)
    ended(browser, state)
    session = browser.get("/console/v1/session").json()
    assert (session["user"]["name"], session["projects"][0]["role"]) == ("Grace", "viewer")
    assert owner.ask("GET", "/console/v1/invitations").json()["invitations"] == []


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"email": "eve@example.com"}, id="nobody of here"),
        pytest.param({"email_verified": False}, id="an address that is not verified"),
        pytest.param({"email_verified": "true"}, id="an address verified in words"),
        pytest.param({"email": None}, id="no address"),
        pytest.param({"nonce": "of another try"}, id="another nonce"),
        pytest.param({"nonce": None}, id="no nonce"),
        pytest.param({"aud": "another server"}, id="for another server"),
        pytest.param({"iss": "https://evil.example"}, id="of another issuer"),
        pytest.param({"exp": 1_700_000_000}, id="over"),
        pytest.param({"exp": None}, id="without an end"),
    ],
)
def test_a_token_that_says_something_else_lets_nobody_in(
    house: RunningServer, provider: Provider, owner: Person, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    browser, state = begun(house, provider)
    assert_refused(browser, ended(browser, state))


@pytest.mark.parametrize("forged", ["by another key", "by nobody"])
def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(
    house: RunningServer, provider: Provider, owner: Person, forged: str
) -> None:
    browser, state = begun(house, provider)
    if forged == "by another key":
        provider.key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    else:
        provider.algorithm = "none"
    assert_refused(browser, ended(browser, state))


def test_what_one_browser_began_no_other_ends_and_nobody_twice(house: RunningServer, provider: Provider, owner: Person) -> None:
    _, state = begun(house, provider)
    other, _ = begun(house, provider)
    assert_refused(other, ended(other, state))
    browser, own = begun(house, provider)
    ended(browser, own)
    browser.cookies.delete("streamgauge_session")
    assert_refused(browser, ended(browser, own))


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param("https://evil.example/", id="an address"),
        pytest.param("//evil.example/", id="another host"),
        pytest.param("/\\evil.example", id="another host with the other slash"),
        pytest.param("/\t/evil.example", id="another host once the tab is dropped"),
        pytest.param("/\n/evil.example", id="another host once the line end is dropped"),
        pytest.param("/\r\nx-evil: yes", id="a header of its own"),
        pytest.param("/\u20ac", id="not ASCII"),
        pytest.param("/" + "a" * 3_000, id="too long"),
    ],
)
def test_a_link_to_elsewhere_is_not_followed(house: RunningServer, provider: Provider, owner: Person, foreign: str) -> None:
    browser, state = begun(house, provider, foreign)
    answer = ended(browser, state)
    assert (answer.status_code, answer.headers["location"]) == (302, "/")
    assert "x-evil" not in answer.headers


@pytest.mark.parametrize("query", ["state=%ff&code=x", "state={state}&code=%ff", "state={state}", "state=&code=x", ""])
def test_what_no_provider_sends_back_lets_nobody_in(house: RunningServer, provider: Provider, owner: Person, query: str) -> None:
    browser, state = begun(house, provider)
    assert_refused(browser, browser.get(f"/console/v1/oidc/callback?{query.format(state=state)}"))


def test_the_provider_opens_no_further_project_to_who_has_a_password(
    house: RunningServer, provider: Provider, owner: Person
) -> None:
    """The account may have been made by whoever held an earlier invitation: its password proves no address."""
    side = Person(house, owner.ask("POST", "/console/v1/projects", {"name": "side"}).json()["id"]).sign_in()
    early = invited(side, house, "early@example.com", "viewer")
    owner.ask("POST", "/console/v1/invitations", {"email": "early@example.com", "role": "admin"})
    provider.claims = {"email": "early@example.com"}
    browser, state = begun(house, provider)
    assert ended(browser, state).headers["location"] == "/p/x?y=1"
    assert [one["name"] for one in early.ask("GET", "/console/v1/session").json()["projects"]] == ["side"]


def test_who_joined_by_the_provider_is_written_down(house: RunningServer, provider: Provider, owner: Person) -> None:
    owner.ask("POST", "/console/v1/invitations", {"email": "written@example.com", "role": "member"})
    provider.claims = {"email": "written@example.com"}
    browser, state = begun(house, provider)
    ended(browser, state)
    entries = owner.ask("GET", "/console/v1/audit?limit=500").json()["entries"]
    joined = [(one["actor"]["name"], one["detail"]) for one in entries if one["action"] == "invitation.accepted"]
    assert ("written@example.com", "role member") in joined


def assert_refused(browser: httpx.Client, answer: httpx.Response) -> None:
    assert (answer.status_code, answer.headers["location"].partition("=")[0]) == (302, "/sign-in?refused")
    assert browser.get("/console/v1/session").status_code == 401
