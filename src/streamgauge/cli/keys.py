"""streamgauge keys: API keys. A secret is printed once, alone on standard output, so that a script can take it."""

import time

import click

from streamgauge.cli.configuration import load_settings, with_settings
from streamgauge.cli.controlling import changed_control, opened_control
from streamgauge.cli.tables import print_table
from streamgauge.cli.words import Duration, Expiry, moment_text, split_commas


@click.group()
def keys() -> None:
    """Create, list, revoke and rotate API keys."""


@keys.command()
@click.option("--project", required=True, help="Name of the project; it is created when it does not exist.")
@click.option("--plan", default="free", show_default=True, help="free, pro, enterprise, unlimited, or a plan of the settings.")
@click.option("--scope", "scopes", multiple=True, help="ingest, read, admin, separated by commas.  [default: ingest,read]")
@click.option("--expires", type=Expiry(), help="Last day (UTC) on which the key works, or an exact time.")
@click.option("--name", "label", default="", help="A label for the lists.")
@click.option("--door", default="any", show_default=True, help="any, solinth, thebizness or flexprice.")
@with_settings
def create(
    project: str,
    plan: str,
    scopes: tuple[str, ...],
    expires: int | None,
    label: str,
    door: str,
    data_dir: str | None,
    config: str | None,
) -> None:
    """Create a key and print it. It is shown only this once."""
    settings = load_settings(config, data_dir=data_dir)
    with changed_control(settings) as control:
        from streamgauge.control import DEFAULT_SCOPES, KeySpec

        wanted = split_commas(scopes) if scopes else DEFAULT_SCOPES
        spec = KeySpec(plan=plan, scopes=wanted, door=door, label=label, expires_at_ms=expires)
        new = control.create_key(project, spec)
    if expires is not None and expires <= time.time() * 1000:
        click.echo("Note: the key has expired already.", err=True)
    _show(new.key_id, new.secret)


@keys.command("list")
@with_settings
def list_(data_dir: str | None, config: str | None) -> None:
    """List the keys, without their secrets."""
    with opened_control(load_settings(config, data_dir=data_dir)) as control:
        records = control.keys()
    now_ms = int(time.time() * 1000)
    rows = [
        (
            record.key_id,
            record.project,
            record.prefix if "***" in record.prefix else f"{record.prefix}...",
            record.plan,
            ",".join(record.scopes),
            record.door,
            record.label,
            moment_text(record.created_at_ms),
            record.state(now_ms),
            moment_text(record.ends_at_ms),
        )
        for record in records
    ]
    print_table(("ID", "PROJECT", "KEY", "PLAN", "SCOPES", "DOOR", "NAME", "CREATED", "STATE", "ENDS"), rows)


@keys.command()
@click.argument("key_id")
@with_settings
def revoke(key_id: str, data_dir: str | None, config: str | None) -> None:
    """Refuse the key KEY_ID from now on."""
    with changed_control(load_settings(config, data_dir=data_dir)) as control:
        control.revoke_key(key_id)
    click.echo(f"{key_id} is revoked.", err=True)


@keys.command()
@click.argument("key_id")
@click.option("--grace", type=Duration(), default="24h", show_default=True, help="How long the old key still works.")
@with_settings
def rotate(key_id: str, grace: int, data_dir: str | None, config: str | None) -> None:
    """Make a new key in the place of KEY_ID and print it. It is shown only this once."""
    with changed_control(load_settings(config, data_dir=data_dir)) as control:
        new = control.rotate_key(key_id, grace)
    _show(new.key_id, new.secret)


def _show(key_id: str, secret: str) -> None:
    click.echo(f"{key_id} is ready. Keep the key: it cannot be shown again.", err=True)
    click.echo(secret)
