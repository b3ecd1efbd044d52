"""Tables of malformed input: what is sent, and the name under which it is refused."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass

from tests.flows.refusing import Shape

Members = dict[str, bytes]


@dataclass(frozen=True)
class Dialect:
    """How a door's events are written; members are JSON texts."""

    shape: Shape
    name: str
    required: dict[str, bytes]
    texts: tuple[str, ...]
    wrapper: dict[str, bytes]


SOLINTH = Dialect(Shape.SOLINTH, "event", {}, (), {})
THEBIZNESS = Dialect(Shape.THEBIZNESS, "event_name", {"website_id": b'"w"'}, ("visitor_id",), {"website_id": b'"w"'})
FLEXPRICE = Dialect(Shape.FLEXPRICE, "event_name", {"external_customer_id": b'"c"'}, ("event_id", "customer_id", "source"), {})


@dataclass(frozen=True)
class Route:
    """One ingest route. credential: the header that carries the key."""

    path: str
    dialect: Dialect
    batch: bool
    credential: str = "authorization"

    def event(self, changes: Members) -> bytes:
        """An event as this route wants it, outside or inside a batch."""
        event = self.members(changes)
        return self.wrapped([event]) if self.batch else event

    def members(self, changes: Members) -> bytes:
        return object_of({self.dialect.name: b'"refused"', **self.dialect.required, **changes})

    def wrapped(self, events: list[bytes]) -> bytes:
        return object_of({**self.dialect.wrapper, "events": b"[" + b",".join(events) + b"]"})

    @property
    def good(self) -> bytes:
        return self.event({"properties": b'{"amount":1}'})


def object_of(members: Members) -> bytes:
    return b"{" + b",".join(b'"%b":%b' % (key.encode(), value) for key, value in members.items()) + b"}"


ROUTES = [
    Route("/v1/events", SOLINTH, batch=False),
    Route("/solinth/v1/events", SOLINTH, batch=False),
    Route("/v1/events/batch", SOLINTH, batch=True),
    Route("/solinth/v1/events/batch", SOLINTH, batch=True),
    Route("/api/events", THEBIZNESS, batch=False),
    Route("/thebizness/api/events", THEBIZNESS, batch=False),
    Route("/api/events/batch", THEBIZNESS, batch=True),
    Route("/thebizness/api/events/batch", THEBIZNESS, batch=True),
    Route("/v1/events", FLEXPRICE, batch=False, credential="x-api-key"),
    Route("/flexprice/v1/events", FLEXPRICE, batch=False),
    Route("/v1/events/bulk", FLEXPRICE, batch=True, credential="x-api-key"),
    Route("/flexprice/v1/events/bulk", FLEXPRICE, batch=True),
]
BATCH_ROUTES = [route for route in ROUTES if route.batch]


def route_id(route: Route) -> str:
    return f"{route.dialect.shape} {route.path}"


def nested(levels: int) -> bytes:
    return b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)


def property_of(value: bytes) -> Members:
    return {"properties": b'{"amount":%b}' % value}


NAMES = {
    "name null": (b"null", "missing_field"),
    "name empty": (b'""', "empty_name"),
    "name of white space": (b'" \\t\\n "', "empty_name"),
    "name a number": (b"5", "wrong_type"),
    "name a number with a point": (b"5.5", "wrong_type"),
    "name true": (b"true", "wrong_type"),
    "name a list": (b'["a"]', "wrong_type"),
    "name an object": (b'{"a":"b"}', "wrong_type"),
    "name of 256 characters": (b'"' + b"x" * 256 + b'"', "text_too_long"),
    "name with NUL": (b'"a\\u0000b"', "nul_character"),
    "name with half a surrogate": (b'"a\\ud800"', "invalid_utf8"),
    "name with surrogates reversed": (b'"\\ude00\\ud83d"', "invalid_utf8"),
}
TIMES = {
    "time a word": (b'"yesterday"', "invalid_timestamp"),
    "time empty": (b'""', "invalid_timestamp"),
    "year 0": (b'"0000-01-01T00:00:00Z"', "invalid_timestamp"),
    "year 10000": (b'"10000-01-01T00:00:00Z"', "invalid_timestamp"),
    "year -2024": (b'"-2024-01-01T00:00:00Z"', "invalid_timestamp"),
    "year 1969": (b'"1969-12-31T23:59:59Z"', "timestamp_out_of_range"),
    "year 2200": (b'"2200-01-01T00:00:00Z"', "timestamp_out_of_range"),
    "year 9999 behind UTC": (b'"9999-12-31T23:59:59-23:59"', "timestamp_out_of_range"),
    "24:00": (b'"2024-01-01T24:00:00Z"', "invalid_timestamp"),
    "second 60": (b'"2016-12-31T23:59:60Z"', "invalid_timestamp"),
    "30 February": (b'"2024-02-30T00:00:00Z"', "invalid_timestamp"),
    "29 February of a common year": (b'"2023-02-29T00:00:00Z"', "invalid_timestamp"),
    "month 13": (b'"2024-13-01T00:00:00Z"', "invalid_timestamp"),
    "day 0": (b'"2024-01-00T00:00:00Z"', "invalid_timestamp"),
    "minute 60": (b'"2024-01-01T00:60:00Z"', "invalid_timestamp"),
    "offset of 25 hours": (b'"2024-01-01T00:00:00+25:00"', "invalid_timestamp"),
    "a zone by name": (b'"2024-01-01T00:00:00 UTC"', "invalid_timestamp"),
    "a point without digits": (b'"2024-01-01T00:00:00.Z"', "invalid_timestamp"),
    "digits of another script": ('"٢٠٢٤-01-01T00:00:00Z"'.encode(), "invalid_timestamp"),
    "seconds since 1970 as text": (b'"1705312200"', "invalid_timestamp"),
    "seconds since 1970": (b"1705312200", "wrong_type"),
    "time a fraction": (b"1.5", "wrong_type"),
    "time true": (b"true", "wrong_type"),
    "time a list": (b"[]", "wrong_type"),
    "time an object": (b"{}", "wrong_type"),
    "time with white space": (b'" 2024-01-01T00:00:00Z"', "invalid_timestamp"),
    "time with a line break behind": (b'"2024-01-01T00:00:00Z\\n"', "invalid_timestamp"),
    "time with NUL": (b'"2024-01-01T00:00:00Z\\u0000"', "nul_character"),
    "time with half a surrogate": (b'"2024-01-01T00:00:00Z\\udc00"', "invalid_utf8"),
}
NOT_PROPERTIES = {
    "a list": b"[1]",
    "text": b'"x"',
    "empty text": b'""',
    "a number": b"5",
    "a number with a point": b"5.5",
    "true": b"true",
    "false": b"false",
}
VALUES = {
    "1e999": (b"1e999", "number_out_of_range"),
    "-1e999": (b"-1e999", "number_out_of_range"),
    "1e28": (b"1e28", "number_out_of_range"),
    "an exponent of 5000 digits": (b"1e" + b"9" * 5000, "number_out_of_range"),
    "30 digits": (b"1" * 30, "number_out_of_range"),
    "30 digits below zero": (b"-" + b"1" * 30, "number_out_of_range"),
    "400 digits": (b"9" * 400, "number_out_of_range"),
    "5000 digits": (b"9" * 5000, "number_out_of_range"),
    "400 digits and a point": (b"9" * 400 + b".5", "number_out_of_range"),
    "1e999 in a list": (b"[1,[1e999]]", "number_out_of_range"),
    "1e999 in an object": (b'{"b":1e999}', "number_out_of_range"),
    "NaN": (b"NaN", "malformed_json"),
    "Infinity": (b"Infinity", "malformed_json"),
    "-Infinity": (b"-Infinity", "malformed_json"),
    "leading zero": (b"01", "malformed_json"),
    "leading plus": (b"+1", "malformed_json"),
    "leading point": (b".5", "malformed_json"),
    "trailing point": (b"1.", "malformed_json"),
    "exponent without digits": (b"1e", "malformed_json"),
    "hexadecimal": (b"0x10", "malformed_json"),
    "undefined": (b"undefined", "malformed_json"),
    "True": (b"True", "malformed_json"),
    "text with an unknown escape": (b'"\\x41"', "malformed_json"),
    "text with a raw line break": (b'"a\nb"', "malformed_json"),
    "text with a raw NUL": (b'"a\x00b"', "malformed_json"),
    "text with a short escape": (b'"\\u00"', "malformed_json"),
    "text with NUL": (b'"\\u0000"', "nul_character"),
    "text with NUL in a list": (b'["a","\\u0000"]', "nul_character"),
    "half a surrogate": (b'"\\ud83d"', "invalid_utf8"),
    "half a surrogate before text": (b'"\\ud83dx"', "invalid_utf8"),
    "half a surrogate in a list": (b'[["\\udc00"]]', "invalid_utf8"),
    "a byte that is no UTF-8": (b'"\xff"', "invalid_utf8"),
    "UTF-8 cut short": (b'"\xe2\x82"', "invalid_utf8"),
    "an overlong NUL": (b'"\xc0\x80"', "invalid_utf8"),
    "a surrogate as UTF-8": (b'"\xed\xa0\x80"', "invalid_utf8"),
    "beyond the last code point": (b'"\xf4\x90\x80\x80"', "invalid_utf8"),
}
PROPERTIES = {
    "a duplicate key": (b'{"a":1,"a":1}', "duplicate_key"),
    "a duplicate key behind an escape": (b'{"a":1,"\\u0061":1}', "duplicate_key"),
    "a duplicate empty key": (b'{"":1,"":1}', "duplicate_key"),
    "a nested duplicate key": (b'{"a":{"b":1,"b":1}}', "duplicate_key"),
    "a duplicate key in a list": (b'{"a":[{"b":1,"b":1}]}', "duplicate_key"),
    "a key with NUL": (b'{"a\\u0000":1}', "nul_character"),
    "a nested key with NUL": (b'{"a":{"\\u0000":1}}', "nul_character"),
    "a key with half a surrogate": (b'{"\\ud800":1}', "invalid_utf8"),
    "a key that is no UTF-8": (b'{"\xff":1}', "invalid_utf8"),
    "nested 33 levels": (nested(33), "nesting_too_deep"),
    "nested 1,000 levels": (nested(1_000), "nesting_too_deep"),
    "nested 100,000 levels": (nested(100_000), "nesting_too_deep"),
    "lists nested 100,000 levels": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nesting_too_deep"),
    "a key without quotes": (b"{a:1}", "malformed_json"),
    "single quotes": (b"{'a':1}", "malformed_json"),
    "a comma too many": (b'{"a":1,}', "malformed_json"),
    "a comma too few": (b'{"a":1 "b":2}', "malformed_json"),
    "a colon too few": (b'{"a" 1}', "malformed_json"),
    "a comment": (b'{"a":1/* one */}', "malformed_json"),
}


def _constantly(members: Members) -> Callable[[Route], Members]:
    return lambda _: members


def _naming(text: bytes) -> Callable[[Route], Members]:
    return lambda route: {route.dialect.name: text}


EVENTS: dict[str, tuple[Callable[[Route], Members], str]] = {
    **{case: (_naming(text), reason) for case, (text, reason) in NAMES.items()},
    **{case: (_constantly({"timestamp": text}), reason) for case, (text, reason) in TIMES.items()},
    **{
        f"properties {case}": (_constantly({"properties": text}), "properties_not_object")
        for case, text in NOT_PROPERTIES.items()
    },
    **{f"value {case}": (_constantly(property_of(text)), reason) for case, (text, reason) in VALUES.items()},
    **{f"properties: {case}": (_constantly({"properties": text}), reason) for case, (text, reason) in PROPERTIES.items()},
    "an unknown field with a number out of range": (lambda _: {"other": b"1e999"}, "number_out_of_range"),
    "an unknown field with a duplicate key": (lambda _: {"other": b'{"a":1,"a":2}'}, "duplicate_key"),
    "a duplicate key in the event": (lambda route: {'x":1,"' + route.dialect.name: b'"twice"'}, "duplicate_key"),
    "a duplicate timestamp": (
        lambda _: {"timestamp": b'"2024-01-01T00:00:00Z","timestamp":"2024-01-01T00:00:00Z"'},
        "duplicate_key",
    ),
    "properties twice": (lambda _: {"properties": b'{},"properties":{}'}, "duplicate_key"),
}
BODIES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "malformed_json"),
    "white space": (lambda _: b" \r\n\t", "malformed_json"),
    "a byte behind": (lambda good: good + b"x", "malformed_json"),
    "a brace behind": (lambda good: good + b"}", "malformed_json"),
    "NUL behind": (lambda good: good + b"\x00", "malformed_json"),
    "a second document": (lambda good: good + b"\n" + good, "malformed_json"),
    "a byte order mark": (lambda good: b"\xef\xbb\xbf" + good, "malformed_json"),
    "UTF-16": (lambda good: good.decode().encode("utf-16"), "invalid_utf8"),
    "UTF-16 without a mark": (lambda good: good.decode().encode("utf-16-le"), "malformed_json"),
    "a list": (lambda good: b"[" + good + b"]", "body_not_object"),
    "text": (lambda _: b'"refused"', "body_not_object"),
    "a number": (lambda _: b"5", "body_not_object"),
    "1e999": (lambda _: b"1e999", "body_not_object"),
    "null": (lambda _: b"null", "body_not_object"),
    "NaN": (lambda _: b"NaN", "malformed_json"),
    "a form": (lambda _: b"event=refused&event_name=refused", "malformed_json"),
    "single quotes": (lambda good: good.replace(b'"', b"'"), "malformed_json"),
    "a line comment": (lambda good: b"// here\n" + good, "malformed_json"),
    "nested 100,000 lists": (lambda _: b"[" * 100_000, "nesting_too_deep"),
    "bytes that are no UTF-8": (lambda _: bytes(range(128, 256)), "invalid_utf8"),
}
ELEMENTS = {
    "null": b"null",
    "a number": b"5",
    "text": b'"refused"',
    "a list": b"[]",
    "a list with an event": b'[{"event":"refused"}]',
    "true": b"true",
}
LISTS: dict[str, tuple[bytes | None, str]] = {
    "absent": (None, "missing_field"),
    "null": (b"null", "missing_field"),
    "text": (b'"x"', "wrong_type"),
    "a number": (b"1", "wrong_type"),
    "an object": (b'{"0":{}}', "wrong_type"),
    "empty": (b"[]", "batch_empty"),
    "of 1,001": (b"[" + b",".join([b"{}"] * 1001) + b"]", "batch_too_large"),
}


def _bomb() -> bytes:
    return gzip.compress(b" " * (33 << 20), compresslevel=1)


ENCODED: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "gzip that is none": ("gzip", lambda good: good, "undecodable_body"),
    "gzip cut short": ("gzip", lambda good: gzip.compress(good)[:-1], "undecodable_body"),
    "gzip with a wrong checksum": ("gzip", lambda good: gzip.compress(good)[:-8] + bytes(8), "undecodable_body"),
    "gzip with bytes behind": ("gzip", lambda good: gzip.compress(good) + b"x", "undecodable_body"),
    "gzip of nothing": ("gzip", lambda _: b"", "undecodable_body"),
    "gzip of bad JSON": ("gzip", lambda good: gzip.compress(good[:-1]), "malformed_json"),
    "gzip twice, said once": ("gzip", lambda good: gzip.compress(gzip.compress(good)), "invalid_utf8"),
    "deflate that is none": ("deflate", lambda good: good, "undecodable_body"),
    "zstd that is none": ("zstd", lambda good: good, "undecodable_body"),
    "a gzip bomb": ("gzip", lambda _: _bomb(), "body_too_large"),
    "a gzip bomb in gzip": ("gzip, gzip", lambda _: gzip.compress(_bomb()), "body_too_large"),
    "an unknown encoding": ("br", lambda good: good, "unsupported_encoding"),
    "four encodings": ("gzip, gzip, gzip, gzip", lambda good: good, "unsupported_encoding"),
}
