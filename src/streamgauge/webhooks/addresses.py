"""To which addresses webhooks may be sent.

Promise: unless private addresses are allowed, no connection is made to one that is not public: loopback, private, link-local
(where clouds keep their secrets), multicast, reserved; nor to a public-looking one that carries such an address in it. The check
is made on the address that is connected to, after the name was resolved, at each try: a name that changes its mind gains nothing.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from streamgauge.kernel.refusal import Reason, Refusal

_MAX_URL_CHARACTERS = 2000
_NAT64 = ip_network("64:ff9b::/96")
_EXPECTED = "an http or https address without user name, of a public host"


class AddressRefused(OSError):
    """Nothing may be sent there; to what connects it is an address that cannot be reached."""


def check_url(url: str, *, private_allowed: bool) -> str:
    """The address as it may be kept. Names are not resolved here, but at each delivery.

    Raises Refusal invalid_parameter.
    """
    try:
        parts = urlsplit(url)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        raise _refused() from None
    is_plain = parts.scheme in ("http", "https") and not parts.username and not parts.password
    if not (is_plain and parts.hostname and port_is_valid) or len(url) > _MAX_URL_CHARACTERS or not _is_printable_ascii(url):
        raise _refused()
    if not private_allowed and _names_private_host(parts.hostname):
        raise _refused()
    return url


def is_public(address: str) -> bool:
    """Of an IP address as text, IPv6 zones included; what is no IP address is not public."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast for one in _carried(parsed))


def _carried(address: IPv4Address | IPv6Address) -> Sequence[IPv4Address | IPv6Address]:
    """The address, and those that packets to it end up at."""
    if isinstance(address, IPv4Address):
        return [address]
    inner: list[IPv4Address | IPv6Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
    carried = [one for one in inner if one is not None]
    return carried if address.ipv4_mapped or address in _NAT64 else [address, *carried]


def _names_private_host(host: str) -> bool:
    """What can be told without asking a resolver. 0x7f.1 and 2130706433 are addresses to some resolvers: they are refused at
    delivery, by the address that they become."""
    lowered = host.rstrip(".").lower()
    if lowered == "localhost" or lowered.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        ip_address(lowered)
    except ValueError:
        return False
    return not is_public(lowered)


def _is_printable_ascii(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url


def _refused() -> Refusal:
    return Refusal(
        Reason.INVALID_PARAMETER,
        "Request validation failed",
        field="url",
        expected=_EXPECTED,
        details={"field": "url", "expected": _EXPECTED},
    )
