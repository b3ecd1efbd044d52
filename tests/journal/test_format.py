"""The bytes on disk. The golden bytes fail when the format changes: then the version must change too."""

import pytest

from streamgauge.journal.format import (
    BadSegmentHeader,
    decode_frame_header,
    decode_payload,
    decode_segment_header,
    encode_group,
    encode_segment_header,
)

SALT = 0x0123456789ABCDEF


def test_a_segment_header_has_these_bytes() -> None:
    assert encode_segment_header(start=4096, salt=SALT).hex() == (
        "5347" + "6a726e6c0d0a" + "01000000" + "00000000" + "0010000000000000" + "efcdab8967452301" + "aca50802620b995d"
    )


def test_a_group_has_these_bytes() -> None:
    buffers, positions, end = encode_group([b"a", b"bc"], group_start=40, salt=SALT)
    assert positions == [40, 65]
    assert end == 91
    assert (
        b"".join(buffers).hex()
        == "f572656301000000000000004ffef0fa75ecdb16916b4cbc61f57265630200000019000000c8130e86ed491bd764b423396263"
    )


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(b"", "incomplete", id="an empty file"),
        pytest.param(encode_segment_header(7, SALT)[:-1], "incomplete", id="the last byte is missing"),
        pytest.param(b"X" + encode_segment_header(7, SALT)[1:], "not a journal segment", id="another magic"),
        pytest.param(encode_segment_header(8, SALT), "file name says 7", id="the header of another segment"),
        pytest.param(
            encode_segment_header(7, SALT)[:20] + b"\xff" + encode_segment_header(7, SALT)[21:], "checksum", id="a flipped byte"
        ),
    ],
)
def test_a_bad_segment_header_says_why(data: bytes, why: str) -> None:
    with pytest.raises(BadSegmentHeader, match=why):
        decode_segment_header(data, start=7)


def test_a_segment_header_gives_back_its_salt() -> None:
    assert decode_segment_header(encode_segment_header(7, SALT), start=7) == SALT


@pytest.mark.parametrize(
    ("position", "salt", "valid"),
    [
        pytest.param(40, SALT, True, id="where it was written"),
        pytest.param(41, SALT, False, id="at another position"),
        pytest.param(40, SALT + 1, False, id="in another segment"),
    ],
)
def test_a_frame_is_valid_in_one_place_only(position: int, salt: int, valid: bool) -> None:
    buffers, _, _ = encode_group([b"payload"], group_start=40, salt=SALT)
    assert (decode_frame_header(b"".join(buffers), 0, position, salt) is not None) is valid


def test_every_flipped_bit_of_a_frame_is_noticed() -> None:
    buffers, _, _ = encode_group([b"payload"], group_start=40, salt=SALT)
    frame = b"".join(buffers)
    for bit in range(len(frame) * 8):
        flipped = bytearray(frame)
        flipped[bit // 8] ^= 1 << bit % 8
        header = decode_frame_header(bytes(flipped), 0, 40, SALT)
        assert header is None or decode_payload(bytes(flipped), 0, header) is None
