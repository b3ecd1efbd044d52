"""kill -9 of an import, again and again, beside a server and without one: each row counts once."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.flows.running import COMMAND, RunningServer

ROWS = 60_000
KILLS = 3


def _file(folder: Path) -> Path:
    """Half of the rows bring an id."""
    path = folder / "rows.csv"
    with path.open("w") as file:
        file.write("event_name,timestamp,event_id,customer_id,n\n")
        for n in range(ROWS):
            file.write(f"api,2024-01-15T10:30:00Z,{f'id-{n}' if n % 2 else ''},c{n % 7},{n}\n")
    return path


def _kill_after(command: list[str], journal: Path, grown: Callable[[int], bool]) -> bool:
    """Runs the command and kills it once the journal has grown; False when it was done before."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        if grown(sum(file.stat().st_size for file in journal.glob("*.journal")) if journal.is_dir() else 0):
            process.kill()
            process.wait()
            return True
        time.sleep(0.002)  # between two looks at the folder
    assert process.returncode == 0
    return False


def _import_with_kills(server: RunningServer, path: Path) -> int:
    """Kills, then an import that is left alone; the number of kills that fell into one."""
    command = [*COMMAND, "import", str(path), "--project", "p", "--data-dir", str(server.data_dir)]
    journal = server.data_dir / "journal"
    killed = 0
    for _ in range(KILLS):
        start = sum(file.stat().st_size for file in journal.glob("*.journal")) if journal.is_dir() else 0
        killed += _kill_after(command, journal, lambda size, start=start: size > start + 1_500_000)  # type: ignore[misc] # a lambda with a default
    server.command("import", str(path), "--project", "p")
    return killed


def _assert_each_once(server: RunningServer, folder: Path) -> None:
    out = folder / "out.parquet"
    server.command("export", "events", "--project", "p", "--out", str(out))
    found = (
        duckdb.connect()
        .execute(f"SELECT count(*), count(DISTINCT event_id), sum((properties->>'n')::BIGINT) FROM '{out}'")
        .fetchone()
    )
    assert found == (ROWS, ROWS, ROWS * (ROWS - 1) // 2)


@pytest.mark.timeout(180)
def test_an_import_on_its_own_survives_kill_9(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data")
    server.command("projects", "create", "p")
    assert _import_with_kills(server, _file(tmp_path)) >= 1
    _assert_each_once(server, tmp_path)
    assert "WRONG" not in server.command("verify")


@pytest.mark.timeout(180)
def test_an_import_beside_a_server_survives_kill_9_of_either(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data")
    server.command("projects", "create", "p")
    path = _file(tmp_path)
    server.start()
    try:
        command = [*COMMAND, "import", str(path), "--project", "p", "--data-dir", str(server.data_dir)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while server.metric("streamgauge_journal_backlog_bytes") + server.metric("streamgauge_events_stored_total") == 0:
            assert time.monotonic() < deadline
        server.kill()
        _, said = process.communicate(timeout=60)
        if process.returncode:
            assert "Run the same command again" in said
        server.start()
        assert _import_with_kills(server, path) >= 0
        _assert_each_once(server, tmp_path)
        assert "imported already" in server.command("import", str(path), "--project", "p")
        assert "WRONG" not in server.command("verify")
    finally:
        server.stop()
