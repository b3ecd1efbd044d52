"""docs/enrichment.md names what there is: every property that is read, field, bound, channel and device."""

import re
from pathlib import Path

import pytest

from streamgauge.intake.enrichment.channels import RULES, Channel
from streamgauge.intake.enrichment.clues import LONGEST_USER_AGENT, Told
from streamgauge.intake.enrichment.device import CACHED, DEVICES
from streamgauge.kernel.website import WebContext
from tests.intake.enrichment.test_hostile import BOUNDS

DOCUMENT = (Path(__file__).parents[3] / "docs" / "enrichment.md").read_text()


def section(title: str) -> str:
    return DOCUMENT.split(f"## {title}\n")[1].split("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    """The rows of a section's table, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_property_that_is_read() -> None:
    assert {name for row in rows("Properties that are read") for name in names(row[0])} == set(Told.__struct_fields__)


def test_every_field_and_its_bound() -> None:
    stated = {name: int(row[1]) for row in rows("Fields") for name in names(row[0])}
    assert list(stated) == list(WebContext.__struct_fields__)
    assert stated == BOUNDS


def test_every_device() -> None:
    (devices,) = [names(row[2]) for row in rows("Fields") if row[0] == "`device`"]
    assert tuple(devices) == DEVICES


def test_every_channel_in_the_order_of_its_first_rule() -> None:
    assert [name for row in rows("Channels") for name in names(row[0])] == list(dict.fromkeys(channel for channel, _ in RULES))
    assert {name for row in rows("Channels") for name in names(row[0])} == set(Channel)


@pytest.mark.parametrize("figure", [f"{CACHED:,}", str(LONGEST_USER_AGENT)])
def test_limits(figure: str) -> None:
    assert figure in section("Cost")
