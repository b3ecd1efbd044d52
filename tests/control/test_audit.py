"""The audit log: newest first, page by page, each project its own, and no longer than it may be."""

import pytest

from streamgauge.control import Control, audit

ACTOR = ("user", "usr_1", "ada@example.com")


def test_pages_go_from_the_newest_to_the_oldest(control: Control) -> None:
    for number in range(5):
        control.audit.add("proj_1", ACTOR, "website.created", f"web_{number}")
    control.audit.add("proj_2", ACTOR, "website.created", "web_of_another")
    first = control.audit.entries(["proj_1"], 3)
    rest = control.audit.entries(["proj_1"], 3, first[-1].entry_id)
    assert [one.target for one in (*first, *rest)] == ["web_4", "web_3", "web_2", "web_1", "web_0"]
    assert len(control.audit.entries(["proj_1", "proj_2"], 10)) == 6


def test_what_is_too_long_is_cut(control: Control) -> None:
    control.audit.add("proj_1", ("user", "u" * 99, "n" * 999), "website.created", "t" * 999, "d" * 9_999)
    (one,) = control.audit.entries(["proj_1"], 10)
    assert (len(one.actor_id), len(one.actor_name), len(one.target), len(one.detail)) == (64, 320, 512, 1_000)


def test_the_oldest_give_way_in_their_own_project(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "KEPT", 7)
    monkeypatch.setattr(audit, "_TIDIED_EVERY", 10)
    control.audit.add("proj_2", ACTOR, "website.created", "old and alone")
    for number in range(19):
        control.audit.add("proj_1", ACTOR, "website.created", str(number))
    assert [one.target for one in control.audit.entries(["proj_1"], 100)] == [str(number) for number in range(18, 11, -1)]
    assert len(control.audit.entries(["proj_2"], 100)) == 1
