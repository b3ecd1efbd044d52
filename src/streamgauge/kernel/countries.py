"""The countries that ISO 3166 lists, as the time zone database that is installed with us has them."""

from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=1)
def country_codes() -> frozenset[str]:
    """Two capital letters each. From iso3166.tab of the package tzdata: a code, a tab, the name; # begins a comment."""
    table = resources.files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text("utf-8")
    return frozenset(line.partition("\t")[0] for line in table.splitlines() if not line.startswith("#"))
