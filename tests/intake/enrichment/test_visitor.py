"""Visitors: who counts as the same, and when the salts that decide it are gone."""

import json
import stat
from pathlib import Path

import msgspec
import pytest

from streamgauge.intake.enrichment.clues import Draft, clues_of
from streamgauge.intake.enrichment.sender import SERVER, Sender, SenderKind
from streamgauge.intake.enrichment.visitor import DAY_MS, GRACE_MS, Salts, Visitors
from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.event import Event
from streamgauge.kernel.website import Identity, Website

SITE = Website("w", "shop", "example.com")
NOON_MS = 20_000 * DAY_MS + DAY_MS // 2
MIDNIGHT_MS = 20_001 * DAY_MS
BROWSER = Sender(SenderKind.BROWSER, "203.0.113.9", "Mozilla/5.0 (X11; Linux x86_64)")


class Door:
    """Visitors and their salts at a clock that moves when told."""

    def __init__(self, folder: Path, now_ms: int = NOON_MS) -> None:
        self.path = folder / "visitor-salts.json"
        self.clock = ManualClock(now_ms)
        self.salts = Salts(self.path, self.clock)

    def visitor(
        self, sender: Sender = BROWSER, website: Website = SITE, happened_ms: int | None = None, visitor_id: str = ""
    ) -> str:
        happened_ms = self.clock.now_ms() if happened_ms is None else happened_ms
        draft = Draft(visitor_id, 0)
        Visitors(self.salts).put_visitor(
            clues_of(Event("e", "page_view", happened_ms, visitor_id=visitor_id), website, sender), draft
        )
        return draft.visitor_id

    def move_to(self, now_ms: int) -> None:
        self.clock.advance((now_ms - self.clock.now_ms()) / 1000)
        self.salts.tend()

    def days_on_disk(self) -> list[int]:
        return [int(day) for day in json.loads(self.path.read_text())]


def test_the_same_browser_is_the_same_visitor_all_day(tmp_path: Path) -> None:
    door = Door(tmp_path)
    first = door.visitor()
    door.move_to(MIDNIGHT_MS - 1)
    assert door.visitor() == first
    assert len(first) == 32
    assert int(first, 16)


@pytest.mark.parametrize(
    ("sender", "website"),
    [
        pytest.param(msgspec.structs.replace(BROWSER, address="203.0.113.10"), SITE, id="another address"),
        pytest.param(msgspec.structs.replace(BROWSER, user_agent="Mozilla/5.0 (Windows NT 10.0)"), SITE, id="another browser"),
        pytest.param(BROWSER, msgspec.structs.replace(SITE, website_id="w2"), id="another website"),
        pytest.param(
            msgspec.structs.replace(BROWSER, address="203.0.113.9M", user_agent=BROWSER.user_agent[1:]), SITE, id="no glueing"
        ),
    ],
)
def test_other_visitors_have_other_ids(tmp_path: Path, sender: Sender, website: Website) -> None:
    door = Door(tmp_path)
    assert door.visitor(sender, website) != door.visitor()


def test_nobody_is_followed_over_midnight(tmp_path: Path) -> None:
    door = Door(tmp_path)
    yesterday = door.visitor()
    door.move_to(MIDNIGHT_MS)
    assert door.visitor() != yesterday


def test_within_the_grace_a_late_event_gets_the_id_of_its_day(tmp_path: Path) -> None:
    door = Door(tmp_path)
    yesterday = door.visitor()
    door.move_to(MIDNIGHT_MS + GRACE_MS - 1)
    assert door.visitor(happened_ms=MIDNIGHT_MS - 1) == yesterday
    assert door.days_on_disk() == [20_000, 20_001]
    today = door.visitor()
    door.move_to(MIDNIGHT_MS + GRACE_MS)
    assert door.visitor(happened_ms=MIDNIGHT_MS - 1) == today
    assert door.days_on_disk() == [20_001]


def test_events_of_other_days_get_the_id_of_the_day_on_which_they_come(tmp_path: Path) -> None:
    door = Door(tmp_path)
    today = door.visitor()
    assert door.visitor(happened_ms=NOON_MS - 3 * DAY_MS) == door.visitor(happened_ms=NOON_MS + DAY_MS) == today


def test_the_day_begins_without_being_tended(tmp_path: Path) -> None:
    door = Door(tmp_path)
    yesterday = door.visitor()
    door.clock.advance(DAY_MS / 1000)
    today = door.visitor()
    assert today != yesterday
    door.salts.tend()
    assert door.visitor() == today
    assert door.days_on_disk() == [20_001]


def test_a_restart_keeps_the_day_s_visitors(tmp_path: Path) -> None:
    before = Door(tmp_path).visitor()
    assert Door(tmp_path).visitor() == before


def test_a_restart_on_another_day_deletes_what_is_no_longer_needed(tmp_path: Path) -> None:
    Door(tmp_path)
    later = Door(tmp_path, NOON_MS + 3 * DAY_MS)
    assert later.days_on_disk() == [20_003]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"x": 1}', '{"20000": "zz"}', '{"20000": "00ff"}', "\x00"])
def test_a_damaged_file_begins_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / "visitor-salts.json").write_text(content)
    assert Door(tmp_path).days_on_disk() == [20_000]


def test_the_file_is_private(tmp_path: Path) -> None:
    assert stat.S_IMODE(Door(tmp_path).path.stat().st_mode) == 0o600


def test_when_the_file_cannot_be_written_ids_stay_the_same_and_it_is_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    door = Door(folder)
    door.path.unlink()
    folder.rmdir()
    door.clock.advance(DAY_MS / 1000)
    with pytest.raises(FileNotFoundError):
        door.salts.tend()
    today = door.visitor()
    folder.mkdir()
    door.salts.tend()
    assert door.days_on_disk() == [20_001]
    assert door.visitor() == today


def test_salts_are_random(tmp_path: Path) -> None:
    ids = set()
    for name in "abc":
        (tmp_path / name).mkdir()
        ids.add(Door(tmp_path / name).visitor())
    assert len(ids) == 3


def test_in_cookie_mode_the_tracker_s_id_counts_and_else_the_daily_one(tmp_path: Path) -> None:
    door = Door(tmp_path)
    cookies = msgspec.structs.replace(SITE, identity=Identity.COOKIE)
    assert door.visitor(website=cookies, visitor_id="from-the-cookie") == "from-the-cookie"
    assert door.visitor(website=cookies) == door.visitor()


def test_in_daily_mode_what_the_tracker_sends_does_not_count(tmp_path: Path) -> None:
    door = Door(tmp_path)
    assert door.visitor(visitor_id="forged") == door.visitor()


def test_a_server_s_visitor_is_as_sent(tmp_path: Path) -> None:
    door = Door(tmp_path)
    assert door.visitor(SERVER, visitor_id="user-1") == "user-1"
    assert door.visitor(SERVER) == ""


def test_without_an_address_there_is_no_daily_id(tmp_path: Path) -> None:
    assert Door(tmp_path).visitor(msgspec.structs.replace(BROWSER, address="")) == ""
