"""The routes about people, as the OpenAPI document tells them."""

from typing import Any

from streamgauge.kernel.access import Role
from streamgauge.web.console.members import DEFAULT_ENTRIES, MOST_ENTRIES
from streamgauge.web.openapi import RouteDoc, Schema, Tag
from streamgauge.web.schemas import list_of, whole_object

_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_LATER: Schema = {"type": ["string", "null"], "format": "date-time"}
_YES: Schema = {"type": "boolean"}
_PASSWORD: Schema = {"type": "string", "minLength": 10, "maxLength": 200}
_ROLE: Schema = {"type": "string", "enum": [role.value for role in Role]}


def _with(schema: Schema, *optional: str) -> Schema:
    """The same object, of which these need not be sent."""
    properties = schema["properties"]
    assert isinstance(properties, dict)
    return {**schema, "required": [name for name in properties if name not in optional]}


_ID: Schema = {"name": "id", "in": "path", "required": True, "schema": _TEXT, "description": "Its id."}
_PROJECT = whole_object(id=_TEXT, name=_TEXT, role=_ROLE)
_SESSION = whole_object(
    user=whole_object(id=_TEXT, email=_TEXT, name=_TEXT, owns_server=_YES),
    csrf_token={"type": "string", "description": "To be sent as x-streamgauge-csrf with whatever changes anything."},
    projects=list_of(_PROJECT),
    expires_at=_TIME,
)
_MEMBER = whole_object(user_id=_TEXT, email=_TEXT, name=_TEXT, role=_ROLE, joined_at=_TIME, last_seen_at=_LATER)
_INVITATION = whole_object(id=_TEXT, email=_TEXT, role=_ROLE, expires_at=_TIME)
_SUCCESS = whole_object(success=_YES)
_ACTOR = whole_object(kind={"type": "string", "enum": ["user", "key", "server"]}, id=_TEXT, name=_TEXT)
_EMAIL = "ada@example.com"
_WORDS = "several plain words"
_CHANGES = "By a session, with its CSRF token."
_BEGINS = "Answers with a session, and sets its cookie."


def _doc(method: str, path: str, name: str, summary: str, reply: Schema, about: str = "", **more: Any) -> RouteDoc:
    return RouteDoc(method, f"/console/v1{path}", Tag.CONSOLE, f"console{name}", summary, about, reply=reply, **more)


def _open(method: str, path: str, name: str, summary: str, reply: Schema, about: str = "", **more: Any) -> RouteDoc:
    return _doc(method, path, name, summary, reply, about, needs_key=False, **more)


PEOPLE_DOCS = (
    _open(
        "GET", "/welcome", "Welcome", "What a browser may know before anybody signed in",
        whole_object(needs_owner=_YES, oidc={**whole_object(name=_TEXT), "type": ["object", "null"]}, version=_TEXT),
    ),
    _open(
        "POST", "/owner", "CreateOwner", "Become the owner, by the link that the server printed", _SESSION, _BEGINS,
        request=whole_object(token=_TEXT, email=_TEXT, name=_TEXT, password=_PASSWORD),
        example={"token": "of the link", "email": _EMAIL, "name": "Ada", "password": _WORDS},
        also={409: {}},
    ),
    _open(
        "POST", "/session", "SignIn", "Sign in", _SESSION,
        f"{_BEGINS} After some failures each further one doubles the wait (rate_limited, with Retry-After).",
        request=whole_object(email=_TEXT, password=_TEXT), example={"email": _EMAIL, "password": _WORDS},
    ),
    _open("GET", "/session", "Session", "Who is signed in", _SESSION, "Refused with missing_key when nobody is."),
    _open("DELETE", "/session", "SignOut", "Sign out", _SUCCESS, _CHANGES),
    _open(
        "PATCH", "/user", "ChangeSelf", "Change one's name or password", _SESSION,
        f"{_CHANGES} A new password ends all other sessions.",
        request=_with(whole_object(name=_TEXT, password=whole_object(current=_TEXT, new=_PASSWORD)), "name", "password"),
        example={"name": "Ada Lovelace"},
    ),
    _open(
        "POST", "/new-password", "NewPassword", "Set a password by a link of `streamgauge users link`", _SESSION, _BEGINS,
        request=whole_object(token=_TEXT, password=_PASSWORD), example={"token": "of the link", "password": _WORDS},
        also={404: {}},
    ),
    _open(
        "POST", "/invitations/look-up", "LookUpInvitation", "What an invitation's link is about",
        whole_object(email=_TEXT, project=_TEXT, role=_ROLE, has_account=_YES),
        request=whole_object(token=_TEXT), example={"token": "of the link"}, also={404: {}},
    ),
    _open(
        "POST", "/invitations/accept", "AcceptInvitation", "Accept an invitation", _SESSION,
        f"{_BEGINS} Who is here already gives the password that they have.",
        request=_with(whole_object(token=_TEXT, password=_TEXT, name=_TEXT), "name"),
        example={"token": "of the link", "name": "Grace", "password": _WORDS}, also={404: {}, 409: {}},
    ),
    RouteDoc(
        "GET", "/console/v1/oidc/start", Tag.CONSOLE, "consoleOidcStart", "Sign in with the OpenID provider",
        "Leads there (302). Only where `oidc_issuer` is set.",
        parameters=({"name": "next", "in": "query", "required": False, "schema": _TEXT, "description": "The page to go on to."},),
        success=302, reply_type="text/plain", needs_key=False,
    ),
    RouteDoc(
        "GET", "/console/v1/oidc/callback", Tag.CONSOLE, "consoleOidcCallback", "Where the OpenID provider leads back to",
        "Sets the session's cookie and leads on (302); to the sign-in page with the reason when it is refused.",
        parameters=tuple(
            {"name": name, "in": "query", "required": False, "schema": _TEXT, "description": "As the provider sends it."}
            for name in ("code", "state")
        ),
        success=302, reply_type="text/plain", needs_key=False,
    ),
    _open("GET", "/projects", "Projects", "One's projects", whole_object(projects=list_of(_PROJECT))),
    _open(
        "POST", "/projects", "CreateProject", "Make a project", _PROJECT, f"{_CHANGES} For who owns a project already.",
        request=whole_object(name=_TEXT), example={"name": "shop"}, success=201, also={409: {}},
    ),
    _doc(
        "PATCH", "/projects/{id}", "RenameProject", "Rename the project", _PROJECT, "By an admin's session.",
        parameters=(_ID,), request=whole_object(name=_TEXT), example={"name": "shop"}, also={404: {}, 409: {}},
    ),
    _doc("GET", "/members", "Members", "Who belongs to the project", whole_object(members=list_of(_MEMBER)), "By a session."),
    _doc(
        "PATCH", "/members/{id}", "ChangeMember", "Give a member another role", _MEMBER,
        "By an admin's session; only an owner makes or unmakes owners, and the last one stays.",
        parameters=(_ID,), request=whole_object(role=_ROLE), example={"role": "viewer"}, also={404: {}},
    ),
    _doc(
        "DELETE", "/members/{id}", "RemoveMember", "Remove a member, or leave", _SUCCESS, "By an admin's session, or one's own.",
        parameters=(_ID,), also={404: {}},
    ),
    _doc(
        "GET", "/invitations", "Invitations", "Invitations that wait", whole_object(invitations=list_of(_INVITATION)),
        "By an admin's session.",
    ),
    _doc(
        "POST", "/invitations", "Invite", "Invite somebody by a link",
        whole_object(id=_TEXT, email=_TEXT, role=_ROLE, expires_at=_TIME, link=_TEXT),
        "By an admin's session. The link is told once, works once, and for a week; a newer one to the same address ends it.",
        request=whole_object(email=_TEXT, role=_ROLE), example={"email": _EMAIL, "role": "member"}, success=201, also={409: {}},
    ),
    _doc(
        "DELETE", "/invitations/{id}", "WithdrawInvitation", "Withdraw an invitation", _SUCCESS, "By an admin's session.",
        parameters=(_ID,), also={404: {}},
    ),
    _doc(
        "GET", "/audit", "Audit", "Who changed what, the newest first",
        whole_object(
            entries=list_of(whole_object(id=_TEXT, at=_TIME, actor=_ACTOR, action=_TEXT, target=_TEXT, detail=_TEXT)),
            next={"type": ["string", "null"], "description": "To be sent as `before` for the next page; null on the last one."},
        ),
        "By an admin's session. Who owns the server sees who signed in, too.",
        parameters=(
            {
                "name": "limit", "in": "query", "required": False, "description": "How many.",
                "schema": {"type": "integer", "minimum": 1, "maximum": MOST_ENTRIES, "default": DEFAULT_ENTRIES},
            },
            {"name": "before", "in": "query", "required": False, "schema": _TEXT, "description": "`next` of the page before."},
        ),
    ),
)  # fmt: skip
