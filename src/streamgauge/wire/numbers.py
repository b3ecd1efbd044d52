"""Numbers as JSON text: every digit kept, never an exponent, never NaN.

A client that reads JSON numbers as doubles sees what it would see anyway; one that reads decimals loses nothing.
"""

from decimal import Decimal

import msgspec

from streamgauge.kernel.query import Number


def number_text(value: Number) -> str:
    """12500, 12500.5, 0.000000001: the shortest plain decimal that is equal to the value.

    A float is written with the fewest digits that read back as the same float. Raises ValueError for NaN and infinities.
    """
    if isinstance(value, int):
        return str(value)
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not exact.is_finite():
        raise ValueError(f"not a number that JSON can carry: {value}")
    text = format(exact, "f")
    if "." in text:
        text = text.rstrip("0").removesuffix(".")
    return "0" if text == "-0" else text


def json_number(value: Number | None) -> msgspec.Raw:
    """The number for splicing into a reply; None gives null."""
    return msgspec.Raw(b"null" if value is None else number_text(value).encode())
