"""Whatever bytes arrive, the outcome is that of the plain reference: the quick reader never accepts what the rules refuse."""

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamgauge.kernel.event import Door, Event
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.doors import DIALECTS, decide_door
from tests.wire.arrivals import arrival, content
from tests.wire.reference import Number, indexed, tree_of, true_number, verdict

DOORS = [door.value for door in Door]
FIELDS = [
    "event",
    "event_name",
    "website_id",
    "external_customer_id",
    "event_id",
    "customer_id",
    "visitor_id",
    "source",
    "timestamp",
]

space = st.sampled_from(["", "", "", " ", "\n\t", "\r"])
strings = st.sampled_from(
    [
        *('"a"', '"a"', '"b c"', '"é"', '"\\u00e9"', '""', '" "', '"\\n"', '"k\\":1"', '"x\\": y"', '"https://x.de/a:b"', '"::"'),
        *('"a\\\\"', '"200}"', '"\\ud83d\\ude00"', '"\\u0000"', '"\\\\u0000"', '"\\ud800"', '"\\udc00x"', '"soon"'),
        *('"2024-01-15T10:30:00Z"', '"2024-01-15T10\\u003a30\\u003a00Z"', '"2024-01-15T10:30:00.5+00:00"'),
        *(f'"{"n" * 256}"', f'"{"n" * 513}"'),
    ]
)
numbers = st.sampled_from(
    [
        *("0", "-0", "1", "99.5", "-1.5e3", "1E5", "0.1", "999999.999999999", "1000000.5", "1234567.89", "9999999999999.99"),
        *("12345678901234567.89", "1234567890.123456789", "0.1234567899999999", "9223372036854775807", "9223372036854775808"),
        *("-9223372036854775809", "9" * 28, "1" + "0" * 28, "9.99e27", "1e28", "1e308", "1e309", "1e999", "-1e999", "1e-400"),
        *("1e" + "9" * 20, "1e-" + "9" * 20, "0e" + "9" * 20, "7" * 5000),
    ]
)
scalars = st.one_of(numbers, strings, st.sampled_from(["true", "false", "null"]))
keys = st.sampled_from(
    ['"a"', '"b"', '"c"', '"amount"', '""', '"a:b"', '"\\u0061"', '"q\\":"', '"{\\"x\\""', '"é"', '"\\u0000"', '"\\ud800"']
)


def written_object(members: st.SearchStrategy[Any], spaces: st.SearchStrategy[str] = space) -> st.SearchStrategy[str]:
    return st.builds(
        lambda parts, gap: "{" + gap + ",".join(f"{key}{gap}:{gap}{value}" for key, value in parts) + gap + "}",
        st.lists(members, max_size=5),
        spaces,
    )


values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"), written_object(st.tuples(keys, inner))
    ),
    max_leaves=8,
)
plain_members = st.tuples(
    st.sampled_from(['"a"', '"b"', '"c"']), st.one_of(st.sampled_from(["1", "2.5", '"x"', "true", "null"]), scalars)
)
properties = st.one_of(written_object(plain_members), written_object(st.tuples(keys, values)), values)
texts_or_not = st.one_of(strings, scalars)
members = st.one_of(
    st.tuples(st.sampled_from(FIELDS).map(json.dumps), texts_or_not),
    st.tuples(st.just('"properties"'), properties),
    st.tuples(keys, values),
)


@st.composite
def events(draw: st.DrawFn) -> str:
    """Most are nearly right: the required fields first, then a few others, seldom twice the same."""
    parts = [
        f'"{field}":"a"' for field in ("event", "event_name", "website_id", "external_customer_id") if draw(st.integers(0, 9)) > 0
    ]
    if draw(st.booleans()):
        parts = draw(
            st.sampled_from(
                [['"event":"a"'], ['"event_name":"a"', '"website_id":"w"'], ['"event_name":"a"', '"external_customer_id":"c"']]
            )
        )
    parts += [f"{key}:{value}" for key, value in draw(st.lists(members, max_size=3))]
    return "{" + draw(st.sampled_from([",", " , "])).join(parts) + "}"


# Half a surrogate pair spoils a whole batch, so it has a test of its own.
whole_texts = events().filter(lambda text: "\\ud800" not in text and "\\udc00" not in text)


def with_website(text: str) -> str:
    """The event as it would be alone, when its batch names the website."""
    text = text.replace('"website_id":null', '"website_id":"top"')
    return text if '"website_id":' in text else ('{"website_id":"top",' + text[1:]).replace(",}", "}")


def outcome(door: str, body: bytes) -> Event | Reason:
    try:
        return DIALECTS[Door(door)].parse_event(body, arrival())
    except Refusal as refusal:
        return refusal.reason


def with_unknown_key(text: str) -> bytes:
    """The same event, which the quick reader now leaves to the careful one."""
    return ('{"zz":0,' + text[1:] if text != "{}" else '{"zz":0}').encode()


@pytest.mark.parametrize("door", DOORS)
@settings(max_examples=200)
@given(text=events())
def test_one_event_is_accepted_or_refused_as_the_reference_says(door: str, text: str) -> None:
    expected = verdict(door, text)
    event: Any = outcome(door, text.encode())
    if expected:
        assert event in expected
        return
    assert not isinstance(event, Reason), event
    carefully: Any = outcome(door, with_unknown_key(text))
    assert content(event) == content(carefully)
    sent = dict(tree_of(text)).get("properties")
    assert (tree_of(event.properties.decode()) if event.properties else None) == sent
    assert event.properties.decode() in text
    check_numbers(event, dict(sent or []))


def check_numbers(event: Event, sent: dict[str, Any]) -> None:
    """What the store will index is what was sent, within nine digits after the point; the exact form is made only when needed."""
    shown = dict(tree_of((event.exact_properties or event.properties or b"{}").decode()))
    assert list(shown) == list(sent)
    assert shown == sent
    numbers = {name: value for name, value in sent.items() if isinstance(value, Number)}
    for name, value in numbers.items():
        assert abs(indexed(shown[name]) - true_number(value)) <= Decimal("1e-9")
    is_needed = any(abs(indexed(value) - true_number(value)) > Decimal("1e-9") for value in numbers.values())
    assert is_needed == (event.exact_properties != b"")


@pytest.mark.parametrize("door", DOORS)
@settings(max_examples=100)
@given(texts=st.lists(whole_texts, min_size=1, max_size=4), gap=space)
def test_a_batch_is_the_sum_of_its_events(door: str, texts: list[str], gap: str) -> None:
    dialect = DIALECTS[Door(door)]
    top = '"website_id":"top",' if door == "thebizness" else ""
    body = ("{" + top + '"events"' + gap + ":[" + ("," + gap).join(texts) + "]}").encode()
    singles: list[Any] = [outcome(door, with_website(text).encode() if top else text.encode()) for text in texts]
    refused = [index for index, single in enumerate(singles) if isinstance(single, Reason)]
    if refused and (not dialect.partial or len(refused) == len(texts)):
        with pytest.raises(Refusal) as caught:
            dialect.parse_batch(body, arrival())
        assert (caught.value.index, caught.value.reason) == (refused[0], singles[refused[0]])
        return
    batch = dialect.parse_batch(body, arrival())
    assert [index for index, _ in batch.failures] == refused
    assert [refusal.reason for _, refusal in batch.failures] == [singles[index] for index in refused]
    assert [content(event)[1:] for event in batch.events] == [content(singles[index])[1:] for index in batch.indexes]
    assert sorted([*batch.indexes, *refused]) == list(range(len(texts)))


@settings(max_examples=250)
@given(
    body=st.one_of(st.binary(max_size=60), st.text(alphabet='{}[]":,\\u0dea1-.E \x00', max_size=60).map(str.encode)),
    door=st.sampled_from(DOORS),
)
def test_any_bytes_are_an_event_or_a_refusal(body: bytes, door: str) -> None:
    outcome(door, body)
    decide_door(has_api_key_header=False, key_door=None, body=body)
    with suppress(Refusal):
        DIALECTS[Door(door)].parse_batch(body, arrival())


@settings(max_examples=250)
@given(text=events(), place=st.integers(0, 400), junk=st.binary(max_size=3), cut=st.integers(0, 3), door=st.sampled_from(DOORS))
def test_a_damaged_event_is_judged_as_the_reference_judges_it(text: str, place: int, junk: bytes, cut: int, door: str) -> None:
    good = text.encode()
    place %= len(good) + 1
    body = good[:place] + junk + good[place + cut :]
    event = outcome(door, body)
    try:
        expected = verdict(door, body.decode())
    except UnicodeDecodeError:
        expected = {Reason.INVALID_UTF8}
    assert event in expected if isinstance(event, Reason) else not expected


HOSTILE = {
    "deep arrays": b"[" * 5_000,
    "deep objects": b'{"a":' * 5_000,
    "deep closed arrays": b"[" * 5_000 + b"]" * 5_000,
    "a number of 20,000 digits": b"1" * 20_000,
    "a fraction of 20,000 digits": b"0." + b"1" * 20_000,
    "an exponent of a thousand digits": b"1e" + b"9" * 1000,
    "a negative exponent of a thousand digits": b"1e-" + b"9" * 1000,
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "half a surrogate pair": b'"\\ud800"',
    "NUL": b'"\\u0000"',
    "a raw NUL": b'"\x00"',
    "invalid UTF-8": b'"\xff\xfe"',
    "an overlong encoding": b'"\xc0\x80"',
    "an encoded surrogate": b'"\xed\xa0\x80"',
    "33 levels": b"[" * 33 + b"]" * 33,
    "a leading zero": b"01",
    "a bare point": b".5",
    "a comment": b"/* */1",
    "a duplicate": b'{"a":1,"a":1}',
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("value", [pytest.param(value, id=name) for name, value in HOSTILE.items()])
@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(b"%b", id="as the body"),
        pytest.param(
            b'{"event":"a","event_name":"a","website_id":"w","external_customer_id":"c","x":%b}', id="in an unknown field"
        ),
        pytest.param(b'{"event":"a","properties":{"p":%b}}', id="as a property of Solinth"),
        pytest.param(b'{"event_name":"a","website_id":"w","properties":{"p":%b}}', id="as a property of theBizness"),
        pytest.param(b'{"event_name":"a","external_customer_id":"c","properties":{"p":%b}}', id="as a property of Flexprice"),
        pytest.param(
            b'{"event":"a","event_name":"a","website_id":"w","external_customer_id":"c","visitor_id":%b}', id="as an id"
        ),
    ],
)
def test_a_hostile_value_is_refused_wherever_it_stands(door: str, value: bytes, frame: bytes) -> None:
    body = frame.replace(b"%b", value)
    dialect = DIALECTS[Door(door)]
    if b"fraction" in body or value.startswith((b"0.1", b"1e-")):
        outcome(door, body)
        return
    assert isinstance(outcome(door, body), Reason)
    with pytest.raises(Refusal):
        dialect.parse_batch(b'{"website_id":"w","events":[' + body + b"]}", arrival())
    with pytest.raises(Refusal):
        dialect.parse_batch(
            b'{"website_id":"w","x":' + value + b',"events":[{"event":"a","event_name":"a","external_customer_id":"c"}]}',
            arrival(),
        )


@pytest.mark.parametrize("door", DOORS)
def test_half_a_surrogate_pair_spoils_the_whole_batch(door: str) -> None:
    good = b'{"event":"a","event_name":"a","external_customer_id":"c"}'
    body = b'{"website_id":"w","events":[' + good + b',{"x":"\\udc00"},' + good + b"]}"
    with pytest.raises(Refusal) as caught:
        DIALECTS[Door(door)].parse_batch(body, arrival())
    assert (caught.value.reason, caught.value.index) == (Reason.INVALID_UTF8, 1)
