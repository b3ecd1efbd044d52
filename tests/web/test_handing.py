"""Which requests a process keeps that takes nothing but events."""

import pytest

from streamgauge.web.handing import takes_events

HEAD = b"POST %b HTTP/1.1\r\nHost: x\r\n%b\r\n"


@pytest.mark.parametrize(
    ("read", "taken"),
    [
        (HEAD % (b"/v1/events", b""), True),
        (HEAD % (b"/v1/events", b"") + b'{"event":"a"}', True),
        (HEAD % (b"/v1/events/batch?source=x", b""), True),
        (HEAD % (b"/flexprice/v1/events/bulk", b"x-api-key: k\r\n"), True),
        (HEAD % (b"/v1/events", b"") + b"\r\nCookie: in the body\r\n", True),
        (HEAD % (b"/v1/events/usage", b""), False),
        (HEAD % (b"/api/collect", b""), False),
        (HEAD % (b"/", b""), False),
        (HEAD % (b"http://x/v1/events", b""), False),
        (HEAD % (b"/v1/events", b"CooKie: streamgauge_session=1\r\n"), False),
        (b"GET /v1/events HTTP/1.1\r\n\r\n", False),
        (b"OPTIONS /v1/events HTTP/1.1\r\n\r\n", False),
        (b"POST /v1/events HTTP/1.1\r\nHost: x\r\n", False),
        (b"POST /v1/eve", False),
        (b"POST /v1/events\r\n\r\n", False),
        (b"\r\nPOST /v1/events HTTP/1.1\r\n\r\n", False),
        (b"", False),
    ],
)
def test_a_read_is_taken_when_its_head_tells_all(read: bytes, taken: bool) -> None:
    assert takes_events(read) is taken
