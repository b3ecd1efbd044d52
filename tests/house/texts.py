"""Rules about the words in files that git keeps, and about documents and code saying the same."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

Texts = Iterable[tuple[str, str]]

# One letter of each word stands in brackets, so that this file does not break its own rules.
_UNFINISHED = re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b")
_FOREIGN: Mapping[str, re.Pattern[str]] = {
    "a path of one machine": re.compile(r"(?<![\w.])/(?:wor[k]|roo[t]|home/[a-z]+|Users/[A-Za-z]+)/"),
    "the host of a package registry": re.compile(
        r"py[p]i\.org|python[h]osted|npm[j]s\.|deb\.[d]ebian|proxy\.[g]olang|crates\.[i]o|maven\.[o]rg|--(?:extra-)?index-ur[l]"
    ),
    "a secret": re.compile(r"\bsk_(?:live|test)_[A-Za-z0-9]{20,}|-----BEGI[N] [A-Z ]*PRIVATE"),
}


def unfinished_marks(texts: Texts) -> list[str]:
    """Notes to oneself that were left in the tree."""
    return [f"{name}:{line}: {text.strip()}" for name, line, text in _lines(texts) if _UNFINISHED.search(text)]


def foreign_matter(texts: Texts) -> list[str]:
    """Paths, hosts and secrets of one person's machine."""
    return [
        f"{name}:{line}: {what}"
        for name, line, text in _lines(texts)
        for what, pattern in _FOREIGN.items()
        if pattern.search(text)
    ]


def _lines(texts: Texts) -> Iterable[tuple[str, int, str]]:
    return ((name, number, line) for name, text in texts for number, line in enumerate(text.splitlines(), start=1))


def missing_rows(names: Iterable[str], document: str) -> list[str]:
    """Names that have no row of their own in any table of the document: `| `name` | ...`."""
    rows = set(re.findall(r"^\|\s*`([^`]+)`\s*\|", document, re.MULTILINE))
    return [f"{name}: has no row" for name in names if name not in rows]


def commands_of(command: click.Command, name: str) -> Iterable[str]:
    """Every command that can be typed, in full: "streamgauge keys create"."""
    if isinstance(command, click.Group):
        for child_name, child in sorted(command.commands.items()):
            yield from commands_of(child, f"{name} {child_name}")
    else:
        yield name


def unmentioned(names: Iterable[str], document: str) -> list[str]:
    return [f"{name}: is not mentioned" for name in names if not re.search(rf"{re.escape(name)}(?![\w-])", document)]


def version_faults(pyproject: str, package_version: str, changelog: str) -> list[str]:
    """The version is said in three places; all must agree."""
    stated = tomllib.loads(pyproject)["project"]["version"]
    newest = re.search(r"^## (\S+)", changelog, re.MULTILINE)
    found = {"the package": package_version, "CHANGELOG.md": newest.group(1) if newest else "none"}
    return [f"pyproject.toml says {stated}, {place} says {version}" for place, version in found.items() if version != stated]


def unpinned(installed: Mapping[str, str], constraints: str) -> list[str]:
    """Installed packages that the constraints do not hold at exactly their version."""
    pins = dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)$", constraints, re.MULTILINE))
    pinned = {_normal(name): version for name, version in pins.items()}
    return [
        f"{name}: {version} is installed, {pinned.get(_normal(name), 'nothing')} is pinned"
        for name, version in sorted(installed.items())
        if pinned.get(_normal(name)) != version
    ]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def broken_links(root: Path, texts: Texts) -> list[str]:
    """Links of Markdown files to files of the tree that are not there."""
    complaints = []
    for name, text in texts:
        if not name.endswith(".md"):
            continue
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
            path = target.split("#")[0]
            if path and "://" not in path and not path.startswith("mailto:") and not ((root / name).parent / path).exists():
                complaints.append(f"{name}: links to {target}, which is not there")
    return complaints
