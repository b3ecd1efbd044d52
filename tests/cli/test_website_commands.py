"""websites and rates: what they print where, and that each change is really there."""

from pathlib import Path

import pytest

from streamgauge.kernel.website import Website
from tests.cli.conftest import Commands, opened

OPTIONS = ["--project", "shop", "--domain", "example.com"]


def website_of(commands: Commands, website_id: str) -> Website | None:
    with opened(commands) as control:
        return control.website(website_id)


def test_create_prints_only_the_id(commands: Commands) -> None:
    options = [*OPTIONS, "--timezone", "Europe/Paris", "--currency", "EUR"]
    assert commands.line("websites", "create", "--id", "w_1", *options) == "w_1"
    made = commands.line("websites", "create", *options)
    rows = [line.split() for line in commands.run("websites", "list").stdout.splitlines()[1:]]
    assert rows == [[site, "shop", "example.com", "Europe/Paris", "EUR", "daily", "example.com"] for site in ("w_1", made)]


def test_create_takes_every_setting(commands: Commands) -> None:
    origins = ["--origin", "https://a.example", "--origin", "http://localhost:3000"]
    commands.line("websites", "create", "--id", "w", "--name", "My shop", "--identity", "cookie", *origins, *OPTIONS)
    website = website_of(commands, "w")
    assert website is not None
    assert (website.name, website.identity.value) == ("My shop", "cookie")
    assert website.allowed_origins == ("https://a.example", "http://localhost:3000")


def test_list_keeps_to_a_project(commands: Commands) -> None:
    commands.line("websites", "create", "--id", "w", *OPTIONS)
    commands.line("websites", "create", "--id", "v", "--project", "other", "--domain", "example.org")
    listed = commands.run("websites", "list", "--project", "other").stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["ID", "v"]
    refused = commands.run("websites", "list", "--project", "none")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "There is no project 'none'" in refused.stderr


def test_update_changes_what_is_named(commands: Commands) -> None:
    commands.line("websites", "create", "--id", "w", "--origin", "https://a.example", *OPTIONS)
    done = commands.run("websites", "update", "w", "--name", "Shop", "--currency", "eur")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "w is changed.\n")
    website = website_of(commands, "w")
    assert website is not None
    assert (website.name, website.currency, website.domain) == ("Shop", "EUR", "example.com")
    assert website.allowed_origins == ("https://a.example",)
    commands.run("websites", "update", "w", "--any-origin-of-domain")
    website = website_of(commands, "w")
    assert website is not None
    assert website.allowed_origins == ()


def test_delete_asks_and_keeps_the_id(commands: Commands) -> None:
    commands.line("websites", "create", "--id", "w", *OPTIONS)
    assert commands.run("websites", "delete", "w").exit_code == 1
    assert website_of(commands, "w") is not None
    assert commands.run("websites", "delete", "w", "--yes").stderr == "w is deleted.\n"
    assert website_of(commands, "w") is None
    taken = commands.run("websites", "create", "--id", "w", "--project", "thief", "--domain", "a.example")
    assert taken.exit_code == 1
    assert commands.line("websites", "create", "--id", "w", *OPTIONS) == "w"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        pytest.param(["create", "--timezone", "x", *OPTIONS], 2, "an IANA time zone", id="zone"),
        pytest.param(["create", "--currency", "x", *OPTIONS], 2, "an ISO 4217 code", id="currency"),
        pytest.param(["create", "--origin", "x", *OPTIONS], 2, "origins as a browser sends them", id="origin"),
        pytest.param(["create", "--identity", "x", *OPTIONS], 2, "one of daily, cookie", id="identity"),
        pytest.param(["update", "none", "--name", "x"], 1, "There is no website 'none'", id="no such website to change"),
        pytest.param(["update", "none"], 2, "Nothing to change was named", id="no change"),
        pytest.param(
            ["update", "none", "--origin", "https://a.example", "--any-origin-of-domain"], 2, "exclude each other", id="both"
        ),
        pytest.param(["delete", "none", "--yes"], 1, "There is no website 'none'", id="no such website to delete"),
    ],
)
def test_refusals_are_one_clear_line(commands: Commands, arguments: list[str], exit_code: int, words: str) -> None:
    result = commands.run("websites", *arguments)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert words in result.stderr.splitlines()[-1]


RATES = "date,base,quote,rate\n2024-01-02,USD,EUR,0.91\n2024-01-02,GBP,EUR,1.15\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "rates.csv"
    file.write_text(RATES)
    return file


def listed(commands: Commands, *options: str) -> list[list[str]]:
    return [line.split() for line in commands.run("rates", "list", *options).stdout.splitlines()[1:]]


def test_rates_are_loaded_replaced_and_listed(commands: Commands, file: Path) -> None:
    done = commands.run("rates", "load", str(file))
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "2 rates added, 0 replaced, 0 unchanged.\n")
    file.write_text(RATES.replace("0.91", "0.92"))
    assert commands.run("rates", "load", str(file)).stderr == "0 rates added, 1 replaced, 1 unchanged.\n"
    gbp, usd = ["2024-01-02", "GBP", "EUR", "1.15"], ["2024-01-02", "USD", "EUR", "0.92"]
    assert listed(commands) == [gbp, usd]
    assert listed(commands, "--base", "usd") == [usd]
    assert listed(commands, "--quote", "EUR", "--base", "GBP") == [gbp]
    assert listed(commands, "--quote", "USD") == []


def test_inverses_are_loaded_where_the_file_has_none(commands: Commands, file: Path) -> None:
    file.write_text(RATES + "2024-01-02,EUR,GBP,0.87\n")
    assert commands.run("rates", "load", str(file), "--with-inverse").stderr.startswith("4 rates added")
    assert listed(commands, "--base", "EUR") == [
        ["2024-01-02", "EUR", "GBP", "0.87"],
        ["2024-01-02", "EUR", "USD", "1.09890109890"],
    ]


def test_bad_rows_are_all_listed_and_nothing_is_changed(commands: Commands, file: Path) -> None:
    file.write_text(RATES + "2024-01-03,USD,EUR,0\nx,USD,EUR,1\n")
    refused = commands.run("rates", "load", str(file))
    assert (refused.exit_code, refused.stdout) == (1, "")
    first, *rows = refused.stderr.splitlines()
    assert "2 bad rows; nothing was changed" in first
    assert [row.partition(":")[0].strip() for row in rows] == ["line 4", "line 5"]
    assert listed(commands) == []


def test_a_file_that_is_no_text_is_refused(commands: Commands, file: Path) -> None:
    file.write_bytes(b"date,base,quote,rate\n\xff")
    assert "is not UTF-8 at byte 21" in commands.run("rates", "load", str(file)).stderr
    assert commands.run("rates", "load", str(file.with_name("none.csv"))).exit_code == 2
