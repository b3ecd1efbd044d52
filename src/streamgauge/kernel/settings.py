"""The settings of a server: one table, merged from four layers and validated as a whole.

The table is the class `Settings` itself: a field's name, type and default, and in its annotation the help and the bounds.
`merge_settings` is pure: it takes mappings and never reads a file or the environment. The first layer that names a setting
wins: flags, then `STREAMGAUGE_*` variables, then the file, then the default. Every fault is found before any is reported.
"""

import difflib
import math
import re
import typing
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from streamgauge.kernel.access import Plan
from streamgauge.kernel.plans import DEFAULT_PLANS

ENVIRONMENT_PREFIX = "STREAMGAUGE_"
CONFIG_VARIABLE = "STREAMGAUGE_CONFIG"  # Names the file; it is not itself a setting.
_PLAN_PREFIX = "STREAMGAUGE_PLAN_"

KIB, MIB, GIB = 2**10, 2**20, 2**30

PLAN_LIMITS = tuple(name for name in Plan.__struct_fields__ if name != "name")


class Row(NamedTuple):
    """What the table says of a setting besides its name, type and default. Bounds are inclusive."""

    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of a server. Sizes are in bytes, times in the unit that the name ends with."""

    host: Annotated[str, Row("Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Row("Port to listen on.", 1, 65_535)] = 8080
    data_dir: Annotated[Path, Row("Folder that holds everything: journal, store, control plane.")] = Path("data")
    workers: Annotated[
        int,
        Row(
            "Processes that take requests; from 2 on they take events, and one more keeps everything and answers the rest.", 1, 64
        ),
    ] = 1
    store: Annotated[str, Row("Address of the store; empty means the embedded one, in the data folder.")] = ""
    store_memory_bytes: Annotated[int, Row("Memory that the embedded store may use in all.", 256 * MIB)] = GIB
    max_body_bytes: Annotated[int, Row("Largest request body, also after decompression.", KIB, GIB)] = 32 * MIB
    max_bodies_bytes: Annotated[int, Row("Room for the bodies of all requests under way; more are refused with 503.", MIB)] = (
        256 * MIB
    )
    max_header_bytes: Annotated[int, Row("Largest request line and headers together.", KIB, MIB)] = 32 * KIB
    header_timeout_s: Annotated[float, Row("Time for the headers of a request to arrive.", 0.1, 3600)] = 10.0
    body_timeout_s: Annotated[float, Row("Time for the body of a request to arrive.", 0.1, 3600)] = 30.0
    keep_alive_timeout_s: Annotated[float, Row("Time after which an idle connection is closed.", 0.1, 3600)] = 65.0
    drain_timeout_s: Annotated[float, Row("Time that requests under way get to finish after SIGTERM.", 0, 3600)] = 20.0
    journal_segment_bytes: Annotated[int, Row("Size at which the journal begins a new file.", 64 * KIB, 4 * GIB)] = 32 * MIB
    journal_backlog_bytes: Annotated[
        int, Row("Accepted but not yet loaded bytes above which new events are refused with 503.", MIB)
    ] = GIB
    journal_linger_ms: Annotated[float, Row("How long a commit waits for more requests to share one sync.", 0, 1000)] = 0.0
    load_batch_events: Annotated[int, Row("Most events that one insert into the store holds.", 1, 1_000_000)] = 50_000
    read_wait_s: Annotated[float, Row("How long a query waits for events accepted before it.", 0, 300)] = 5.0
    query_timeout_s: Annotated[float, Row("Time limit of one query.", 0.1, 3600)] = 30.0
    query_memory_bytes: Annotated[int, Row("Memory limit of one query.", 16 * MIB)] = 512 * MIB
    query_rows: Annotated[int, Row("Most rows that one query may return.", 1, 100_000_000)] = 1_000_000
    query_threads: Annotated[int, Row("Queries answered at the same time.", 1, 256)] = 4
    ledger_pairs: Annotated[
        int, Row("Customers times features whose usage is held in memory for limits and alerts.", 100, 10_000_000)
    ] = 100_000
    geo_database: Annotated[
        str, Row("MaxMind DB file that tells country, region and city; empty: countries only, by the registries' allocations.")
    ] = ""
    trusted_proxies: Annotated[
        str, Row("Networks, with commas between, whose X-Forwarded-For and Forwarded headers tell the visitor's address.")
    ] = ""
    public_url: Annotated[
        str, Row("Address at which browsers reach the server, as https://stats.example.com; empty: as they ask for it.")
    ] = ""
    oidc_issuer: Annotated[
        str, Row("Address of an OpenID provider with which people may sign in; empty: with passwords alone.")
    ] = ""
    oidc_client_id: Annotated[str, Row("As what this server is known to the provider.")] = ""
    oidc_client_secret: Annotated[str, Row("The secret that the provider gave for it.")] = ""
    oidc_name: Annotated[str, Row("What the button for signing in calls the provider.")] = "OpenID"
    webhook_addresses: Annotated[
        str,
        Row("Where webhooks may be sent: any, or public alone (no loopback, no private networks).", choices=("public", "any")),
    ] = "public"
    webhook_timeout_s: Annotated[float, Row("Time that a receiver of webhooks has to answer.", 0.1, 300)] = 15.0
    log_level: Annotated[str, Row("Least level that is logged.", choices=("debug", "info", "warning", "error"))] = "info"
    log_format: Annotated[str, Row("Form of a log line.", choices=("json", "text"))] = "json"
    plans: Annotated[Mapping[str, Plan], Row("The plan table: per plan its limits, each a whole number or none.")] = (
        msgspec.field(default_factory=lambda: dict(DEFAULT_PLANS))
    )

    @property
    def control_path(self) -> Path:
        """The SQLite file of the control plane."""
        return self.data_dir / "control.db"

    @property
    def journal_dir(self) -> Path:
        return self.data_dir / "journal"

    @property
    def run_file(self) -> Path:
        """Where a running server leaves its address and token for the command line."""
        return self.data_dir / "run" / "server.json"

    @property
    def proxy_networks(self) -> tuple[str, ...]:
        """The networks of trusted_proxies; a single address is a network of one."""
        return tuple(filter(None, map(str.strip, self.trusted_proxies.split(","))))

    @property
    def store_dsn(self) -> str:
        """The store's address; the embedded one under the data folder (which must be absolute) unless another is set."""
        return self.store or f"chdb://{self.data_dir / 'store'}"


class Setting(NamedTuple):
    """One row of the table in full, as documents and the command line show it."""

    name: str
    type: type
    default: object
    row: Row

    @property
    def variable(self) -> str:
        """The environment variable that sets it; plans have one for each limit (STREAMGAUGE_PLAN_FREE_EVENTS_PER_DAY)."""
        return ENVIRONMENT_PREFIX + self.name.upper()


def _read_table() -> Mapping[str, Setting]:
    hints = typing.get_type_hints(Settings, include_extras=True)
    defaults = Settings()
    rows = {}
    for name in Settings.__struct_fields__:
        kind, row = typing.get_args(hints[name])
        rows[name] = Setting(name, kind, getattr(defaults, name), row)
    return rows


SETTINGS: Mapping[str, Setting] = _read_table()


class InvalidSettings(Exception):
    """The settings cannot be used. faults: one sentence each, with where the value came from and the mend."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class Merged(NamedTuple):
    """Settings, and for every setting the layer that it came from ("flag", a variable, a file, "default")."""

    settings: Settings
    origins: Mapping[str, str]


def merge_settings(
    flags: Mapping[str, object], environment: Mapping[str, str], file: Mapping[str, object], file_name: str = "streamgauge.toml"
) -> Merged:
    """Merge and validate. Raises InvalidSettings with every fault of every layer.

    flags: by setting name; None means not given. environment: the whole environment, other variables are ignored.
    file: the parsed file, setting names at its top and the tables [plans.NAME]. file_name: how faults call it.
    """
    faults = _unknown_names(environment, file, file_name)
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for setting in SETTINGS.values():
        if setting.name == "plans":
            continue
        given, origin = _first_layer(setting, flags, environment, file, file_name)
        origins[setting.name] = origin
        if origin == "default":
            continue
        try:
            values[setting.name] = _parse(setting, given)
        except ValueError as exc:
            faults.append(f"{setting.name} ({origin}): {exc}, not {given!r}.")
    plans, origins["plans"] = _merge_plans(environment, file, file_name, faults)
    if not faults:
        settings = Settings(**values, plans=plans)  # type: ignore[arg-type]  # each was parsed to its field's type
        faults = _disagreements(settings)
    if faults:
        raise InvalidSettings(faults)
    return Merged(settings, origins)


def _first_layer(
    setting: Setting, flags: Mapping[str, object], environment: Mapping[str, str], file: Mapping[str, object], file_name: str
) -> tuple[object, str]:
    if flags.get(setting.name) is not None:
        return flags[setting.name], "flag"
    if setting.variable in environment:
        return environment[setting.variable], setting.variable
    if setting.name in file:
        return file[setting.name], file_name
    return None, "default"


def _unknown_names(environment: Mapping[str, str], file: Mapping[str, object], file_name: str) -> list[str]:
    variables = {setting.variable for setting in SETTINGS.values() if setting.name != "plans"} | {CONFIG_VARIABLE}
    faults = [
        f"{name}: no such variable{_nearest(name, variables)}."
        for name in sorted(environment)
        if name.startswith(ENVIRONMENT_PREFIX) and not name.startswith(_PLAN_PREFIX) and name not in variables
    ]
    return faults + [f"{name} ({file_name}): no such setting{_nearest(name, SETTINGS)}." for name in file if name not in SETTINGS]


def _nearest(name: str, known: typing.Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}" if close else ""


def _disagreements(settings: Settings) -> list[str]:
    faults = []
    if settings.journal_backlog_bytes < settings.max_body_bytes:
        faults.append(
            f"journal_backlog_bytes ({settings.journal_backlog_bytes}) must be at least max_body_bytes "
            f"({settings.max_body_bytes}), or the largest request could never be accepted: raise the first or lower the second."
        )
    if settings.max_bodies_bytes < settings.max_body_bytes:
        faults.append(
            f"max_bodies_bytes ({settings.max_bodies_bytes}) must be at least max_body_bytes ({settings.max_body_bytes}), "
            "or the largest request could never be accepted: raise the first or lower the second."
        )
    if settings.query_memory_bytes > settings.store_memory_bytes:
        faults.append(
            f"query_memory_bytes ({settings.query_memory_bytes}) must not exceed store_memory_bytes "
            f"({settings.store_memory_bytes}): lower the first or raise the second."
        )
    if settings.oidc_issuer and not settings.oidc_client_id:
        faults.append("oidc_issuer is set and oidc_client_id is not: register this server with the provider and set both.")
    for network in settings.proxy_networks:
        try:
            ip_network(network)
        except ValueError as exc:
            faults.append(f"trusted_proxies ({network}): must be networks like 10.0.0.0/8, with commas between ({exc}).")
    if not settings.store and re.search(r"[?%]", str(settings.data_dir)):
        faults.append(f"data_dir ({settings.data_dir}) must not have ? or % in it: the embedded store reads options there.")
    return faults


_SIZE = re.compile(r"(\d+) ?(KiB|MiB|GiB)", re.IGNORECASE)
_UNITS = {"kib": KIB, "mib": MIB, "gib": GIB}


def _parse_int(given: object) -> int:
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    if isinstance(given, str) and re.fullmatch(r"-?\d{1,18}", given.strip()):
        return int(given)
    raise ValueError("must be a whole number")


def _parse_size(given: object) -> int:
    size = _SIZE.fullmatch(given.strip()) if isinstance(given, str) else None
    if size:
        return int(size[1]) * _UNITS[size[2].lower()]
    try:
        return _parse_int(given)
    except ValueError as exc:
        raise ValueError(f"{exc} of bytes, or one like 32MiB") from None


def _parse_float(given: object) -> float:
    if isinstance(given, int | float | str) and not isinstance(given, bool):
        try:
            number = float(given)
        except (ValueError, OverflowError):
            number = math.nan
        if math.isfinite(number):
            return number
    raise ValueError("must be a number")


def _parse_text(given: object) -> str:
    if isinstance(given, str) and "\0" not in given:
        return given.strip()
    raise ValueError("must be text")


def _parse_path(given: object) -> Path:
    if isinstance(given, Path):
        return given
    if not isinstance(given, str) or not given or "\0" in given:
        raise ValueError("must be the path of a folder")
    return Path(given)


_PARSERS: Mapping[type, Callable[[object], object]] = {
    int: _parse_int,
    float: _parse_float,
    str: _parse_text,
    Path: _parse_path,
}
_MAY_BE_EMPTY = frozenset({"store", "geo_database", "trusted_proxies"})


def _parse(setting: Setting, given: object) -> object:
    """The value in the setting's type and within its bounds; raises ValueError with what it must be."""
    value = _parse_size(given) if setting.name.endswith("_bytes") else _PARSERS[setting.type](given)
    row = setting.row
    if row.choices and value not in row.choices:
        raise ValueError(f"must be one of {', '.join(row.choices)}")
    if value == "" and setting.name not in _MAY_BE_EMPTY:
        raise ValueError("must not be empty")
    if isinstance(value, int | float):
        if row.low is not None and value < row.low:
            raise ValueError(f"must be at least {row.low:g}" if row.low < KIB else f"must be at least {row.low:.0f}")
        if row.high is not None and value > row.high:
            raise ValueError(f"must be at most {row.high:.0f}")
    return value


def _merge_plans(
    environment: Mapping[str, str], file: Mapping[str, object], file_name: str, faults: list[str]
) -> tuple[Mapping[str, Plan], str]:
    """The plan table: the default plans, changed and added to by the file, then by the environment.

    What a known plan does not state stays; what a new plan does not state is without limit.
    """
    limits: dict[str, dict[str, int | None]] = {
        plan.name: {limit: getattr(plan, limit) for limit in PLAN_LIMITS} for plan in DEFAULT_PLANS.values()
    }
    stated = _plan_entries_of_file(file.get("plans", {}), file_name, faults) + _plan_entries_of(environment, faults)
    for plan, limit, given, origin in stated:
        row = limits.setdefault(plan, dict.fromkeys(PLAN_LIMITS))
        if not limit:
            continue
        try:
            row[limit] = _parse_limit(given)
        except ValueError as exc:
            faults.append(f"{limit} of plan {plan} ({origin}): {exc}, not {given!r}.")
    origins = dict.fromkeys(origin for *_, origin in stated)
    return {name: Plan(name, **row) for name, row in limits.items()}, ", ".join(origins) or "default"


_PlanEntry = tuple[str, str, object, str]
_PLAN_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def _plan_entries_of_file(table: object, file_name: str, faults: list[str]) -> list[_PlanEntry]:
    if not isinstance(table, Mapping):
        faults.append(f"plans ({file_name}): must be tables like [plans.free].")
        return []
    entries: list[_PlanEntry] = []
    for plan, row in table.items():
        if not isinstance(row, Mapping):
            faults.append(f"plans.{plan} ({file_name}): must be a table like [plans.{plan}].")
            continue
        if not _PLAN_NAME.fullmatch(plan):
            faults.append(f"plans.{plan} ({file_name}): a plan's name is lower-case letters, digits, - and _, at most 32.")
            continue
        entries.append((plan, "", None, file_name))
        for limit, given in row.items():
            if limit in PLAN_LIMITS:
                entries.append((plan, limit, given, file_name))
            else:
                faults.append(f"plans.{plan}.{limit} ({file_name}): no such limit; there are {', '.join(PLAN_LIMITS)}.")
    return entries


def _plan_entries_of(environment: Mapping[str, str], faults: list[str]) -> list[_PlanEntry]:
    entries: list[_PlanEntry] = []
    for variable in sorted(name for name in environment if name.startswith(_PLAN_PREFIX)):
        rest = variable.removeprefix(_PLAN_PREFIX).lower()
        limit = next((limit for limit in PLAN_LIMITS if rest.endswith("_" + limit)), "")
        plan = rest.removesuffix("_" + limit)
        if limit and _PLAN_NAME.fullmatch(plan):
            entries.append((plan, limit, environment[variable], variable))
        else:
            faults.append(f"{variable}: must be {_PLAN_PREFIX}NAME_LIMIT with LIMIT one of {', '.join(PLAN_LIMITS).upper()}.")
    return entries


def _parse_limit(given: object) -> int | None:
    """A limit of a plan: a whole number above 0, or the word none (TOML has no null)."""
    if isinstance(given, str) and given.strip().lower() == "none":
        return None
    try:
        number = _parse_int(given)
    except ValueError:
        number = 0
    if number < 1:
        raise ValueError('must be a whole number above 0, or "none"')
    return number
