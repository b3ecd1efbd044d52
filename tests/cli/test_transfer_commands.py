"""import and export on the command line: what they print, what they refuse, and with which exit code."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Commands

_GOOD = "event_name,timestamp,n\napi,2024-01-15T10:30:00Z,1\n"


@pytest.fixture
def project(commands: Commands) -> str:
    commands.line("projects", "create", "p")
    return "p"


def _file(text: str, name: str = "rows.csv") -> str:
    Path(name).write_text(text)
    return name


def test_a_dry_run_takes_nothing_and_lists_every_bad_row(commands: Commands, project: str) -> None:
    rows = _file(_GOOD + "".join(f",2024-01-15T10:30:00Z,{n}\n" for n in range(30)) + "api,soon,1\n")
    result = commands.run("import", rows, "--project", project, "--dry-run", "--report", "bad.jsonl")
    assert (result.exit_code, result.stdout) == (1, "rows.csv: 32 rows, 1 would be taken, 31 are bad.\n")
    assert "missing_field" in result.stderr
    assert "and 11 more. In all: missing_field (event_name): 30, invalid_timestamp (timestamp): 1" in result.stderr
    reported = [json.loads(line) for line in Path("bad.jsonl").read_text().splitlines()]
    assert len(reported) == 31
    assert {key: reported[-1][key] for key in ("row", "line", "reason", "field")} == {
        "row": 32,
        "line": 33,
        "reason": "invalid_timestamp",
        "field": "timestamp",
    }
    assert not (commands.data_dir / "imports").exists()
    assert not (commands.data_dir / "journal").exists()


def test_a_dry_run_of_good_rows_exits_0(commands: Commands, project: str) -> None:
    result = commands.run("import", _file(_GOOD), "--project", project, "--dry-run")
    assert (result.exit_code, result.stdout) == (0, "rows.csv: 1 rows, 1 would be taken, 0 are bad.\n")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(
            ["rows.csv", "--project", "q"], 1, "There is no project 'q'. Create it: streamgauge projects create q", id="project"
        ),
        pytest.param(["none.csv", "--project", "p"], 2, "does not exist", id="no file"),
        pytest.param(["rows.txt", "--project", "p"], 1, "say it with --format", id="no format"),
        pytest.param(["rows.csv", "--project", "p", "--format", "parquet"], 1, "cannot be read as parquet", id="another format"),
        pytest.param(["rows.csv", "--project", "p", "--map", "x"], 2, "not of the form FIELD=", id="no pair"),
        pytest.param(["rows.csv", "--project", "p", "--map", "customer_id=who"], 1, "no column 'who'", id="an unknown column"),
        pytest.param(["rows.csv", "--project", "p", "--mapping", "rows.txt"], 1, "is no mapping", id="an unreadable mapping"),
    ],
)
def test_what_cannot_be_imported_is_one_clear_line(
    commands: Commands, project: str, arguments: list[str], code: int, words: str
) -> None:
    _file(_GOOD)
    _file("{", "rows.txt")
    result = commands.run("import", *arguments, "--dry-run")
    assert result.exit_code == code
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_a_mapping_from_a_file_gives_way_to_options(commands: Commands, project: str) -> None:
    rows = _file("type,ts,who\ncall,1700000000,c\n")
    mapping = _file('time_unit = "ms"\n[columns]\nevent_name = "type"\ntimestamp = "ts"\ncustomer_id = "type"\n', "m.toml")
    arguments = ["--mapping", mapping, "--map", "customer_id=who", "--time-unit", "s"]
    result = commands.run("import", rows, "--project", project, "--dry-run", *arguments)
    assert (result.exit_code, "1 would be taken" in result.stdout) == (0, True), result.output


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["events", "--project", "q", "--out", "a.csv"], 1, "There is no project 'q'", id="project"),
        pytest.param(["events", "--project", "p", "--out", "a.txt"], 1, "say it with --format", id="no format"),
        pytest.param(["events", "--project", "p", "--out", "a.csv", "--from", "soon"], 2, "is not a date", id="no date"),
        pytest.param(["usage", "--project", "p", "--out", "a.csv"], 2, "needs --from and --to", id="no range"),
        pytest.param(
            ["usage", "--project", "p", "--out", "a.csv", "--from", "2024-01-01", "--to", "2024-01-02", "--meter", "m"],
            1,
            "Meter not found",
            id="no meter",
        ),
    ],
)
def test_what_cannot_be_exported_is_one_clear_line(
    commands: Commands, project: str, arguments: list[str], code: int, words: str
) -> None:
    result = commands.run("export", *arguments)
    assert result.exit_code == code
    assert words in result.stderr
    assert not Path("a.csv").exists()
