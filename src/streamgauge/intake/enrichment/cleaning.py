"""Texts from outside as they may be stored: bounded, and free of what could break a line or turn the direction of writing."""

import re

LONGEST_URL = 4_096
"""Characters of a URL that are looked at; what is behind them is as good as not sent."""

LONGEST_PATH = 1_024
LONGEST_HOST = 253  # the longest name that DNS carries
LONGEST_CAMPAIGN = 255  # each utm_* field
LONGEST_PLACE = 128  # region and city
LONGEST_NAME = 64  # browser and operating system

_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")


def clean(text: str, longest: int) -> str:
    """Without control characters, line separators, marks of direction and lone surrogates; without blanks around; cut."""
    if not text:
        return text
    # The cut before the search bounds the search, whatever was sent; what it removes may leave room that stays unused.
    text = text[: longest + 64]
    if not text.isprintable():
        text = _UNFIT.sub("", text)
    return text.strip()[:longest].rstrip()
