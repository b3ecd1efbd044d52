"""Any conversion event that can be sent is kept and given back as it was meant: door, database, another process, door."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamgauge.control import Control, WebsiteSpec
from streamgauge.kernel.clock import ManualClock
from streamgauge.wire.numbers import number_text
from streamgauge.wire.thebizness.conversion_events import parse_new_conversion_event, render_conversion_event

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
NAME = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=30)
NUMBER = st.decimals(min_value=-(10**20), max_value=10**20, places=9)
SCALAR = st.one_of(TEXT, NUMBER, st.integers(-(10**27), 10**27), st.booleans())
VALUE = st.one_of(SCALAR, st.lists(SCALAR, min_size=1, max_size=5))
CONDITION = st.fixed_dictionaries(
    {"property": TEXT.filter(bool), "operator": st.sampled_from(["is", "is_not", "contains"]), "value": VALUE}
)
PATHS = st.lists(TEXT.map(lambda text: "/" + text.replace("?", "").replace("#", "")), min_size=1, max_size=3)
PAGE = st.fixed_dictionaries({"operator": st.sampled_from(["is", "is_not"]), "value": PATHS})
WORTH = st.one_of(st.none(), st.decimals(min_value=0, max_value=10**20, places=9))
COMMON = {"name": NAME, "conditions": st.lists(CONDITION, max_size=5), "value": WORTH, "is_active": st.booleans()}
SENT = st.one_of(
    st.fixed_dictionaries({**COMMON, "event_name": NAME}),
    st.fixed_dictionaries({**COMMON, "page": PAGE}),
)


def as_json(node: Any) -> str:
    """JSON with every digit of a Decimal."""
    if isinstance(node, Decimal):
        return format(node, "f")
    if isinstance(node, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{as_json(value)}" for key, value in node.items()) + "}"
    if isinstance(node, list):
        return "[" + ",".join(as_json(value) for value in node) + "]"
    return json.dumps(node)


def as_shown(value: Any) -> Any:
    """A compared value as text, alone when it is one."""
    if isinstance(value, list):
        return as_shown(value[0]) if len(value) == 1 else [as_shown(one) for one in value]
    if isinstance(value, bool):
        return str(value).lower()
    return number_text(value) if isinstance(value, int | Decimal) else value


class Processes(NamedTuple):
    """Two control planes on one file, and the project of the website "w"."""

    here: Control
    there: Control
    project_id: str


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    path = tmp_path_factory.mktemp("round-trip") / "control.db"
    here, there = (Control.open(path, {}, ManualClock(0)) for _ in range(2))
    site = here.create_website("shop", WebsiteSpec(domain="a.example", website_id="w", currency="CHF"))
    yield Processes(here, there, site.project_id)
    here.close()
    there.close()


@settings(max_examples=60, deadline=None)
@given(st.lists(SENT, min_size=1, max_size=3))
def test_what_is_sent_is_kept_and_given_back(processes: Processes, bodies: list[dict[str, Any]]) -> None:
    here, there, project_id = processes
    for body in bodies:
        here.create_conversion_event(project_id, "w", parse_new_conversion_event(as_json(body).encode(), "w"))
    there.refresh()
    kept = there.conversion_events("w")
    for one in kept:
        here.delete_conversion_event(project_id, "w", one.conversion_event_id)
    assert len(kept) == len(bodies)
    for body, one in zip(bodies, kept, strict=True):
        shown = json.loads(render_conversion_event(one), parse_float=Decimal)["conversion_event"]
        page = body.get("page")
        assert shown["page"] == (page and {"operator": page["operator"], "value": as_shown(page["value"])})
        assert shown["event_name"] == body.get("event_name", "page_view")
        assert shown["conditions"] == [{**one, "value": as_shown(one["value"])} for one in body["conditions"]]
        assert (shown["name"], shown["value"], shown["is_active"]) == (body["name"], body["value"], body["is_active"])
        assert shown["currency"] == "CHF"
