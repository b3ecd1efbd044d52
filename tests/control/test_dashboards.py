"""Dashboards in the control plane: whose they are, what a change changes, what a share token opens."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from streamgauge.control import Control, KeySpec
from streamgauge.control.dashboards import Dashboards
from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.dashboard import Dashboard, DashboardChange, DashboardSpec, Position, Widget, WidgetType
from streamgauge.kernel.refusal import Reason, Refusal

WIDGETS = (
    Widget("w_1", WidgetType.LINE, "Käufe ☃", '{"event":"a","filters":[{"value":0.1}]}', Position(0, 0, 6, 4)),
    Widget("w_2", WidgetType.METRIC, "", '{"event":"it\'s"}', Position(6, 0, 6, 4)),
)


@pytest.fixture
def dashboards(control: Control) -> Dashboards:
    return control.dashboards


@pytest.fixture
def projects(control: Control) -> list[str]:
    return [control.create_project(name).project_id for name in ("one", "two")]


def refused(action: Callable[[], object]) -> Reason:
    with pytest.raises(Refusal) as caught:
        action()
    return caught.value.reason


def test_what_is_made_comes_back_whole(dashboards: Dashboards, projects: list[str]) -> None:
    made = dashboards.create(projects[0], DashboardSpec(name="D", description="what for", widgets=WIDGETS))
    assert made.dashboard_id.startswith("dash_")
    assert made.widgets == WIDGETS
    assert made.share_token is None
    assert dashboards.get(projects[0], made.dashboard_id) == made


def test_another_control_plane_on_the_file_sees_it(dashboards: Dashboards, other: Control, projects: list[str]) -> None:
    made = dashboards.create(projects[0], DashboardSpec(name="D", widgets=WIDGETS))
    assert other.dashboards.get(projects[0], made.dashboard_id) == made


def test_pages_hold_the_newest_first(dashboards: Dashboards, projects: list[str], clock: ManualClock) -> None:
    made = []
    for number in range(5):
        made.append(dashboards.create(projects[0], DashboardSpec(name=f"D{number}")))
        clock.advance(number % 2)  # Some are made in the same millisecond.
    dashboards.create(projects[1], DashboardSpec(name="other"))
    assert dashboards.page(projects[0], 10, 0) == (made[::-1], 5)
    assert dashboards.page(projects[0], 2, 3) == (made[1::-1], 5)
    assert dashboards.page("no project", 10, 0) == ([], 0)


CHANGES: dict[str, tuple[DashboardChange, dict[str, Any]]] = {
    "nothing": (DashboardChange(), {}),
    "the name": (DashboardChange(name="E"), {"name": "E"}),
    "the description": (DashboardChange(description="new"), {"description": "new"}),
    "no description": (DashboardChange(description=None), {"description": None}),
    "the widgets": (DashboardChange(widgets=WIDGETS[1:]), {"widgets": WIDGETS[1:]}),
    "no widgets": (DashboardChange(widgets=()), {"widgets": ()}),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_changes_what_it_names_and_the_time(dashboards: Dashboards, projects: list[str], case: str) -> None:
    change, different = CHANGES[case]
    made = dashboards.create(projects[0], DashboardSpec(name="D", description="d", widgets=WIDGETS))
    changed = dashboards.update(projects[0], made.dashboard_id, change)
    expected = {**{name: getattr(made, name) for name in made.__struct_fields__}, **different}
    assert changed == Dashboard(**{**expected, "updated_at_ms": made.updated_at_ms + 1})
    assert dashboards.get(projects[0], made.dashboard_id) == changed


def test_the_time_moves_on_though_the_clock_goes_back(dashboards: Dashboards, projects: list[str], clock: ManualClock) -> None:
    made = dashboards.create(projects[0], DashboardSpec(name="D"))
    clock.advance(-60.0)
    assert dashboards.update(projects[0], made.dashboard_id, DashboardChange(name="E")).updated_at_ms > made.updated_at_ms


def test_a_change_of_what_was_changed_meanwhile_is_refused(dashboards: Dashboards, projects: list[str]) -> None:
    made = dashboards.create(projects[0], DashboardSpec(name="D"))
    seen = DashboardChange(name="first", seen_at_ms=made.updated_at_ms)
    first = dashboards.update(projects[0], made.dashboard_id, seen)
    late = replace(seen, name="second")
    assert refused(lambda: dashboards.update(projects[0], made.dashboard_id, late)) is Reason.CHANGED_MEANWHILE
    assert dashboards.get(projects[0], made.dashboard_id) == first


def test_of_many_changes_of_one_state_one_wins(dashboards: Dashboards, projects: list[str]) -> None:
    made = dashboards.create(projects[0], DashboardSpec(name="D"))

    def change(number: int) -> bool:
        try:
            dashboards.update(projects[0], made.dashboard_id, DashboardChange(name=str(number), seen_at_ms=made.updated_at_ms))
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(change, range(24))) == 1


def test_what_is_deleted_is_gone(dashboards: Dashboards, projects: list[str]) -> None:
    made = dashboards.create(projects[0], DashboardSpec(name="D", is_public=True))
    dashboards.delete(projects[0], made.dashboard_id)
    assert refused(lambda: dashboards.get(projects[0], made.dashboard_id)) is Reason.NOT_FOUND
    assert refused(lambda: dashboards.delete(projects[0], made.dashboard_id)) is Reason.NOT_FOUND
    assert refused(lambda: dashboards.shared(made.share_token or "")) is Reason.NOT_FOUND


def test_another_project_has_no_way_to_it(dashboards: Dashboards, projects: list[str]) -> None:
    made = dashboards.create(projects[0], DashboardSpec(name="D", widgets=WIDGETS))
    attempts: list[Callable[[str], object]] = [
        lambda project_id: dashboards.get(project_id, made.dashboard_id),
        lambda project_id: dashboards.update(project_id, made.dashboard_id, DashboardChange(name="mine", is_public=True)),
        lambda project_id: dashboards.delete(project_id, made.dashboard_id),
    ]
    for project_id in (projects[1], "", "%"):
        for attempt in attempts:
            assert refused(partial(attempt, project_id)) is Reason.NOT_FOUND
    assert dashboards.get(projects[0], made.dashboard_id) == made


def test_a_token_opens_its_dashboard_until_it_is_taken_back(dashboards: Dashboards, projects: list[str]) -> None:
    made = dashboards.create(projects[0], DashboardSpec(name="D"))
    own = (projects[0], made.dashboard_id)
    shared = dashboards.update(*own, DashboardChange(is_public=True))
    again = dashboards.update(*own, DashboardChange(is_public=True, name="E"))
    assert shared.share_token is not None
    assert again.share_token == shared.share_token
    assert dashboards.shared(shared.share_token) == again
    dashboards.update(*own, DashboardChange(is_public=False))
    assert refused(lambda: dashboards.shared(shared.share_token or "")) is Reason.NOT_FOUND
    assert dashboards.update(*own, DashboardChange(is_public=True)).share_token != shared.share_token


def test_tokens_are_long_and_different(dashboards: Dashboards, projects: list[str]) -> None:
    tokens = {dashboards.create(projects[0], DashboardSpec(name="D", is_public=True)).share_token for _ in range(20)}
    assert len(tokens) == 20
    assert all(token and len(token) * 6 >= 192 for token in tokens)


@pytest.mark.parametrize("token", ["", "%", "' OR '1'='1", "x" * 10_000, "None"])
def test_what_is_no_token_opens_nothing(dashboards: Dashboards, projects: list[str], token: str) -> None:
    dashboards.create(projects[0], DashboardSpec(name="D"))
    dashboards.create(projects[0], DashboardSpec(name="D", is_public=True))
    assert refused(lambda: dashboards.shared(token)) is Reason.NOT_FOUND


def test_a_change_of_a_dashboard_is_no_reason_to_read_keys_again(control: Control, projects: list[str]) -> None:
    control.create_key("one", KeySpec(plan="free"))
    before = control.directory
    control.dashboards.create(projects[0], DashboardSpec(name="D"))
    assert control.refresh() is False
    assert control.directory is before
