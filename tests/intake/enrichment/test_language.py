"""Languages: the first tag that stands there, or none."""

import pytest

from streamgauge.intake.enrichment.language import tag_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "de-de"),
        ("en", "en"),
        ("en_GB", "en-gb"),
        ("zh-Hant-TW;q=1", "zh-hant-tw"),
        (" fr , en", "fr"),
        ("*", ""),
        ("", ""),
        ("english please", ""),
        ("en\r\nx: y", ""),
        ("e" * 1000, ""),
    ],
)
def test_the_first_tag(text: str, expected: str) -> None:
    assert tag_of(text) == expected
