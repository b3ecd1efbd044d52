"""The visitor's address: proxies are believed as far as they are trusted, and never further."""

from ipaddress import ip_network

import pytest

from streamgauge.intake.enrichment.address import TrustedProxies

TRUSTED = TrustedProxies([ip_network("10.0.0.0/8"), ip_network("2001:db8:ff::/48"), ip_network("192.0.2.7/32")])


@pytest.mark.parametrize(
    ("peer", "headers", "expected"),
    [
        pytest.param("203.0.113.9", {}, "203.0.113.9", id="no proxy"),
        pytest.param(
            "203.0.113.9", {"x-forwarded-for": "198.51.100.1"}, "203.0.113.9", id="who is not trusted may say what he likes"
        ),
        pytest.param("10.1.2.3", {"x-forwarded-for": "198.51.100.1"}, "198.51.100.1", id="one proxy"),
        pytest.param(
            "10.1.2.3", {"x-forwarded-for": "1.1.1.1, 198.51.100.1, 10.9.9.9"}, "198.51.100.1", id="the right-most not trusted"
        ),
        pytest.param("10.1.2.3", {"x-forwarded-for": "10.4.4.4,10.5.5.5"}, "10.4.4.4", id="all trusted: the first"),
        pytest.param("10.1.2.3", {}, "10.1.2.3", id="a proxy that says nothing"),
        pytest.param("10.1.2.3", {"x-forwarded-for": "unknown"}, "", id="a proxy that does not know"),
        pytest.param("10.1.2.3", {"x-forwarded-for": "198.51.100.1, nonsense"}, "", id="nothing behind nonsense is believed"),
        pytest.param("10.1.2.3", {"x-forwarded-for": "198.51.100.1:4711"}, "198.51.100.1", id="with a port"),
        pytest.param("10.1.2.3", {"x-forwarded-for": "[2001:DB8::0001]:80"}, "2001:db8::1", id="IPv6 with brackets and port"),
        pytest.param("10.1.2.3", {"x-forwarded-for": "2001:db8::1"}, "2001:db8::1", id="bare IPv6"),
        pytest.param("2001:db8:ff::1", {"x-forwarded-for": "198.51.100.1"}, "198.51.100.1", id="an IPv6 proxy"),
        pytest.param("::ffff:10.1.2.3", {"x-forwarded-for": "198.51.100.1"}, "198.51.100.1", id="an IPv4 proxy within IPv6"),
        pytest.param("10.1.2.3", {"forwarded": "for=198.51.100.1;proto=https"}, "198.51.100.1", id="Forwarded"),
        pytest.param(
            "10.1.2.3", {"forwarded": 'proto=https;For="[2001:db8::1]:80", for=10.2.2.2'}, "2001:db8::1", id="Forwarded, IPv6"
        ),
        pytest.param("10.1.2.3", {"forwarded": "for=_hidden"}, "", id="Forwarded, a pseudonym"),
        pytest.param("10.1.2.3", {"forwarded": "proto=https"}, "", id="Forwarded without an address"),
        pytest.param("10.1.2.3", {"forwarded": "for=1.1.1.1", "x-forwarded-for": "198.51.100.1"}, "198.51.100.1", id="both"),
        pytest.param("", {"x-forwarded-for": "198.51.100.1"}, "", id="a peer without an address"),
        pytest.param("fe80::1%eth0", {}, "fe80::1", id="a zone is dropped"),
        pytest.param("10.1.2.3", {"x-forwarded-for": "1.1.1.1," * 5_000 + "198.51.100.1"}, "198.51.100.1", id="an endless list"),
    ],
)
def test_whose_address_it_is(peer: str, headers: dict[str, str], expected: str) -> None:
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    assert TRUSTED.visitor_address(peer, sent) == expected


def test_several_headers_are_one_list() -> None:
    headers = [(b"x-forwarded-for", b"1.1.1.1"), (b"x-forwarded-for", b"198.51.100.1, 10.2.2.2")]
    assert TRUSTED.visitor_address("10.1.2.3", headers) == "198.51.100.1"


def test_without_trusted_networks_no_header_is_believed() -> None:
    assert TrustedProxies().visitor_address("10.1.2.3", [(b"x-forwarded-for", b"198.51.100.1")]) == "10.1.2.3"
