"""Step: country, region and city of the visitor's address.

    the file that `geo_database` names (MaxMind DB format)  country, region, city
    what the file does not know, or no file                 country, by the registries' allocations (iptocc)

A server's event may tell them itself: its properties country, region and city are taken first. Addresses outside the public
internet have no place. The file is copied into the data folder, the copy mapped and its name removed at once: so the file may be
overwritten in place without harm, and lookups cost microseconds. A change of the file is taken up by `refresh`.
"""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import maxminddb
from iptocc import country_code
from maxminddb import InvalidDatabaseError, Reader

from streamgauge.intake.enrichment.address import parse_address
from streamgauge.intake.enrichment.cleaning import LONGEST_PLACE, clean
from streamgauge.intake.enrichment.clues import Clues, Draft, text_of

_LANGUAGE = "en"
_COPY = "geo-database.copy"


class UnusableGeoDatabase(Exception):
    """The file that geo_database names cannot be read as a MaxMind DB. str: one line that says which and why."""


class Place(NamedTuple):
    country: str = ""
    region: str = ""
    city: str = ""


NOWHERE = Place()


class Places:
    """Looks addresses up. Used by the event loop; `refresh` by any one thread at a time."""

    def __init__(self, database: Path | None = None, scratch: Path | None = None) -> None:
        """scratch: the folder for the copy; that of the file when None. Raises UnusableGeoDatabase."""
        self._database = database
        self._scratch = scratch
        self._stamp: tuple[int, int, int] | None = None
        self._reader: Reader | None = None
        self.refresh()

    def refresh(self) -> bool:
        """Open the file again when it has changed; returns whether it did.

        Raises UnusableGeoDatabase; what was open before stays in use, and the next call tries again.
        """
        if self._database is None:
            return False
        try:
            stamp = _stamp_of(self._database)
            if stamp == self._stamp:
                return False
            self._reader = _open_copy(self._database, self._scratch or self._database.parent)
        except (OSError, InvalidDatabaseError, ValueError) as exc:
            reason = exc.strerror or str(exc) if isinstance(exc, OSError) else "it is not in MaxMind DB format"
            raise UnusableGeoDatabase(f"geo_database ({self._database}) cannot be used: {reason}") from exc
        self._stamp = stamp
        return True

    def put_place(self, clues: Clues, draft: Draft) -> None:
        place = _told_place(clues)
        if not place.country and clues.address:
            place = self.find(clues.address)
        draft.country, draft.region, draft.city = place

    def find(self, address: str) -> Place:
        """The place of an address in its usual spelling; of anything else NOWHERE."""
        place = NOWHERE if self._reader is None else _find_in(self._reader, address)
        # The registries have allocated no address that is not of the public internet.
        return place if place.country else place._replace(country=country_code(address) or "")


def _find_in(reader: Reader, address: str) -> Place:
    found = parse_address(address)
    if found is None or not found.is_global or found.is_multicast:
        return NOWHERE
    try:
        return _place_of(reader.get(found))
    except (InvalidDatabaseError, ValueError):
        return NOWHERE  # a damaged record, or an IPv6 address and a file of IPv4 only


def _stamp_of(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _open_copy(path: Path, scratch: Path) -> Reader:
    copy = scratch / _COPY
    copy.unlink(missing_ok=True)  # left by a process that was killed
    with path.open("rb") as source:
        descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as target:
                shutil.copyfileobj(source, target)
            return maxminddb.open_database(copy)
        finally:
            copy.unlink()


def _told_place(clues: Clues) -> Place:
    """What a server says; a browser is not asked, since anyone can send what he likes from one."""
    if clues.from_browser:
        return NOWHERE
    told = clues.told
    country = _country(told.country)
    return (
        Place(country, clean(text_of(told.region), LONGEST_PLACE), clean(text_of(told.city), LONGEST_PLACE))
        if country
        else NOWHERE
    )


def _place_of(record: object) -> Place:
    """Of MaxMind's own layout (and DB-IP's), or of a flat one: country or country_code, region, city as texts."""
    if not isinstance(record, dict):
        return NOWHERE
    country = _country(record.get("country_code"))
    for name in ("country", "registered_country"):
        found = record.get(name)
        country = country or _country(found.get("iso_code") if isinstance(found, dict) else found)
    city = record.get("city")
    return Place(country, _region_of(record, country), _text(_name(city) if isinstance(city, dict) else city))


def _region_of(record: dict[str, object], country: str) -> str:
    subdivisions = record.get("subdivisions")
    first = subdivisions[0] if isinstance(subdivisions, list) and subdivisions else None
    if not isinstance(first, dict):
        return _text(record.get("region"))
    code = first.get("iso_code")
    return _text(f"{country}-{code}" if country and isinstance(code, str) and code else _name(first))


def _name(found: dict[str, object]) -> object:
    names = found.get("names")
    return names.get(_LANGUAGE) if isinstance(names, dict) else None


def _text(value: object) -> str:
    return clean(text_of(value), LONGEST_PLACE)


def _country(value: object) -> str:
    text = text_of(value)
    return text.upper() if len(text) == 2 and text.isascii() and text.isalpha() else ""
