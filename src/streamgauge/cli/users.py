"""streamgauge users: people who sign in in the browser."""

import click

from streamgauge.cli.configuration import load_settings, with_settings
from streamgauge.cli.controlling import changed_control, opened_control
from streamgauge.cli.running import address_of
from streamgauge.cli.tables import print_table
from streamgauge.cli.words import moment_text


@click.group()
def users() -> None:
    """List people, and help those who lost their password."""


@users.command("list")
@with_settings
def list_(data_dir: str | None, config: str | None) -> None:
    """List the people who can sign in."""
    with opened_control(load_settings(config, data_dir=data_dir)) as control:
        found = [(user, control.people.projects_of(user.user_id)) for user in control.people.users()]
    rows = [
        (
            user.user_id,
            user.email,
            user.name,
            ", ".join(f"{project.name} ({project.role})" for project in projects),
            moment_text(user.created_at_ms),
        )
        for user, projects in found
    ]
    print_table(("ID", "E-MAIL", "NAME", "PROJECTS", "CREATED"), rows)


@users.command()
@click.argument("email")
@with_settings
def link(email: str, data_dir: str | None, config: str | None) -> None:
    """Print a link by which the person of this E-MAIL address sets a new password, once, within a day."""
    settings = load_settings(config, data_dir=data_dir)
    with changed_control(settings) as control:
        user, token = control.people.make_link(email)
    base = settings.public_url.rstrip("/") or address_of(settings) or f"http://{settings.host}:{settings.port}"
    click.echo(f"For {user.name} <{user.email}>; it works once, and for a day.", err=True)
    click.echo(f"{base}/new-password?token={token}")
