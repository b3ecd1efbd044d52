"""Reading and decoding bodies: what comes out, what is refused, and within what bounds."""

import asyncio
import gzip
import random
import tracemalloc
import zlib
from collections.abc import Iterable

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web.body import Bodies, ClientGoneError, read_body
from streamgauge.web.reply import HeaderList, Message, Receive

LIMIT = 1_000_000
TEXT = b'{"event":"sale","properties":{"amount":12.5}}' * 20
LARGE = random.Random(7).randbytes(400_000)


def arriving(parts: Iterable[bytes], *, then_gone: bool = False) -> Receive:
    """A receive that hands out the parts, and at the end either the end of the body or a disconnect."""
    left = list(parts)

    async def receive() -> Message:
        if left:
            part = left.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(left) or then_gone}
        return {"type": "http.disconnect"}

    return receive


def read(parts: Iterable[bytes], *encodings: bytes, limit: int = LIMIT, headers: HeaderList | None = None) -> bytes:
    scope = {"headers": [*(headers or []), *((b"content-encoding", encoding) for encoding in encodings)]}
    return asyncio.run(read_body(scope, arriving(parts), limit))


def deflate_raw(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


zstd = zstandard.ZstdCompressor().compress


@pytest.mark.parametrize(
    ("body", "encodings", "expected"),
    [
        pytest.param(TEXT, [], TEXT, id="no encoding"),
        pytest.param(b"", [], b"", id="an empty body"),
        pytest.param(TEXT, [b"identity"], TEXT, id="identity"),
        pytest.param(gzip.compress(TEXT), [b"gzip"], TEXT, id="gzip"),
        pytest.param(gzip.compress(TEXT), [b" GZip "], TEXT, id="the name in other letters"),
        pytest.param(gzip.compress(TEXT), [b"x-gzip"], TEXT, id="the old name of gzip"),
        pytest.param(gzip.compress(b""), [b"gzip"], b"", id="nothing, in gzip"),
        pytest.param(gzip.compress(TEXT) + gzip.compress(b"more"), [b"gzip"], TEXT + b"more", id="two gzip members"),
        pytest.param(zlib.compress(TEXT), [b"deflate"], TEXT, id="deflate with its wrapper"),
        pytest.param(deflate_raw(TEXT), [b"deflate"], TEXT, id="deflate without its wrapper"),
        pytest.param(zstd(TEXT), [b"zstd"], TEXT, id="zstd"),
        pytest.param(zstd(TEXT) + zstd(b"more"), [b"zstd"], TEXT + b"more", id="two zstd frames"),
        pytest.param(zstd(gzip.compress(TEXT)), [b"gzip, zstd"], TEXT, id="two encodings in one header"),
        pytest.param(zstd(gzip.compress(TEXT)), [b"gzip", b"zstd"], TEXT, id="two encodings in two headers"),
        pytest.param(gzip.compress(LARGE), [b"gzip"], LARGE, id="large gzip, decoded in a thread"),
        pytest.param(zstd(LARGE), [b"zstd"], LARGE, id="large zstd, decoded in a thread"),
        pytest.param(gzip.compress(b"x" * 900_000), [b"gzip"], b"x" * 900_000, id="gzip that is small until it is opened"),
    ],
)
def test_bodies_that_are_read(body: bytes, encodings: list[bytes], expected: bytes) -> None:
    assert read([body], *encodings) == expected


@pytest.mark.parametrize(
    ("body", "encodings", "reason"),
    [
        pytest.param(b"x" * (LIMIT + 1), [], Reason.BODY_TOO_LARGE, id="one byte too many"),
        pytest.param(gzip.compress(b"x" * (LIMIT + 1)), [b"gzip"], Reason.BODY_TOO_LARGE, id="gzip of one byte too many"),
        pytest.param(zlib.compress(b"x" * (LIMIT + 1)), [b"deflate"], Reason.BODY_TOO_LARGE, id="deflate of one byte too many"),
        pytest.param(zstd(b"x" * (LIMIT + 1)), [b"zstd"], Reason.BODY_TOO_LARGE, id="zstd of one byte too many"),
        pytest.param(
            gzip.compress(b"x" * 600_000) * 2, [b"gzip"], Reason.BODY_TOO_LARGE, id="members that are too much together"
        ),
        pytest.param(TEXT, [b"br"], Reason.UNSUPPORTED_ENCODING, id="an encoding we do not know"),
        pytest.param(TEXT, [b"gzip, br"], Reason.UNSUPPORTED_ENCODING, id="an unknown one after a known one"),
        pytest.param(TEXT, [b"gzip, gzip, gzip, gzip"], Reason.UNSUPPORTED_ENCODING, id="more layers than anybody needs"),
        pytest.param(TEXT, [b"gzip"], Reason.UNDECODABLE_BODY, id="plain text called gzip"),
        pytest.param(TEXT, [b"zstd"], Reason.UNDECODABLE_BODY, id="plain text called zstd"),
        pytest.param(b"", [b"gzip"], Reason.UNDECODABLE_BODY, id="nothing at all called gzip"),
        pytest.param(b"", [b"zstd"], Reason.UNDECODABLE_BODY, id="nothing at all called zstd"),
        pytest.param(gzip.compress(TEXT) + b"tail", [b"gzip"], Reason.UNDECODABLE_BODY, id="text behind gzip"),
        pytest.param(zlib.compress(TEXT) + b"tail", [b"deflate"], Reason.UNDECODABLE_BODY, id="text behind deflate"),
        pytest.param(zstd(TEXT) + b"tail", [b"zstd"], Reason.UNDECODABLE_BODY, id="text behind zstd"),
        pytest.param(gzip.compress(TEXT)[:-5] + b"\0\0\0\0\0", [b"gzip"], Reason.UNDECODABLE_BODY, id="a wrong checksum"),
    ],
)
def test_bodies_that_are_refused(body: bytes, encodings: list[bytes], reason: Reason) -> None:
    with pytest.raises(Refusal) as caught:
        read([body], *encodings)
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        pytest.param(b"gzip", gzip.compress(TEXT), id="gzip"),
        pytest.param(b"deflate", zlib.compress(TEXT), id="deflate"),
        pytest.param(b"deflate", deflate_raw(TEXT), id="deflate without its wrapper"),
        pytest.param(b"zstd", zstd(TEXT), id="zstd"),
    ],
)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_body_cut_anywhere_is_refused(encoding: bytes, packed: bytes, data: st.DataObject) -> None:
    end = data.draw(st.integers(0, len(packed) - 1))
    with pytest.raises(Refusal) as caught:
        read([packed[:end]], encoding)
    assert caught.value.reason is Reason.UNDECODABLE_BODY


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=50), min_size=1, max_size=6))
def test_parts_are_joined_in_order(parts: list[bytes]) -> None:
    assert read(parts) == b"".join(parts)


def test_parts_are_counted_together() -> None:
    with pytest.raises(Refusal, match="exceeds 100 bytes"):
        read([b"x" * 60, b"x" * 60, b"x"], limit=100)


def test_a_length_above_the_limit_is_refused_before_anything_is_read() -> None:
    async def never() -> Message:
        raise AssertionError("the body was asked for")

    with pytest.raises(Refusal) as caught:
        asyncio.run(read_body({"headers": [(b"content-length", b"101")]}, never, 100))
    assert caught.value.reason is Reason.BODY_TOO_LARGE


@pytest.mark.parametrize("parts", [pytest.param([], id="before the body"), pytest.param([b"{"], id="within the body")])
def test_a_client_that_hangs_up_is_not_taken_for_a_short_body(parts: list[bytes]) -> None:
    with pytest.raises(ClientGoneError):
        asyncio.run(read_body({"headers": []}, arriving(parts, then_gone=True), LIMIT))


@pytest.mark.parametrize(
    ("encoding", "bomb"),
    [
        pytest.param(b"gzip", gzip.compress(gzip.compress(bytes(300_000_000), 9), 9), id="gzip in gzip"),
        pytest.param(b"zstd", zstd(bytes(300_000_000)), id="zstd"),
    ],
)
def test_a_bomb_takes_bounded_memory(encoding: bytes, bomb: bytes) -> None:
    encodings = [encoding] * (2 if encoding == b"gzip" else 1)
    tracemalloc.start()
    try:
        with pytest.raises(Refusal) as caught:
            read([bomb], *encodings)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert caught.value.reason is Reason.BODY_TOO_LARGE
    assert peak < 3 * LIMIT + 16 * 1024 * 1024 + len(bomb)


class _Request:
    """Holds a share of the room for bodies."""

    def __init__(self) -> None:
        self.body_bytes = 0


def _read_within(bodies: Bodies, request: _Request, parts: Iterable[bytes], *headers: tuple[bytes, bytes]) -> bytes:
    return asyncio.run(bodies.read(request, {"headers": list(headers)}, arriving(parts)))


LENGTH = (b"content-length", b"400000")


def test_large_bodies_share_a_room_until_they_are_released() -> None:
    bodies = Bodies(LIMIT, 900_000)
    first, second, third = _Request(), _Request(), _Request()
    assert _read_within(bodies, first, [LARGE], LENGTH) == LARGE
    assert _read_within(bodies, second, [LARGE[:200_000], LARGE[200_000:]]) == LARGE
    assert (first.body_bytes, second.body_bytes) == (400_000, 400_000)
    with pytest.raises(Refusal) as refused:
        _read_within(bodies, third, [LARGE], LENGTH)
    assert (refused.value.reason, refused.value.retry_after_s) == (Reason.SERVER_BUSY, 1)
    bodies.release(first)
    assert _read_within(bodies, third, [LARGE], LENGTH) == LARGE


@pytest.mark.parametrize(
    ("parts", "headers"),
    [
        pytest.param([LARGE[:100_000]] * 4, [], id="chunks of unknown length"),
        pytest.param([gzip.compress(bytes(400_000))], [(b"content-encoding", b"gzip")], id="what grows when it is unpacked"),
    ],
)
def test_a_body_that_outgrows_the_room_is_refused(parts: list[bytes], headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(Refusal) as refused:
        _read_within(Bodies(LIMIT, 300_000), _Request(), parts, *headers)
    assert refused.value.reason is Reason.SERVER_BUSY


def test_small_bodies_do_not_need_the_room() -> None:
    request = _Request()
    assert _read_within(Bodies(LIMIT, 0), request, [TEXT]) == TEXT
    assert request.body_bytes == 0
