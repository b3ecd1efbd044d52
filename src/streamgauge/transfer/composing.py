"""Properties as JSON text, made of columns: whole columns at a time, by Arrow.

A text of a CSV cell that is a JSON number is that number, as written; `true` and `false` are booleans; all else is text; an empty
cell is no property. A column of another file has its own type. The look at the values tells which rows are plain: flat, and with
numbers that the store holds exactly; the others are read again by the careful reader, from the same text.
"""

from collections.abc import Sequence

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from streamgauge.transfer.mapping import UnusableMapping

# What decode_plain of wire.properties takes: integers of 64 bits, and below a million with any number of digits after the point.
_PLAIN_NUMBER = r"^-?(?:0|[1-9][0-9]{0,17}|(?:0|[1-9][0-9]{0,5})\.[0-9]+)$"
_NUMBER = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
_TO_ESCAPE = r'["\\\x00-\x1f]'
_encode = msgspec.json.Encoder().encode


class Composed(msgspec.Struct, frozen=True):
    """One text for each row, null where it has no property at all; doubtful: rows that are not plain, None when all are."""

    texts: pa.StringArray
    doubtful: pa.BooleanArray | None


class TextColumn(msgspec.Struct, frozen=True):
    """A column as text. broken: rows whose bytes are not UTF-8 (null in texts), None when there are none."""

    texts: pa.StringArray
    broken: pa.BooleanArray | None


def text_column(column: pa.Array) -> TextColumn:
    """Raises pa.ArrowInvalid or pa.ArrowNotImplementedError when the type has no text."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    try:
        return TextColumn(column.cast(pa.string()), None)
    except pa.ArrowInvalid:
        if not pa.types.is_binary(column.type):
            raise
    values = [_decoded(value) for value in column.to_pylist()]
    broken = [text is None and column[place].is_valid for place, text in enumerate(values)]
    return TextColumn(pa.array(values, pa.string()), pa.array(broken, pa.bool_()))


def compose(names: Sequence[str], columns: Sequence[pa.Array], *, guess: bool) -> Composed:
    """The properties object of each row. guess: cells are texts that may be numbers. Raises UnusableMapping."""
    count = len(columns[0]) if columns else 0
    members = []
    doubtful: pa.BooleanArray | None = None
    for name, column in zip(names, columns, strict=True):
        text = _text_of(name, column)
        doubtful = either(doubtful, text.broken)
        values, doubt = _guessed(text.texts) if guess else _typed(column, text.texts)
        doubtful = either(doubtful, doubt)
        key = _encode(name).decode() + ":"
        if "\x00" in name:
            doubtful = pa.array([True] * count)
        members.append(pc.binary_join_element_wise(key, values, ""))
    if not members:
        return Composed(pa.nulls(count, pa.string()), None)
    # Where all that is joined is null, Arrow leaves the row itself out; the brace, which never is null, keeps it.
    joined = pc.binary_join_element_wise(pa.repeat(pa.scalar("{"), count), *members, ",", null_handling="skip")
    empty = pc.equal(joined, "{")
    objects = pc.binary_join_element_wise(pc.binary_replace_slice(joined, 0, 2, "{"), "}", "")
    return Composed(pc.if_else(empty, pa.scalar(None, pa.string()), objects), doubtful)


def either(one: pa.BooleanArray | None, other: pa.BooleanArray | None) -> pa.BooleanArray | None:
    if one is None or other is None:
        return other if one is None else one
    return pc.or_(one, other)


def some(mask: pa.BooleanArray) -> pa.BooleanArray | None:
    """The mask with nulls as False; None when it is False throughout."""
    mask = pc.fill_null(mask, False)
    return mask if pc.any(mask).as_py() else None


def _text_of(name: str, column: pa.Array) -> TextColumn:
    kind = column.type
    if pa.types.is_nested(kind):
        encoded = [None if value is None else _encode(value).decode() for value in column.to_pylist()]
        return TextColumn(pa.array(encoded, pa.string()), None)
    try:
        return text_column(column)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UnusableMapping(f"the column {name!r} of type {kind} cannot become a property; leave it out") from error


def _typed(column: pa.Array, texts: pa.StringArray) -> tuple[pa.StringArray, pa.BooleanArray | None]:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_boolean(kind):
        return texts, None
    if pa.types.is_nested(kind):
        return texts, some(pc.is_valid(texts))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return texts, some(pc.invert(pc.match_substring_regex(texts, _PLAIN_NUMBER)))
    return _quoted(texts), _with_nul(texts)


def _guessed(texts: pa.StringArray) -> tuple[pa.StringArray, pa.BooleanArray | None]:
    plain = pc.match_substring_regex(texts, _PLAIN_NUMBER)
    if pc.all(plain).as_py():
        return texts, None
    if not pc.any(pc.match_substring_regex(texts, r"^[-0-9tf]")).as_py():
        return _quoted(texts), _with_nul(texts)
    number = pc.match_substring_regex(texts, _NUMBER)
    bare = pc.or_(number, pc.is_in(texts, pa.array(["true", "false"])))
    doubtful = either(some(pc.and_not(number, plain)), _with_nul(texts))
    return pc.if_else(bare, texts, _quoted(texts)), doubtful


def _quoted(texts: pa.StringArray) -> pa.StringArray:
    """As JSON strings. Most columns hold nothing that needs an escape."""
    if pc.any(pc.match_substring_regex(texts, _TO_ESCAPE)).as_py():
        values = [None if text is None else _encode(text).decode() for text in texts.to_pylist()]
        return pa.array(values, pa.string())
    return pc.binary_join_element_wise('"', texts, '"', "")


def _with_nul(texts: pa.StringArray) -> pa.BooleanArray | None:
    return some(pc.match_substring(texts, "\x00"))


def _decoded(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
