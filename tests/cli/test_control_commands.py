"""projects and keys: what they print where, and that each change is really there."""

import re
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from streamgauge.kernel.access import Key
from streamgauge.kernel.clock import SystemClock
from streamgauge.kernel.refusal import Refusal
from tests.cli.conftest import Commands, opened

HEAVY = {"alembic", "chdb", "clickhouse_connect", "lmdb", "pyarrow", "rich", "starlette"}


def key_for(commands: Commands, secret: str) -> Key:
    with opened(commands) as control:
        return control.key_for(secret, SystemClock().now_ms())


def test_keys_create_prints_only_the_key_and_makes_the_project(commands: Commands) -> None:
    secret = commands.line("keys", "create", "--project", "shop", "--plan", "pro", "--name", "till")
    assert re.fullmatch(r"sk_live_[A-Za-z0-9]{32,}", secret)
    key = key_for(commands, secret)
    assert (key.plan.name, key.label, sorted(key.scopes)) == ("pro", "till", ["ingest", "read"])
    assert commands.run("projects", "list").stdout.splitlines()[1].split() == [key.project_id, "shop"]


@pytest.mark.parametrize(
    ("options", "scopes"),
    [
        pytest.param(["--scope", "ingest"], ["ingest"], id="one scope"),
        pytest.param(["--scope", "ingest, read,admin"], ["admin", "ingest", "read"], id="a list"),
        pytest.param(["--scope", "ingest", "--scope", "read"], ["ingest", "read"], id="repeated"),
    ],
)
def test_scopes(commands: Commands, options: list[str], scopes: list[str]) -> None:
    assert sorted(key_for(commands, commands.line("keys", "create", "--project", "shop", *options)).scopes) == scopes


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        pytest.param("2999-12-31", datetime(3000, 1, 1, tzinfo=UTC), id="a date lasts until its end"),
        pytest.param("2999-12-31T18:00:00", datetime(2999, 12, 31, 18, tzinfo=UTC), id="a time without zone is UTC"),
        pytest.param("2999-12-31T18:00:00+01:00", datetime(2999, 12, 31, 17, tzinfo=UTC), id="a time with a zone"),
        pytest.param("2999-12-31T18:00:00Z", datetime(2999, 12, 31, 18, tzinfo=UTC), id="a time that ends with Z"),
    ],
)
def test_expiry(commands: Commands, given: str, moment: datetime) -> None:
    secret = commands.line("keys", "create", "--project", "shop", "--expires", given)
    assert key_for(commands, secret).expires_at_ms == moment.timestamp() * 1000


def test_a_key_that_has_expired_already_is_made_with_a_note(commands: Commands) -> None:
    result = commands.run("keys", "create", "--project", "shop", "--expires", "2020-01-01")
    assert (result.exit_code, result.stdout.count("\n")) == (0, 1)
    assert "has expired already" in result.stderr
    with pytest.raises(Refusal, match="has expired"):
        key_for(commands, result.stdout.strip())


def test_keys_list_shows_states_and_never_a_secret(commands: Commands) -> None:
    secrets = [commands.line("keys", "create", "--project", "a rather long name of a shop", "--name", "x" * 90) for _ in range(3)]
    ids = [line.split()[0] for line in commands.run("keys", "list").stdout.splitlines()[1:]]
    secrets.append(commands.line("keys", "rotate", ids[0], "--grace", "2h"))
    assert commands.run("keys", "revoke", ids[1]).stdout == ""
    listed = commands.run("keys", "list").stdout
    assert [re.findall(r"active|replaced|revoked|expired", line) for line in listed.splitlines()[1:]] == [
        ["replaced"],
        ["revoked"],
        ["active"],
        ["active"],
    ]
    assert all(secret[:12] in listed and secret not in listed for secret in secrets)
    for secret, works in zip(secrets, (True, False, True, True), strict=True):
        if works:
            key_for(commands, secret)
        else:
            with pytest.raises(Refusal, match="revoked"):
                key_for(commands, secret)


def test_projects_create_prints_only_the_id(commands: Commands) -> None:
    assert commands.line("projects", "create", "My shop").startswith("proj_")
    refused = commands.run("projects", "create", "My shop")
    assert (refused.exit_code, refused.stdout, refused.stderr) == (1, "", "Error: A project named 'My shop' exists already.\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["keys", "create"], "Missing option '--project'", id="no project"),
        pytest.param(["keys", "create", "--project", "p", "--plan", "gold"], "it must be one of free, pro", id="unknown plan"),
        pytest.param(["keys", "create", "--project", "p", "--scope", "x"], "one of ingest, read, admin", id="unknown scope"),
        pytest.param(["keys", "create", "--project", "p", "--scope", ","], "at least one scope", id="no scope"),
        pytest.param(["keys", "create", "--project", "p", "--expires", "soon"], "is not a date such as", id="no date"),
        pytest.param(
            ["keys", "create", "--project", "p", "--expires", "9999-12-31"], "is not a date such as", id="too late a date"
        ),
        pytest.param(["keys", "rotate", "key_x", "--grace", "a day"], "is not a duration such as 30m", id="no duration"),
        pytest.param(["nothing"], "No such command 'nothing'", id="no such command"),
    ],
)
def test_wrong_usage_exits_2_and_prints_nothing_on_standard_output(commands: Commands, arguments: list[str], words: str) -> None:
    result = commands.run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


@pytest.mark.parametrize("command", ["revoke", "rotate"])
def test_an_unknown_key_exits_1_with_the_mend(commands: Commands, command: str) -> None:
    result = commands.run("keys", command, "key_x")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: There is no key 'key_x'. See: streamgauge keys list\n"


def test_a_key_that_cannot_be_rotated_exits_1(commands: Commands) -> None:
    commands.line("keys", "create", "--project", "p")
    key_id = commands.run("keys", "list").stdout.splitlines()[1].split()[0]
    commands.run("keys", "revoke", key_id)
    result = commands.run("keys", "rotate", key_id)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: The key {key_id} is revoked. Make a new one with: streamgauge keys create\n"


def test_the_data_folder_is_made_for_its_owner_alone(commands: Commands) -> None:
    commands.run("projects", "list")
    assert {path.stat().st_mode & 0o077 for path in (commands.data_dir, *commands.data_dir.rglob("*"))} == {0}


def test_a_data_folder_that_cannot_be_made_is_one_clear_line(commands: Commands) -> None:
    commands.data_dir.write_text("a file")
    result = commands.run("projects", "list")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "Choose another --data-dir" in result.stderr


def test_a_broken_database_is_one_clear_line(commands: Commands) -> None:
    commands.data_dir.mkdir()
    (commands.data_dir / "control.db").write_text("no database at all, but long enough to be read as one " * 20)
    result = commands.run("projects", "list")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "file is not a database" in result.stderr


def test_a_process_of_its_own_starts_fast_and_without_the_engine(commands: Commands) -> None:
    """Only in a process of its own does it show which modules a command loads."""
    commands.line("projects", "create", "first")
    arguments = ["keys", "create", "--project", "p", "--data-dir", str(commands.data_dir)]
    program = (
        "import sys; from streamgauge.cli import main; main(sys.argv[1:], standalone_mode=False);"
        f"print(sorted({{name.split('.')[0] for name in sys.modules}} & {HEAVY}), file=sys.stderr)"
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    assert time.monotonic() - began < 5, "0.3 s on an idle machine; the bound leaves room for a busy one"
    assert done.stderr.splitlines()[-1] == "[]"
    assert done.stdout.startswith("sk_live_")


def test_python_m_is_the_same_command(commands: Commands) -> None:
    done = subprocess.run([sys.executable, "-m", "streamgauge", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("streamgauge ")
