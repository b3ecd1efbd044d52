"""streamgauge websites: what events of the theBizness door belong to."""

import click

from streamgauge.cli.configuration import load_settings, with_settings
from streamgauge.cli.controlling import changed_control, opened_control
from streamgauge.cli.tables import print_table


@click.group()
def websites() -> None:
    """Create and list websites."""


@websites.command()
@click.option("--project", required=True, help="Name of the project; it is created when it does not exist.")
@click.option("--domain", required=True, help="Bare domain, such as example.com.")
@click.option("--id", "website_id", help="Id that events will name.  [default: one is made]")
@click.option("--timezone", default="UTC", show_default=True, help="IANA time zone in which its days are cut.")
@click.option("--currency", default="USD", show_default=True, help="ISO 4217 code of its revenue.")
@with_settings
def create(
    project: str, domain: str, website_id: str | None, timezone: str, currency: str, data_dir: str | None, config: str | None
) -> None:
    """Create a website and print its id."""
    with changed_control(load_settings(config, data_dir=data_dir)) as control:
        from streamgauge.control import WebsiteSpec

        spec = WebsiteSpec(domain=domain, website_id=website_id, timezone=timezone, currency=currency)
        website = control.create_website(project, spec)
    click.echo(website.website_id)


@websites.command("list")
@with_settings
def list_(data_dir: str | None, config: str | None) -> None:
    """List the websites."""
    with opened_control(load_settings(config, data_dir=data_dir)) as control:
        names = {project.project_id: project.name for project in control.projects()}
        found = control.websites()
    rows = [(site.website_id, names[site.project_id], site.domain, site.timezone, site.currency) for site in found]
    print_table(("ID", "PROJECT", "DOMAIN", "TIMEZONE", "CURRENCY"), rows)
