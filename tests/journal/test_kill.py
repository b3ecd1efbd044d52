"""kill -9 under load, several times on one folder on the real disk."""

import subprocess
import sys
from pathlib import Path

from streamgauge.journal import DiskFolder, Log, open_log

PROCESS = Path(__file__).with_name("appending_process.py")
LIVES = 5
EVERYTHING = 10**9


def killed_after(lines: int, folder: Path, life: str) -> list[str]:
    """What a process acknowledged that was killed while it had this many lines behind it."""
    command = [sys.executable, str(PROCESS), str(folder), life]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        seen = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        seen += process.stdout.readlines()
    return [line.rstrip("\n") for line in seen if line.endswith("\n")]


def payloads_by_position(log: Log) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    position = log.start
    while position < log.end:
        records = log.read(position, EVERYTHING)
        found |= {record.position: record.payload for record in records}
        position = records[-1].next_position
    return found


def test_nothing_acknowledged_is_lost_by_kill_9_under_load(tmp_path: Path) -> None:
    acknowledged: dict[int, bytes] = {}
    for life in range(LIVES):
        for line in killed_after(lines=200 + 150 * life, folder=tmp_path, life=f"life{life}"):
            position, label = line.split()
            assert int(position) not in acknowledged
            acknowledged[int(position)] = f"{label}-".encode() * 20
        log = open_log(DiskFolder(tmp_path))
        found = payloads_by_position(log)
        log.close()
        assert {position: found.get(position) for position in acknowledged} == acknowledged
        assert len(set(found.values())) == len(found), "no record is there twice"
