"""Where commands find their settings, and how faults are shown."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from streamgauge.cli import main
from tests.cli.conftest import Commands


def rows_of(output: str) -> dict[str, list[str]]:
    return {cells[0]: cells[1:] for line in output.splitlines() if (cells := line.split())}


def test_config_check_shows_every_setting_with_its_origin(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("streamgauge.toml").write_text('port = 9000\nlog_format = "text"\n[plans.team]\nevents_per_day = 5\n')
    monkeypatch.setenv("STREAMGAUGE_LOG_FORMAT", "json")
    monkeypatch.setenv("STREAMGAUGE_STORE", "clickhouse://me:hunter2@example.com:8123/db")
    monkeypatch.setenv("STREAMGAUGE_OIDC_CLIENT_SECRET", "hunter2")
    result = commands.run("config", "check")
    rows = rows_of(result.stdout)
    assert result.exit_code == 0
    assert rows["port"] == ["9000", "streamgauge.toml"]
    assert rows["log_format"] == ["json", "STREAMGAUGE_LOG_FORMAT"]
    assert rows["data_dir"] == [str(commands.data_dir), "flag"]
    assert rows["host"] == ["127.0.0.1", "default"]
    assert rows["team"] == ["none", "5", "none", "none"]
    assert rows["store"][0] == "clickhouse://me:***@example.com:8123/db"
    assert rows["oidc_client_secret"] == ["***", "STREAMGAUGE_OIDC_CLIENT_SECRET"]
    assert "hunter2" not in result.output


@pytest.mark.parametrize(
    "how",
    [pytest.param("flag", id="named by --config"), pytest.param("variable", id="named by STREAMGAUGE_CONFIG")],
)
def test_another_file_can_be_named(commands: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str) -> None:
    Path("streamgauge.toml").write_text("port = 1")
    (tmp_path / "other.toml").write_text("port = 2")
    if how == "variable":
        monkeypatch.setenv("STREAMGAUGE_CONFIG", str(tmp_path / "other.toml"))
    result = commands.run("config", "check", *(["--config", "other.toml"] if how == "flag" else []))
    assert rows_of(result.stdout)["port"][0] == "2"


def test_all_faults_are_listed_together(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("streamgauge.toml").write_text("port = 0\nprot = 1\n[plans.free]\nevents_per_day = -1\n")
    monkeypatch.setenv("STREAMGAUGE_LOG_LEVEL", "loud")
    result = commands.run("config", "check")
    assert (result.exit_code, result.stdout) == (1, "")
    first, *faults = result.stderr.splitlines()
    assert first == "Error: 4 faults in the settings:"
    assert [fault.split()[0] for fault in faults] == ["prot", "port", "log_level", "events_per_day"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"port = ", "streamgauge.toml: is not TOML", id="not TOML"),
        pytest.param(b"host = '\xff'", "streamgauge.toml: is not TOML", id="not UTF-8"),
        pytest.param(None, "missing.toml: cannot be read: No such file or directory. Name another", id="not there"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_fault_beside_the_others(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, content: bytes | None, words: str
) -> None:
    monkeypatch.setenv("STREAMGAUGE_PORT", "0")
    if content is not None:
        Path("streamgauge.toml").write_bytes(content)
    result = commands.run("keys", "list", *([] if content is not None else ["--config", "missing.toml"]))
    assert result.exit_code == 1
    assert words in result.stderr
    assert "port (STREAMGAUGE_PORT)" in result.stderr
    assert not commands.data_dir.exists()


def test_the_data_folder_is_data_of_the_current_folder_unless_said_otherwise(commands: Commands, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["keys", "create", "--project", "p"])
    assert result.exit_code == 0
    assert (tmp_path / "data" / "control.db").is_file()
