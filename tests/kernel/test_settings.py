"""Settings: which layer wins, what each fault says, and that the document has every row."""

from pathlib import Path

import pytest

from streamgauge.kernel.access import Plan
from streamgauge.kernel.plans import DEFAULT_PLANS
from streamgauge.kernel.settings import (
    CONFIG_VARIABLE,
    MIB,
    SETTINGS,
    InvalidSettings,
    Setting,
    Settings,
    merge_settings,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"


def faults_of(
    flags: dict[str, object] | None = None, environment: dict[str, str] | None = None, file: dict[str, object] | None = None
) -> tuple[str, ...]:
    with pytest.raises(InvalidSettings) as caught:
        merge_settings(flags or {}, environment or {}, file or {})
    return caught.value.faults


def test_without_any_layer_the_defaults_hold() -> None:
    settings, origins = merge_settings({}, {}, {})
    assert settings == Settings()
    assert set(origins) == set(SETTINGS)
    assert set(origins.values()) == {"default"}


@pytest.mark.parametrize(
    ("flags", "environment", "file", "port", "origin"),
    [
        pytest.param({"port": 1}, {"STREAMGAUGE_PORT": "2"}, {"port": 3}, 1, "flag", id="a flag wins over everything"),
        pytest.param({"port": None}, {"STREAMGAUGE_PORT": "2"}, {"port": 3}, 2, "STREAMGAUGE_PORT", id="then the environment"),
        pytest.param({}, {"PORT": "2"}, {"port": 3}, 3, "streamgauge.toml", id="then the file"),
        pytest.param({}, {}, {"host": "::"}, 8080, "default", id="then the default"),
    ],
)
def test_the_first_layer_that_names_a_setting_wins(
    flags: dict[str, object], environment: dict[str, str], file: dict[str, object], port: int, origin: str
) -> None:
    merged = merge_settings(flags, environment, file)
    assert (merged.settings.port, merged.origins["port"]) == (port, origin)


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        pytest.param("max_body_bytes", "8MiB", 8 * MIB, id="a size with a unit"),
        pytest.param("max_body_bytes", "8 mib", 8 * MIB, id="a size with a space and in lower case"),
        pytest.param("max_body_bytes", "8388608", 8 * MIB, id="a size in bytes"),
        pytest.param("read_wait_s", "0.25", 0.25, id="a fraction of a second"),
        pytest.param("read_wait_s", "0", 0.0, id="the lowest value allowed"),
        pytest.param("port", "65535", 65535, id="the highest value allowed"),
        pytest.param("data_dir", "/srv/streamgauge", Path("/srv/streamgauge"), id="a folder"),
        pytest.param("store", "", "", id="an empty store means the embedded one"),
        pytest.param("log_level", "debug", "debug", id="one of the choices"),
    ],
)
def test_texts_become_values(name: str, given: str, value: object) -> None:
    settings = merge_settings({}, {SETTINGS[name].variable: given}, {}).settings
    assert getattr(settings, name) == value
    assert type(getattr(settings, name)) is type(value) or isinstance(value, Path)


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        pytest.param({"port": "http"}, "port (streamgauge.toml): must be a whole number, not 'http'.", id="not a number"),
        pytest.param({"port": True}, "port (streamgauge.toml): must be a whole number, not True.", id="a boolean"),
        pytest.param({"port": 1.5}, "port (streamgauge.toml): must be a whole number, not 1.5.", id="a fraction"),
        pytest.param({"port": 0}, "port (streamgauge.toml): must be at least 1, not 0.", id="too low"),
        pytest.param({"port": 65536}, "port (streamgauge.toml): must be at most 65535, not 65536.", id="too high"),
        pytest.param({"read_wait_s": "soon"}, "read_wait_s (streamgauge.toml): must be a number, not 'soon'.", id="no number"),
        pytest.param({"read_wait_s": "nan"}, "read_wait_s (streamgauge.toml): must be a number, not 'nan'.", id="not finite"),
        pytest.param(
            {"max_body_bytes": "8 PB"},
            "max_body_bytes (streamgauge.toml): must be a whole number of bytes, or one like 32MiB, not '8 PB'.",
            id="an unknown unit",
        ),
        pytest.param(
            {"log_level": "loud"},
            "log_level (streamgauge.toml): must be one of debug, info, warning, error, not 'loud'.",
            id="not one of the choices",
        ),
        pytest.param({"host": ""}, "host (streamgauge.toml): must not be empty, not ''.", id="empty where it must not be"),
        pytest.param({"host": 5}, "host (streamgauge.toml): must be text, not 5.", id="not text"),
        pytest.param({"data_dir": ""}, "data_dir (streamgauge.toml): must be the path of a folder, not ''.", id="no folder"),
        pytest.param(
            {"trusted_proxies": "10.0.0.0/8, proxy.example"},
            "trusted_proxies (proxy.example): must be networks like 10.0.0.0/8, with commas between "
            "('proxy.example' does not appear to be an IPv4 or IPv6 network).",
            id="no network",
        ),
        pytest.param(
            {"trusted_proxies": "10.0.0.1/8"},
            "trusted_proxies (10.0.0.1/8): must be networks like 10.0.0.0/8, with commas between (10.0.0.1/8 has host bits set).",
            id="an address within a network",
        ),
        pytest.param({"prot": 1}, "prot (streamgauge.toml): no such setting; did you mean port.", id="a misspelt name"),
        pytest.param({"zzzzzzz": 1}, "zzzzzzz (streamgauge.toml): no such setting.", id="a name that resembles none"),
    ],
)
def test_a_fault_says_where_and_what_instead(file: dict[str, object], fault: str) -> None:
    assert faults_of(file=file) == (fault,)


def test_an_unknown_variable_is_a_fault_and_others_are_left_alone() -> None:
    environment = {"STREAMGAUGE_PROT": "1", "PATH": "/bin", CONFIG_VARIABLE: "x.toml"}
    assert faults_of(environment=environment) == ("STREAMGAUGE_PROT: no such variable; did you mean STREAMGAUGE_PORT.",)


def test_all_faults_of_all_layers_are_reported_together() -> None:
    faults = faults_of(
        flags={"port": 0},
        environment={"STREAMGAUGE_LOG_FORMAT": "xml", "STREAMGAUGE_PLAN_FREE_EVENTS_PER_DAY": "many"},
        file={"nothing": 1, "query_rows": -1, "plans": {"free": {"requests": 1}}},
    )
    assert len(faults) == 6
    assert InvalidSettings(list(faults)).args[0].count("\n") == 5


@pytest.mark.parametrize(
    ("file", "words"),
    [
        pytest.param(
            {"journal_backlog_bytes": "16MiB", "max_body_bytes": "32MiB"},
            "must be at least max_body_bytes",
            id="a backlog that the largest request could never enter",
        ),
        pytest.param(
            {"query_memory_bytes": "2GiB", "store_memory_bytes": "1GiB"},
            "must not exceed store_memory_bytes",
            id="one query may have more memory than the store",
        ),
        pytest.param({"data_dir": "/a?b"}, "must not have ? or %", id="a folder that the embedded store cannot name"),
    ],
)
def test_settings_that_disagree_are_a_fault(file: dict[str, object], words: str) -> None:
    (fault,) = faults_of(file=file)
    assert words in fault


FREE = DEFAULT_PLANS["free"]


@pytest.mark.parametrize(
    ("environment", "plans", "name", "plan"),
    [
        pytest.param({}, {}, "free", Plan("free", 100, 10_000, 1_000, 5_000), id="the free plan as published"),
        pytest.param({}, {}, "unlimited", Plan("unlimited", None, None, None, None), id="unlimited has no limit"),
        pytest.param(
            {},
            {"free": {"events_per_day": 7}},
            "free",
            Plan("free", 100, 7, 1_000, 5_000),
            id="what a known plan does not state stays",
        ),
        pytest.param(
            {},
            {"free": {"events_per_day": "none"}},
            "free",
            Plan("free", 100, None, 1_000, 5_000),
            id="none takes a limit away",
        ),
        pytest.param(
            {}, {"team": {"events_per_day": 5}}, "team", Plan("team", events_per_day=5), id="a new plan is without other limits"
        ),
        pytest.param({}, {"team": {}}, "team", Plan("team"), id="an empty new plan has no limits"),
        pytest.param(
            {"STREAMGAUGE_PLAN_BIG_TEAM_THEBIZNESS_PER_HOUR": "3"},
            {},
            "big_team",
            Plan("big_team", thebizness_per_hour=3),
            id="a variable sets one limit, also of a plan with an underscore in its name",
        ),
        pytest.param(
            {"STREAMGAUGE_PLAN_FREE_REQUESTS_PER_MINUTE": "3"},
            {"free": {"requests_per_minute": 4}},
            "free",
            Plan("free", 3, 10_000, 1_000, 5_000),
            id="a variable wins over the file",
        ),
    ],
)
def test_the_plan_table(environment: dict[str, str], plans: dict[str, object], name: str, plan: Plan) -> None:
    assert merge_settings({}, environment, {"plans": plans}).settings.plans[name] == plan


@pytest.mark.parametrize(
    ("file", "words"),
    [
        pytest.param({"plans": 5}, "must be tables like [plans.free]", id="no table of plans"),
        pytest.param({"plans": {"free": 5}}, "must be a table like [plans.free]", id="no table of one plan"),
        pytest.param({"plans": {"Free": {}}}, "a plan's name is lower-case", id="a name in capitals"),
        pytest.param({"plans": {"free": {"events": 5}}}, "no such limit; there are requests_per_minute", id="no such limit"),
        pytest.param({"plans": {"free": {"events_per_day": 0}}}, "above 0", id="a limit of zero"),
        pytest.param({"plans": {"free": {"events_per_day": 1.5}}}, "above 0", id="a limit that is a fraction"),
    ],
)
def test_faults_of_the_plan_table(file: dict[str, object], words: str) -> None:
    (fault,) = faults_of(file=file)
    assert words in fault


def test_places_in_the_data_folder() -> None:
    settings = Settings(data_dir=Path("/srv/d"))
    assert settings.store_dsn == "chdb:///srv/d/store"
    assert Settings(store="clickhouse://other").store_dsn == "clickhouse://other"


@pytest.mark.parametrize("setting", [pytest.param(setting, id=setting.name) for setting in SETTINGS.values()])
def test_the_document_has_a_row_for_every_setting(setting: Setting) -> None:
    assert setting.row.help
    assert _document_row(setting) in DOCUMENT.read_text("utf-8").splitlines()


def _document_row(setting: Setting) -> str:
    default = "see below" if setting.name == "plans" else f"`{setting.default}`" if setting.default != "" else "empty"
    bounds = ", ".join(setting.row.choices)
    if setting.row.low is not None:
        bounds = f"from {setting.row.low:.16g}" + ("" if setting.row.high is None else f" to {setting.row.high:.16g}")
    return f"| `{setting.name}` | {default} | {bounds} | {setting.row.help} |"


def test_the_document_shows_the_plans_as_they_are() -> None:
    lines = DOCUMENT.read_text("utf-8").splitlines()
    for plan in DEFAULT_PLANS.values():
        limits = (plan.requests_per_minute, plan.events_per_day, plan.thebizness_per_hour, plan.thebizness_batches_per_hour)
        cells = " | ".join("none" if limit is None else f"{limit:,}" for limit in limits)
        assert f"| {plan.name} | {cells} |" in lines


def test_trusted_proxies_are_networks_with_commas_between() -> None:
    settings = merge_settings({}, {}, {"trusted_proxies": " 10.0.0.0/8,192.0.2.7 , ::1,"}).settings
    assert settings.proxy_networks == ("10.0.0.0/8", "192.0.2.7", "::1")
    assert merge_settings({}, {}, {}).settings.proxy_networks == ()
