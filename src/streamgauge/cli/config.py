"""streamgauge config: are the settings right, and where does each come from?"""

import re

import click

from streamgauge.cli.configuration import load_merged, with_settings
from streamgauge.cli.tables import print_table
from streamgauge.kernel.settings import PLAN_LIMITS, SETTINGS

_PASSWORD = re.compile(r"(://[^/@:]*:)[^@]*@")


@click.group()
def config() -> None:
    """Look at the settings."""


@config.command()
@with_settings
def check(data_dir: str | None, config: str | None) -> None:
    """Validate all settings and show each with its origin. Every fault is reported at once."""
    settings, origins = load_merged(config, data_dir=data_dir)
    names = [name for name in SETTINGS if name != "plans"]
    rows = [(name, _without_secrets(name, str(getattr(settings, name))), origins[name]) for name in names]
    print_table(("SETTING", "VALUE", "FROM"), rows)
    click.echo()
    plans = [(plan.name, *(_limit_text(getattr(plan, limit)) for limit in PLAN_LIMITS)) for plan in settings.plans.values()]
    print_table(("PLAN", *(limit.upper() for limit in PLAN_LIMITS)), plans)
    click.echo("The settings are valid.", err=True)


def _limit_text(limit: int | None) -> str:
    return "none" if limit is None else str(limit)


def _without_secrets(name: str, value: str) -> str:
    if name.endswith("_secret"):
        return "***" if value else ""
    return _PASSWORD.sub(r"\1***@", value)
