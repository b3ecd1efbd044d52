"""Websites in theBizness's words. Their fields are not public; these names follow those of its documented routes.

    {"id", "name", "domain", "timezone", "currency", "allowed_origins", "identity", "created_at", "updated_at", "snippet"}

snippet: the line of HTML that makes a page send its views.
"""

import re
from collections.abc import Mapping, Sequence
from html import escape

import msgspec
from msgspec import UNSET

from streamgauge.kernel.website import Identity, Website
from streamgauge.kernel.website_settings import WebsiteChange, WebsiteSpec
from streamgauge.wire.fields import missing_field
from streamgauge.wire.thebizness.settings_body import read_settings, text_in, texts_in
from streamgauge.wire.timestamps import format_instant

CHANGEABLE = ("name", "domain", "timezone", "currency", "allowed_origins", "identity")
_SHOWN_ONLY = ("created_at", "updated_at", "snippet")
_HOST = re.compile(r"(?:[\w.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?", re.ASCII)


def parse_new_website(body: bytes) -> WebsiteSpec:
    """{"domain" required, "id", and what can be changed later}. Raises Refusal."""
    tree = read_settings(body, ("id", *CHANGEABLE), _SHOWN_ONLY)
    website_id, domain, name = text_in(tree, "id"), text_in(tree, "domain"), text_in(tree, "name")
    if domain is UNSET:
        raise missing_field("domain")
    spec = WebsiteSpec(
        domain=domain, website_id=None if website_id is UNSET else website_id, name=None if name is UNSET else name
    )
    given = {
        "timezone": text_in(tree, "timezone"),
        "currency": text_in(tree, "currency"),
        "allowed_origins": texts_in(tree, "allowed_origins"),
        "identity": text_in(tree, "identity"),
    }
    return msgspec.structs.replace(spec, **{field: value for field, value in given.items() if value is not UNSET})


def parse_website_change(body: bytes, website_id: str) -> WebsiteChange:
    """Any of the fields that can be changed; what is absent or null stays as it is. Raises Refusal."""
    tree = read_settings(body, CHANGEABLE, _SHOWN_ONLY, {"id": website_id})
    return WebsiteChange(
        domain=text_in(tree, "domain"),
        timezone=text_in(tree, "timezone"),
        currency=text_in(tree, "currency"),
        name=text_in(tree, "name"),
        allowed_origins=texts_in(tree, "allowed_origins"),
        identity=text_in(tree, "identity"),
    )


def render_website(website: Website, host: str) -> bytes:
    """host: by which the sender reached this server, as in the header Host."""
    return msgspec.json.encode({"success": True, "website": _shape_of(website, host)})


def render_websites(websites: Sequence[Website], host: str, total: int, limit: int, offset: int) -> bytes:
    shapes = [_shape_of(website, host) for website in websites]
    return msgspec.json.encode({"success": True, "websites": shapes, "total": total, "limit": limit, "offset": offset})


def render_deleted(deleted_id: str) -> bytes:
    """Of a website or of a conversion event."""
    return msgspec.json.encode({"success": True, "id": deleted_id, "deleted": True})


def snippet_of(website: Website, host: str) -> str:
    """Without a scheme, so that the script comes over TLS exactly when the page does. A host that is none is left out.

    The script sets its cookie only when it is told to, for it does not know the website's settings.
    """
    server = f"//{host}" if _HOST.fullmatch(host) else ""
    cookie = ' data-identity="cookie"' if website.identity is Identity.COOKIE else ""
    return f'<script defer src="{server}/js/script.js" data-website-id="{escape(website.website_id)}"{cookie}></script>'


def _shape_of(website: Website, host: str) -> Mapping[str, object]:
    return {
        "id": website.website_id,
        "name": website.name,
        "domain": website.domain,
        "timezone": website.timezone,
        "currency": website.currency,
        "allowed_origins": website.allowed_origins,
        "identity": website.identity.value,
        "created_at": format_instant(website.created_at_ms),
        "updated_at": format_instant(website.updated_at_ms),
        "snippet": snippet_of(website, host),
    }
