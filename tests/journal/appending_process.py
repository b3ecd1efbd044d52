"""Appends for ever and prints each acknowledged record: the process that test_kill.py kills."""

import asyncio
import sys
from pathlib import Path

from streamgauge.journal import DiskFolder, Journal, JournalSettings, open_journal


async def append_for_ever(journal: Journal, label: str) -> None:
    number = 0
    while True:
        payload = f"{label}-{number}-".encode() * 20
        position = await journal.append(payload)
        sys.stdout.write(f"{position} {label}-{number}\n")
        sys.stdout.flush()
        number += 1


async def run(folder: Path, life: str) -> None:
    journal = open_journal(DiskFolder(folder), JournalSettings(max_segment_bytes=64 * 1024))
    await asyncio.gather(*[append_for_ever(journal, f"{life}.{task}") for task in range(16)])


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), sys.argv[2]))
