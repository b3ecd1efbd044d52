"""Patterns: plain texts and regular expressions are found alike."""

import pytest

from streamgauge.intake.enrichment.bots import LISTED
from streamgauge.intake.enrichment.patterns import Patterns, plain_text


@pytest.mark.parametrize(
    ("pattern", "plain"),
    [
        ("Googlebot", "Googlebot"),
        (r"Googlebot\/", "Googlebot/"),
        (r"a\.b\(c\)", "a.b(c)"),
        ("with blank", "with blank"),
        ("a.b", ""),
        ("^curl", ""),
        ("[wW]get", ""),
        ("a|b", ""),
        (r"\bcurl", ""),
        (r"a\d", ""),
        (r"a\\d", "a\\d"),
        ("a\0b", ""),
        ("", ""),
    ],
)
def test_plain_texts_are_told_from_expressions(pattern: str, plain: str) -> None:
    assert plain_text(pattern) == plain


def test_either_kind_is_found() -> None:
    patterns = Patterns(["needle", r"\d+ pins", r"a\.b"])
    for text in ("a needle.", "12 pins", "xa.bx"):
        assert patterns.found_in(text)
    for text in ("", "Needle", "pins", "axb"):
        assert not patterns.found_in(text)


def test_nothing_to_look_for_is_never_found() -> None:
    assert not Patterns([]).found_in("anything")


def test_most_of_the_list_is_plain() -> None:
    assert sum(plain_text(pattern) != "" for pattern in LISTED) > 0.9 * len(LISTED)
