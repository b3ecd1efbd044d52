"""streamgauge websites: what events of the theBizness door belong to."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from streamgauge.cli.configuration import load_settings, with_settings
from streamgauge.cli.controlling import changed_control, opened_control
from streamgauge.cli.tables import print_table
from streamgauge.kernel.refusal import Reason, Refusal

if TYPE_CHECKING:
    from streamgauge.control import Control
    from streamgauge.kernel.website import Website

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _with_details(command: _Command) -> _Command:
    name = click.option("--name", help="Name for the lists.  [default: the domain]")
    origins = click.option(
        "--origin",
        "origins",
        multiple=True,
        help="Origin whose pages may send events, such as https://shop.example.com; may be repeated.  "
        "[default: the domain and its subdomains]",
    )
    identity = click.option("--identity", help="How visitors are told apart: daily (a daily hash) or cookie.  [default: daily]")
    return name(origins(identity(command)))


@click.group()
def websites() -> None:
    """Create, list, change and delete websites."""


@websites.command()
@click.option("--project", required=True, help="Name of the project; it is created when it does not exist.")
@click.option("--domain", required=True, help="Bare domain, such as example.com.")
@click.option("--id", "website_id", help="Id that events will name.  [default: one is made]")
@click.option("--timezone", default="UTC", show_default=True, help="IANA time zone in which its days are cut.")
@click.option("--currency", default="USD", show_default=True, help="ISO 4217 code of its revenue.")
@_with_details
@with_settings
def create(
    project: str, origins: tuple[str, ...], identity: str | None, data_dir: str | None, config: str | None, **details: Any
) -> None:
    """Create a website and print its id."""
    with changed_control(load_settings(config, data_dir=data_dir)) as control:
        from streamgauge.control import WebsiteSpec

        spec = WebsiteSpec(allowed_origins=origins, identity=identity or "daily", **details)
        website = control.create_website(project, spec)
    click.echo(website.website_id)


@websites.command("list")
@click.option("--project", help="Only the websites of the project of this name.")
@with_settings
def list_(project: str | None, data_dir: str | None, config: str | None) -> None:
    """List the websites."""
    with opened_control(load_settings(config, data_dir=data_dir)) as control:
        names = {found.project_id: found.name for found in control.projects()}
        if project is not None and project not in names.values():
            raise Refusal(Reason.NOT_FOUND, f"There is no project {project!r}. See: streamgauge projects list")
        found = control.websites()
    rows = [
        (site.website_id, names[site.project_id], site.domain, site.timezone, site.currency, site.identity.value, site.name)
        for site in found
        if project in (None, names[site.project_id])
    ]
    print_table(("ID", "PROJECT", "DOMAIN", "TIMEZONE", "CURRENCY", "IDENTITY", "NAME"), rows)


@websites.command()
@click.argument("website_id")
@click.option("--domain", help="Bare domain, such as example.com.")
@click.option("--timezone", help="IANA time zone in which its days are cut.")
@click.option("--currency", help="ISO 4217 code of its revenue.")
@click.option("--any-origin-of-domain", is_flag=True, help="Forget the origins: pages of the domain may send again.")
@_with_details
@with_settings
def update(
    website_id: str,
    origins: tuple[str, ...],
    any_origin_of_domain: bool,
    data_dir: str | None,
    config: str | None,
    **details: str | None,
) -> None:
    """Change the website WEBSITE_ID; what is not named stays as it is."""
    if origins and any_origin_of_domain:
        raise click.UsageError("--origin and --any-origin-of-domain exclude each other.")
    with changed_control(load_settings(config, data_dir=data_dir)) as control:
        from streamgauge.control import WebsiteChange

        given: dict[str, Any] = {field: value for field, value in details.items() if value is not None}
        if origins or any_origin_of_domain:
            given["allowed_origins"] = origins
        if not given:
            raise click.UsageError("Nothing to change was named.")
        website = _existing(control, website_id)
        control.update_website(website.project_id, website_id, WebsiteChange(**given))
    click.echo(f"{website_id} is changed.", err=True)


@websites.command()
@click.argument("website_id")
@click.confirmation_option(
    "--yes", prompt="New events of the website will be refused, and its conversion events are lost. Delete it?"
)
@with_settings
def delete(website_id: str, data_dir: str | None, config: str | None) -> None:
    """Delete the website WEBSITE_ID and its conversion events. Its events stay stored."""
    with changed_control(load_settings(config, data_dir=data_dir)) as control:
        website = _existing(control, website_id)
        control.delete_website(website.project_id, website_id)
    click.echo(f"{website_id} is deleted.", err=True)


def _existing(control: "Control", website_id: str) -> "Website":
    website = control.website(website_id)
    if website is None:
        raise Refusal(Reason.NOT_FOUND, f"There is no website {website_id!r}. See: streamgauge websites list")
    return website
