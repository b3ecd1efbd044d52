"""Which dialect a POST /v1/events speaks: by header, by key, by body, in this order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamgauge.kernel.event import Door
from streamgauge.wire.doors import DIALECTS, decide_door

SOLINTH, FLEXPRICE = Door.SOLINTH, Door.FLEXPRICE


@pytest.mark.parametrize(
    ("has_header", "key_door", "body", "door"),
    [
        pytest.param(True, None, b'{"event":"a"}', FLEXPRICE, id="x-api-key decides, whatever the body"),
        pytest.param(True, "solinth", b'{"event":"a"}', FLEXPRICE, id="x-api-key decides against the Bearer key"),
        pytest.param(False, "flexprice", b'{"event":"a"}', FLEXPRICE, id="a key made for Flexprice"),
        pytest.param(False, "solinth", b'{"event_name":"a"}', SOLINTH, id="a key made for Solinth"),
        pytest.param(False, "any", b'{"event":"a"}', SOLINTH, id="a key for all doors, Solinth's body"),
        pytest.param(False, "any", b'{"event_name":"a"}', FLEXPRICE, id="a key for all doors, Flexprice's body"),
        pytest.param(False, "thebizness", b'{"event_name":"a"}', FLEXPRICE, id="a key of the third door says nothing here"),
        pytest.param(False, None, b'{"external_customer_id":"c"}', FLEXPRICE, id="no key: a customer"),
        pytest.param(False, None, b'{"event_name":"a","website_id":"w"}', SOLINTH, id="no key: a website's event"),
        pytest.param(False, None, b'{"properties":{"event_name":"a"}}', SOLINTH, id="only keys of the top count"),
        pytest.param(False, None, b'{"event_name":5}', FLEXPRICE, id="decided before types are looked at"),
        pytest.param(False, None, b"{}", SOLINTH, id="nothing to go by"),
        pytest.param(False, None, b"", SOLINTH, id="an empty body"),
        pytest.param(False, None, b"[]", SOLINTH, id="not an object"),
        pytest.param(False, None, b'{"event_name" : "a", bad', FLEXPRICE, id="malformed, but a key can be made out"),
        pytest.param(False, None, b"{bad", SOLINTH, id="malformed, nothing can be made out"),
        pytest.param(False, None, b"[" * 100_000, SOLINTH, id="too deep to be read"),
        pytest.param(False, None, b"\xff", SOLINTH, id="not UTF-8"),
    ],
)
def test_the_shared_address_is_shared_out(has_header: bool, key_door: str | None, body: bytes, door: Door) -> None:
    assert decide_door(has_api_key_header=has_header, key_door=key_door, body=body) is door


@given(st.binary(max_size=80))
def test_any_body_gets_a_door(body: bytes) -> None:
    assert decide_door(has_api_key_header=False, key_door=None, body=body) in (SOLINTH, FLEXPRICE)


def test_every_door_has_a_dialect() -> None:
    assert {door: dialect.door for door, dialect in DIALECTS.items()} == {door: door for door in Door}
