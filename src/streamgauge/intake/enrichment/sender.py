"""Who sent an event, as enrichment sees it. Made for one request, dropped with it: nothing of it is ever stored or logged."""

from enum import Enum

import msgspec


class SenderKind(Enum):
    """BROWSER: the visitor's own (the tracker). SERVER: a program that tells about visitors (the API, with a secret key)."""

    BROWSER = "browser"
    SERVER = "server"


class Sender(msgspec.Struct, frozen=True):
    """The sender of a request.

    address: the visitor's, already found behind trusted proxies, "" when unknown. user_agent, accept_language, referrer: the
    request's headers as sent, "" when absent. referrer is the page that sent the event, not the one that linked to it.
    Of a SERVER all four stay empty: its own address and program say nothing about the visitor.
    """

    kind: SenderKind
    address: str = ""
    user_agent: str = ""
    accept_language: str = ""
    referrer: str = ""


SERVER = Sender(SenderKind.SERVER)
