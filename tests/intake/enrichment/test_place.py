"""Places: from the file, from the registries, from a server's own word; files that are missing, damaged or replaced."""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streamgauge.intake.enrichment.clues import Draft, clues_of
from streamgauge.intake.enrichment.place import NOWHERE, Place, Places, UnusableGeoDatabase
from streamgauge.intake.enrichment.sender import SERVER, Sender, SenderKind
from streamgauge.kernel.event import Event
from streamgauge.kernel.website import Website
from tests.intake.enrichment.geo_files import FRANKFURT, write_geo_file

SITE = Website("w", "shop", "example.com")
NOT_PUBLIC = (
    "127.0.0.1 10.0.0.1 172.16.0.1 192.168.1.1 169.254.1.1 100.64.0.1 0.0.0.0 255.255.255.255 192.0.2.1 198.51.100.1 203.0.113.1 "
    "224.0.0.1 240.0.0.1 ::1 :: fe80::1 fd00::1 2001:db8::1 ff02::1 nonsense"
)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param(FRANKFURT, Place("DE", "DE-HE", "Frankfurt am Main"), id="MaxMind's layout"),
        pytest.param({"country": {"iso_code": "DE"}}, Place("DE"), id="countries only"),
        pytest.param({"registered_country": {"iso_code": "FR"}}, Place("FR"), id="where it is registered, when no more is known"),
        pytest.param(
            {"country": {"iso_code": "DE"}, "subdivisions": [{"names": {"en": "Hesse"}}]},
            Place("DE", "Hesse"),
            id="a region's name",
        ),
        pytest.param({"country_code": "de", "region": "Hesse", "city": "Bonn"}, Place("DE", "Hesse", "Bonn"), id="a flat layout"),
        pytest.param({"country": "DE"}, Place("DE"), id="a flat country"),
        pytest.param({"country": {"iso_code": "Germany"}, "city": {}, "subdivisions": [5]}, Place("US"), id="of an odd shape"),
        pytest.param(
            {"city": {"names": {"en": "a\u0000" + "b" * 500}}}, Place("US", "", "a" + "b" * 127), id="a long name with a NUL"
        ),
        pytest.param("text", Place("US"), id="no record at all: the registries' word"),
    ],
)
def test_records_of_a_file(tmp_path: Path, record: Any, expected: Place) -> None:
    places = Places(write_geo_file(tmp_path / "geo.mmdb", {"8.8.8.0/24": record}), tmp_path)
    assert places.find("8.8.8.8") == expected


def test_what_the_file_does_not_hold_the_registries_tell(tmp_path: Path) -> None:
    places = Places(write_geo_file(tmp_path / "geo.mmdb", {"8.8.8.0/24": FRANKFURT}), tmp_path)
    assert places.find("193.0.6.139") == Place("NL")
    assert places.find("2001:67c:2e8::1") == Place("NL")


def test_a_file_of_ipv4_only_is_asked_for_no_ipv6_address(tmp_path: Path) -> None:
    places = Places(write_geo_file(tmp_path / "geo.mmdb", {"8.8.8.0/24": FRANKFURT}, ip_version=4), tmp_path)
    assert places.find("8.8.8.8").city == "Frankfurt am Main"
    assert places.find("2001:67c:2e8::1") == Place("NL")


@pytest.mark.parametrize("address", NOT_PUBLIC.split(" "))
@pytest.mark.parametrize("with_file", [True, False])
def test_addresses_outside_the_public_internet_have_no_place(tmp_path: Path, address: str, with_file: bool) -> None:
    everywhere = {"0.0.0.0/1": FRANKFURT, "128.0.0.0/1": FRANKFURT, "2000::/3": FRANKFURT, "8000::/1": FRANKFURT}
    database = write_geo_file(tmp_path / "geo.mmdb", everywhere) if with_file else None
    assert Places(database, tmp_path).find(address) == NOWHERE


def place_of(properties: dict[str, object], sender: Sender = SERVER) -> tuple[str, str, str]:
    draft = Draft("", 0)
    event = Event("e", "page_view", 0, properties=msgspec.json.encode(properties))
    Places().put_place(clues_of(event, SITE, sender), draft)
    return draft.country, draft.region, draft.city


def test_a_server_may_tell_the_place_or_the_address() -> None:
    assert place_of({"country": "fr", "region": "FR-IDF", "city": "Paris", "ip": "8.8.8.8"}) == ("FR", "FR-IDF", "Paris")
    assert place_of({"country": "France", "ip": "8.8.8.8"}) == ("US", "", "")
    assert place_of({"ip": " [2001:67c:2e8::1] "}) == ("NL", "", "")
    assert place_of({"city": "Paris"}) == ("", "", "")
    assert place_of({"ip": "nonsense"}) == place_of({"ip": 5}) == place_of({}) == ("", "", "")


def test_a_browser_is_not_asked() -> None:
    browser = Sender(SenderKind.BROWSER, "8.8.8.8")
    assert place_of({"country": "FR", "city": "Paris", "ip": "193.0.6.139"}, browser) == ("US", "", "")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(None, "No such file or directory", id="missing"),
        pytest.param(b"", "MaxMind DB", id="empty"),
        pytest.param(b"no database" * 100, "MaxMind DB", id="something else"),
    ],
)
def test_an_unusable_file_is_named_in_one_line(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "geo.mmdb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnusableGeoDatabase) as caught:
        Places(path, tmp_path)
    assert str(caught.value).startswith(f"geo_database ({path}) cannot be used: ")
    assert "\n" not in str(caught.value)
    assert reason in str(caught.value)
    assert [child for child in tmp_path.iterdir() if child != path] == []


def test_a_changed_file_is_taken_up_and_a_bad_one_is_not(tmp_path: Path) -> None:
    path = write_geo_file(tmp_path / "geo.mmdb", {"8.8.8.0/24": FRANKFURT})
    places = Places(path, tmp_path)
    assert not places.refresh()
    path.write_bytes(b"half a file")
    with pytest.raises(UnusableGeoDatabase):
        places.refresh()
    assert places.find("8.8.8.8").city == "Frankfurt am Main"
    write_geo_file(path, {"8.8.8.0/24": {"country": {"iso_code": "CH"}}})
    assert places.refresh()
    assert places.find("8.8.8.8") == Place("CH")
    path.unlink()
    with pytest.raises(UnusableGeoDatabase):
        places.refresh()
    assert places.find("8.8.8.8") == Place("CH")


def test_a_copy_left_by_a_killed_process_is_in_nobody_s_way(tmp_path: Path) -> None:
    path = write_geo_file(tmp_path / "geo.mmdb", {"8.8.8.0/24": FRANKFURT})
    (tmp_path / "geo-database.copy").write_bytes(b"half a copy")
    assert Places(path, tmp_path).find("8.8.8.8").city == "Frankfurt am Main"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_cut_short_in_place_harms_nothing(tmp_path: Path) -> None:
    path = write_geo_file(tmp_path / "geo.mmdb", {"8.8.8.0/24": FRANKFURT})
    places = Places(path, tmp_path)
    os.truncate(path, 0)
    assert places.find("8.8.8.8").city == "Frankfurt am Main"
    assert [child for child in tmp_path.iterdir() if child != path] == []
