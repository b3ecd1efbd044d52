"""Where settings come from: the command's flags, the environment and the file, read here and merged by the kernel."""

import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from streamgauge.kernel.settings import CONFIG_VARIABLE, InvalidSettings, Merged, Settings, merge_settings

CONFIG_FILE = "streamgauge.toml"

_Command = TypeVar("_Command", bound=Callable[..., Any])


def with_settings(command: _Command) -> _Command:
    """The options that every command takes."""
    data_dir = click.option("--data-dir", metavar="FOLDER", help="Folder that holds everything.  [default: ./data]")
    config = click.option("--config", metavar="FILE", help=f"Settings file.  [default: ./{CONFIG_FILE}, when it exists]")
    return data_dir(config(command))


def load_settings(config: str | None, **flags: object) -> Settings:
    """The settings of this command; ends the command with every fault when they cannot be used."""
    return load_merged(config, **flags).settings


def load_merged(config: str | None, **flags: object) -> Merged:
    """As `load_settings`, with the origin of each. The data folder is made absolute."""
    path = _config_path(config)
    faults: list[str] = []
    table = _read_file(path, faults) if path else {}
    try:
        merged = merge_settings(flags, os.environ, table, str(path))
    except InvalidSettings as exc:
        faults.extend(exc.faults)
    if faults:
        raise click.ClickException("\n  ".join([_count(faults), *faults]))
    data_dir = Path(os.path.abspath(merged.settings.data_dir.expanduser()))
    return merged._replace(settings=msgspec.structs.replace(merged.settings, data_dir=data_dir))


def _config_path(config: str | None) -> Path | None:
    named = config or os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    path = Path(CONFIG_FILE)
    return path if path.exists() else None


def _read_file(path: Path, faults: list[str]) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as exc:
        faults.append(f"{path}: cannot be read: {exc.strerror}. Name another file with --config.")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        faults.append(f"{path}: is not TOML: {exc}.")
    return {}


def _count(faults: list[str]) -> str:
    return "1 fault in the settings:" if len(faults) == 1 else f"{len(faults)} faults in the settings:"
