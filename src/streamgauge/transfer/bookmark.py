"""How far an import has come, kept on disk: data/imports/<digest>.json, one small file for each import.

The digest is of the file's content, the project and the plan. A bookmark is written after the rows before it are durable, so an
import that is killed at any moment goes on at or before the row at which it was; rows that are sent again have the ids that
they had, and the loader drops them.
"""

import os
from pathlib import Path

import msgspec


class Bookmark(msgspec.Struct, frozen=True):
    """rows: all rows up to this number are dealt with. taken, bad: how many of them were events, and were not.

    checked: every row of the file was found good. finished: nothing is left to do.
    """

    file: str
    project: str
    rows: int = 0
    taken: int = 0
    bad: int = 0
    checked: bool = False
    finished: bool = False


class BookmarkFile:
    """Where the bookmark of one import is kept. Writing raises OSError."""

    def __init__(self, folder: Path, digest: str) -> None:
        self._path = folder / f"{digest}.json"

    def read(self) -> Bookmark | None:
        """None when there is none, or none that can be read: the import then begins anew, which changes nothing."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Bookmark)
        except (OSError, msgspec.DecodeError):
            return None

    def write(self, bookmark: Bookmark) -> None:
        """Replaces the file as a whole."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._path.with_suffix(".draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(bookmark))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
