"""All dialects, and which of them a request to the one shared address, POST /v1/events, speaks."""

import re
from collections.abc import Mapping

import msgspec

from streamgauge.kernel.event import Door
from streamgauge.wire.dialect import Dialect
from streamgauge.wire.flexprice.events import FLEXPRICE
from streamgauge.wire.solinth.events import SOLINTH
from streamgauge.wire.thebizness.events import THEBIZNESS

DIALECTS: Mapping[Door, Dialect] = {dialect.door: dialect for dialect in (SOLINTH, THEBIZNESS, FLEXPRICE)}

_top_level = msgspec.json.Decoder(dict[str, msgspec.Raw])
_KEY = re.compile(rb'"(external_customer_id|event_name|website_id)"[ \t\r\n]*:')
_KEYS = frozenset({"external_customer_id", "event_name", "website_id"})


def decide_door(*, has_api_key_header: bool, key_door: str | None, body: bytes) -> Door:
    """Whose request a POST /v1/events is; decided before anything is validated, so that a refusal has the right shape.

    has_api_key_header: x-api-key was sent. key_door: the door that the Bearer key was made for. "any", or None for no key or an
    unknown one, leaves the choice to the body: with external_customer_id, or event_name without website_id, it is Flexprice's,
    else Solinth's. A body that is not JSON is judged by the keys that can be made out in its first 64 KiB.
    """
    if has_api_key_header or key_door == Door.FLEXPRICE:
        return Door.FLEXPRICE
    if key_door == Door.SOLINTH:
        return Door.SOLINTH
    if b"\\" not in body and b'"event_name"' not in body and b'"external_customer_id"' not in body:
        return Door.SOLINTH  # Without escapes a key stands in the body as it is spelt; most requests are told apart here.
    keys = _keys_of(body)
    if "external_customer_id" in keys or ("event_name" in keys and "website_id" not in keys):
        return Door.FLEXPRICE
    return Door.SOLINTH


def _keys_of(body: bytes) -> frozenset[str]:
    try:
        return _KEYS.intersection(_top_level.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return frozenset(match.decode() for match in _KEY.findall(body[:65_536]))
