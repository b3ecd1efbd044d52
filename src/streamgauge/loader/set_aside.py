"""Records that cannot be loaded are kept as files, one each, named by position: nothing is lost and nothing blocks.

set_aside/00000000000000001234.record holds the payload; the .reason file beside it says in a line why.
"""

import os
from pathlib import Path

from streamgauge.kernel.refusal import Reason


def set_aside(folder: Path, position: int, payload: bytes, why: str) -> Path:
    """Copies the payload into the folder, durably. Doing it again changes nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{position:020d}"
    _write_durably(folder / f"{name}.reason", f"{Reason.UNREADABLE_RECORD}: {why}\n".encode())
    record = folder / f"{name}.record"
    _write_durably(record, payload)
    _sync_folder(folder)
    return record


def _write_durably(path: Path, content: bytes) -> None:
    """Whole or not at all: written under another name, then renamed."""
    draft = path.with_suffix(path.suffix + ".part")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
