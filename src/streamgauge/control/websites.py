"""Websites: what events of the theBizness door belong to. Their ids are unique across projects, for events carry only the id."""

import re
import zoneinfo

import msgspec
from sqlalchemy import Connection, insert, select

from streamgauge.control.tables import websites
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Website

_ID = re.compile(r"[!-~]{1,128}")
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::\d{{1,5}})?")
_DOMAIN_CHARACTERS = 253
_CURRENCY = re.compile(r"[A-Z]{3}")
# Names that the zone database lists but that are no place: one depends on the machine, the other is a placeholder.
_NO_PLACES = frozenset({"localtime", "Factory"})


class WebsiteSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a new website shall be. website_id None: the server makes one."""

    domain: str
    website_id: str | None = None
    timezone: str = "UTC"
    currency: str = "USD"


def create_website(connection: Connection, minted_id: str, project_id: str, spec: WebsiteSpec, now_ms: int) -> Website:
    """Raises Refusal invalid_parameter, already_exists."""
    website = Website(
        website_id=_valid_id(minted_id if spec.website_id is None else spec.website_id),
        project_id=project_id,
        domain=_valid_domain(spec.domain),
        timezone=_valid_timezone(spec.timezone),
        currency=_valid_currency(spec.currency),
    )
    if connection.execute(select(websites).where(websites.c.website_id == website.website_id)).first() is not None:
        message = f"A website with the id {website.website_id!r} exists already; choose another id."
        raise Refusal(Reason.ALREADY_EXISTS, message, field="id")
    connection.execute(
        insert(websites).values(
            website_id=website.website_id,
            project_id=project_id,
            domain=website.domain,
            timezone=website.timezone,
            currency=website.currency,
            created_at_ms=now_ms,
        )
    )
    return website


def list_websites(connection: Connection) -> list[Website]:
    rows = connection.execute(select(websites).order_by(websites.c.created_at_ms, websites.c.website_id))
    return [Website(row.website_id, row.project_id, row.domain, row.timezone, row.currency) for row in rows]


def _valid_id(website_id: str) -> str:
    if not _ID.fullmatch(website_id):
        raise _invalid("id", website_id, "1 to 128 visible ASCII characters without spaces")
    return website_id


def _valid_domain(domain: str) -> str:
    lowered = domain.strip().lower()
    if len(lowered) > _DOMAIN_CHARACTERS or not _DOMAIN.fullmatch(lowered):
        raise _invalid("domain", domain, "a bare domain such as example.com, without https:// and path")
    return lowered


def _valid_timezone(timezone: str) -> str:
    if timezone in _NO_PLACES or timezone not in zoneinfo.available_timezones():
        raise _invalid("timezone", timezone, "an IANA time zone such as Europe/Paris")
    return timezone


def _valid_currency(currency: str) -> str:
    code = currency.strip().upper()
    if not _CURRENCY.fullmatch(code):
        raise _invalid("currency", currency, "an ISO 4217 code of three letters such as EUR")
    return code


def _invalid(field: str, given: str, expected: str) -> Refusal:
    message = f"Invalid {field} {given!r}; it must be {expected}."
    return Refusal(Reason.INVALID_PARAMETER, message, field=field, expected=expected)
