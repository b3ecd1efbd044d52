"""serve and verify with the real parts: what cannot start says why in one line, and a folder at rest can be checked."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Commands


def run(commands: Commands, *arguments: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, for the engine cannot be opened twice in one."""
    command = [sys.executable, "-m", "streamgauge", *arguments, "--data-dir", str(commands.data_dir)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def fault_of(done: subprocess.CompletedProcess[str]) -> str:
    """The one line on standard error that is not a log line."""
    assert done.returncode == 1
    (fault,) = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    return fault


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_in_use_is_one_clear_line(commands: Commands, taken_port: int) -> None:
    fault = fault_of(run(commands, "serve", "--port", str(taken_port)))
    assert fault == (f"Error: 127.0.0.1:{taken_port} is used by another program. Stop that one, or choose another with --port.")


def test_an_address_of_another_machine_is_one_clear_line(commands: Commands) -> None:
    fault = fault_of(run(commands, "serve", "--host", "192.0.2.1"))
    assert fault == "Error: 192.0.2.1:8080 is no address of this machine. Choose one with --host."


def test_settings_that_are_wrong_stop_the_server_before_it_makes_anything(commands: Commands) -> None:
    done = run(commands, "serve", "--port", "70000", "--log-format", "xml")
    assert done.returncode == 1
    assert [line.split()[0] for line in done.stderr.splitlines()] == ["Error:", "port", "log_format"]
    assert not commands.data_dir.exists()


def test_a_folder_at_rest_is_verified_by_the_command_itself(commands: Commands) -> None:
    commands.line("projects", "create", "shop")
    done = run(commands, "verify")
    assert (done.returncode, done.stderr) == (0, "")
    heading, *lines = done.stdout.splitlines()
    assert heading.split() == ["CHECK", "RESULT"]
    assert all(line.endswith("ok") for line in lines)


def test_a_folder_whose_journal_is_damaged_is_one_clear_line(commands: Commands) -> None:
    commands.line("projects", "create", "shop")
    (commands.data_dir / "journal").write_text("a file where a folder must be")
    assert str(commands.data_dir) in fault_of(run(commands, "verify"))


def test_what_a_server_makes_is_for_its_owner_alone(commands: Commands, taken_port: int) -> None:
    run(commands, "serve", "--port", str(taken_port))
    made = [commands.data_dir, *commands.data_dir.rglob("*")]
    assert {"index", "journal", "store", "control.db"} <= {path.name for path in made}
    assert [path for path in made if path.lstat().st_mode & 0o077 and not path.is_symlink()] == []


def test_a_folder_that_exists_keeps_its_mode(commands: Commands) -> None:
    commands.data_dir.mkdir()
    commands.data_dir.chmod(0o750)
    commands.line("projects", "create", "shop")
    assert run(commands, "verify").returncode == 0
    assert commands.data_dir.stat().st_mode & 0o777 == 0o750
    assert [path for path in commands.data_dir.rglob("*") if path.lstat().st_mode & 0o077 and not path.is_symlink()] == []
