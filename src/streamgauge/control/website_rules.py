"""What the fields of a website may be. Each function gives back the value to keep, or raises Refusal invalid_parameter."""

import re
import zoneinfo
from collections.abc import Sequence

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Identity

NAME_CHARACTERS = 255
MAX_ORIGINS = 50

# Without a slash, for an id is a part of addresses.
_ID = re.compile(r"[!-.0-~]{1,128}")
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::\d{{1,5}})?")
_DOMAIN_CHARACTERS = 253
_CURRENCY = re.compile(r"[A-Z]{3}")
_ORIGIN = re.compile(rf"(https?)://({_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]{{2,45}}\])(?::(\d{{1,5}}))?", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_PORT = 65_535
# Names that the zone database lists but that are no place: one depends on the machine, the other is a placeholder.
_NO_PLACES = frozenset({"localtime", "Factory"})


def valid_id(website_id: str) -> str:
    if not _ID.fullmatch(website_id):
        raise invalid("id", website_id, "1 to 128 visible ASCII characters without spaces and slashes")
    return website_id


def valid_name(name: str) -> str:
    trimmed = name.strip()
    if not 0 < len(trimmed) <= NAME_CHARACTERS or not trimmed.isprintable():
        raise invalid("name", name, f"1 to {NAME_CHARACTERS} printable characters")
    return trimmed


def valid_domain(domain: str) -> str:
    lowered = domain.strip().lower()
    if len(lowered) > _DOMAIN_CHARACTERS or not _DOMAIN.fullmatch(lowered):
        raise invalid("domain", domain, "a bare domain such as example.com, without https:// and path")
    return lowered


def valid_timezone(timezone: str) -> str:
    if timezone in _NO_PLACES or timezone not in zoneinfo.available_timezones():
        raise invalid("timezone", timezone, "an IANA time zone such as Europe/Paris")
    return timezone


def valid_currency(currency: str) -> str:
    code = currency.strip().upper()
    if not _CURRENCY.fullmatch(code):
        raise invalid("currency", currency, "an ISO 4217 code of three letters such as EUR")
    return code


def valid_identity(identity: str) -> Identity:
    if identity not in tuple(Identity):
        raise invalid("identity", identity, f"one of {', '.join(Identity)}")
    return Identity(identity)


def valid_origins(origins: Sequence[str]) -> tuple[str, ...]:
    """Origins as browsers send them, each once, in the order given."""
    if len(origins) > MAX_ORIGINS:
        message = f"Invalid allowed_origins; it must be at most {MAX_ORIGINS} origins."
        raise Refusal(Reason.INVALID_PARAMETER, message, field="allowed_origins", expected=f"at most {MAX_ORIGINS} origins")
    return tuple(dict.fromkeys(_valid_origin(origin) for origin in origins))


def _valid_origin(origin: str) -> str:
    """Lower case, and without a port that the scheme implies: so browsers write it, and so it is compared."""
    found = _ORIGIN.fullmatch(origin.strip().lower().removesuffix("/"))
    if found is None or len(found[2]) > _DOMAIN_CHARACTERS or (found[3] and not 0 < int(found[3]) <= _MAX_PORT):
        raise invalid(
            "allowed_origins", origin, "origins as a browser sends them, such as https://shop.example.com (no path, ASCII only)"
        )
    scheme, host, port = found.groups()
    return f"{scheme}://{host}" if port is None or int(port) == _DEFAULT_PORTS[scheme] else f"{scheme}://{host}:{int(port)}"


def invalid(field: str, given: str, expected: str) -> Refusal:
    shown = given if len(given) <= NAME_CHARACTERS else given[:NAME_CHARACTERS] + "…"
    message = f"Invalid {field} {shown!r}; it must be {expected}."
    return Refusal(Reason.INVALID_PARAMETER, message, field=field, expected=expected)
