"""streamgauge projects: the owners of keys, websites and events."""

import click

from streamgauge.cli.configuration import load_settings, with_settings
from streamgauge.cli.controlling import changed_control, opened_control
from streamgauge.cli.tables import print_table


@click.group()
def projects() -> None:
    """Create and list projects."""


@projects.command()
@click.argument("name")
@with_settings
def create(name: str, data_dir: str | None, config: str | None) -> None:
    """Create the project NAME and print its id."""
    with changed_control(load_settings(config, data_dir=data_dir)) as control:
        project = control.create_project(name)
    click.echo(project.project_id)


@projects.command("list")
@with_settings
def list_(data_dir: str | None, config: str | None) -> None:
    """List the projects."""
    with opened_control(load_settings(config, data_dir=data_dir)) as control:
        found = control.projects()
    print_table(("ID", "NAME"), [(project.project_id, project.name) for project in found])
