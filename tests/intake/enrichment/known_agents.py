"""User-Agents that others have collected and judged, from the packages that ship them. A missing set is an error, never a skip.

crawler-user-agents: `instances` of each crawler. device-detector: the fixtures of Matomo's Device Detector, bots in bots.yml, and
devices of people with what they are in all other files.
"""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import yaml_rs
from crawleruseragents import CRAWLER_USER_AGENTS_DATA


class Judged(NamedTuple):
    """A User-Agent of a person's browser. device: the fixture's own word."""

    user_agent: str
    device: str


def listed_crawlers() -> list[str]:
    return [user_agent for entry in CRAWLER_USER_AGENTS_DATA for user_agent in entry.get("instances", ())]


def detected_bots() -> list[str]:
    return [entry["user_agent"] for entry in _entries(_fixtures() / "bots.yml")]


@cache
def browsers() -> list[Judged]:
    """All that the fixtures call browsers; media players, libraries, feed readers and apps are left out."""
    found = []
    for path in sorted(_fixtures().glob("*.yml")):
        if path.name == "bots.yml":
            continue
        for entry in _entries(path):
            client = entry.get("client")
            if isinstance(client, dict) and client.get("type") == "browser":
                found.append(Judged(entry["user_agent"], entry["device"].get("type") or ""))
    return found


def _entries(path: Path) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], yaml_rs.loads(path.read_text()))


def _fixtures() -> Path:
    spec = importlib.util.find_spec("device_detector")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("device_detector ships the fixtures; it is one of the development packages")
    return Path(spec.submodule_search_locations[0]) / "tests" / "fixtures" / "upstream"
