"""Which addresses are refused: private ones in every disguise."""

import pytest

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.webhooks.addresses import check_url, is_public

PRIVATE = {
    "loopback": "127.0.0.1",
    "loopback's network": "127.8.8.8",
    "ten": "10.1.2.3",
    "one-seven-two": "172.16.0.1",
    "one-nine-two": "192.168.1.1",
    "link-local, where clouds keep secrets": "169.254.169.254",
    "carrier's": "100.64.0.1",
    "this network": "0.0.0.0",
    "broadcast": "255.255.255.255",
    "multicast": "224.0.0.1",
    "documentation": "192.0.2.1",
    "loopback, v6": "::1",
    "any, v6": "::",
    "unique local": "fd00::1",
    "link-local, v6": "fe80::1",
    "link-local with zone": "fe80::1%eth0",
    "multicast, v6": "ff02::1",
    "mapped loopback": "::ffff:127.0.0.1",
    "mapped private": "::ffff:10.0.0.1",
    "nat64 of loopback": "64:ff9b::7f00:1",
    "6to4 of private": "2002:0a00:0001::1",
    "teredo to private": "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    "no address": "example.com",
}
PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::808:808", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", PRIVATE.values(), ids=PRIVATE)
def test_private_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


REFUSED = {
    "no scheme": "hooks.example.com/x",
    "other scheme": "ftp://hooks.example.com",
    "file": "file:///etc/passwd",
    "no host": "https:///x",
    "user name": "https://user@hooks.example.com",
    "password": "https://u:p@hooks.example.com",
    "bad port": "https://hooks.example.com:99999",
    "port zero": "https://hooks.example.com:0",
    "space": "https://hooks.example.com/a b",
    "line break": "https://hooks.example.com/a\r\nx: y",
    "not ASCII": "https://hööks.example.com/",
    "too long": "https://hooks.example.com/" + "x" * 2000,
    "broken v6": "https://[::1",
    "empty": "",
}
PRIVATE_ONLY = {
    "localhost": "http://localhost:8080/",
    "localhost with dot": "http://LOCALHOST./",
    "below localhost": "http://a.localhost/",
    "local": "http://printer.local/",
    "internal": "http://metadata.google.internal/",
    "loopback": "http://127.0.0.1/",
    "v6 loopback": "http://[::1]:80/",
    "cloud": "http://169.254.169.254/latest",
}


@pytest.mark.parametrize("url", [*REFUSED.values(), *PRIVATE_ONLY.values()], ids=[*REFUSED, *PRIVATE_ONLY])
def test_refused_urls(url: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_url(url, private_allowed=False)
    assert (refused.value.reason, refused.value.field) == (Reason.INVALID_PARAMETER, "url")


@pytest.mark.parametrize("url", PRIVATE_ONLY.values(), ids=PRIVATE_ONLY)
def test_private_urls_where_they_are_allowed(url: str) -> None:
    assert check_url(url, private_allowed=True) == url


@pytest.mark.parametrize("url", REFUSED.values(), ids=REFUSED)
def test_no_permission_mends_a_broken_url(url: str) -> None:
    with pytest.raises(Refusal):
        check_url(url, private_allowed=True)


@pytest.mark.parametrize("url", ["https://hooks.example.com", "http://hooks.example.com:8443/a?b=c", "https://93.184.215.14/x"])
def test_taken_urls(url: str) -> None:
    assert check_url(url, private_allowed=False) == url
