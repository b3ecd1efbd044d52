"""The visitor's address: that of the connection, or what a trusted proxy says it is.

`X-Forwarded-For`, or `Forwarded` (RFC 7239) when there is none, is believed only when the connection comes from a trusted
network. Then the addresses in it are looked at from the right, and the first that is not itself of a trusted network is the
visitor's. What stands to the left of it was written by whoever sent the request, and is not looked at.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network

_MOST_HOPS = 32
_LONGEST_HEADER = 4_096
_LONGEST_ADDRESS = 64
_FOR = re.compile(r"(?:^|;)\s*for\s*=\s*(\"[^\"]*\"|[^;]*)", re.IGNORECASE)


def parse_address(text: str) -> IpAddress | None:
    """An address as it stands in a header: with or without quotes, brackets, port and zone. None when it is none.

    An IPv4 address within IPv6 (::ffff:192.0.2.1) is the IPv4 address.
    """
    text = text.strip().strip('"')[:_LONGEST_ADDRESS]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


class TrustedProxies:
    """The networks whose word about addresses counts."""

    def __init__(self, networks: Iterable[IpNetwork] = ()) -> None:
        self._networks = tuple(networks)

    def visitor_address(self, peer: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """The visitor's address in its usual spelling, "" when it is unknown. headers: lower-case names."""
        address = parse_address(peer)
        if not self._networks or address is None or not self._trusts(address):
            return str(address) if address is not None else ""
        for hop in reversed(_hops(headers)):
            forwarded = parse_address(hop)
            if forwarded is None:
                return ""
            address = forwarded
            if not self._trusts(forwarded):
                break
        return str(address)

    def _trusts(self, address: IpAddress) -> bool:
        return any(address.version == network.version and address in network for network in self._networks)


def _hops(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """The addresses of the way that the request came, the nearest last; of a long list the nearest ones."""
    plain = [value for name, value in headers if name == b"x-forwarded-for"]
    if plain:
        return _elements(plain)
    hops = []
    for element in _elements([value for name, value in headers if name == b"forwarded"]):
        found = _FOR.search(element)
        hops.append(found.group(1) if found else "")
    return hops


def _elements(values: list[bytes]) -> list[str]:
    if not values:
        return []
    text = b",".join(values)[-_LONGEST_HEADER:].decode("latin-1")
    return text.split(",")[-_MOST_HOPS:]
