"""Websites: what events of the theBizness door belong to.

Their ids are unique across projects, for events carry only the id. An id stays with its project after the website is deleted,
because its events stay stored: the same project may make a website of that id again and has them back, another may not.
"""

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from streamgauge.control.tables import conversion_events, former_websites, websites
from streamgauge.control.website_rules import (
    valid_currency,
    valid_domain,
    valid_id,
    valid_identity,
    valid_name,
    valid_origins,
    valid_timezone,
)
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import Identity, Website
from streamgauge.kernel.website_settings import WebsiteChange, WebsiteSpec

MAX_WEBSITES = 1_000
"""Of one project."""


def create_website(connection: Connection, minted_id: str, project_id: str, spec: WebsiteSpec, now_ms: int) -> Website:
    """Raises Refusal invalid_parameter, already_exists."""
    domain = valid_domain(spec.domain)
    website = Website(
        website_id=valid_id(minted_id if spec.website_id is None else spec.website_id),
        project_id=project_id,
        domain=domain,
        timezone=valid_timezone(spec.timezone),
        currency=valid_currency(spec.currency),
        name=valid_name(domain if spec.name is None else spec.name),
        allowed_origins=valid_origins(spec.allowed_origins),
        identity=valid_identity(spec.identity),
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )
    _claim_id(connection, website)
    _check_room(connection, project_id)
    connection.execute(insert(websites).values(_row_of(website)))
    return website


def update_website(connection: Connection, project_id: str, website_id: str, change: WebsiteChange, now_ms: int) -> Website:
    """The website as it is afterwards. Raises Refusal not_found, invalid_parameter."""
    before = existing_website(connection, project_id, website_id)
    after = msgspec.structs.replace(
        before,
        domain=before.domain if change.domain is UNSET else valid_domain(change.domain),
        timezone=before.timezone if change.timezone is UNSET else valid_timezone(change.timezone),
        currency=before.currency if change.currency is UNSET else valid_currency(change.currency),
        name=before.name if change.name is UNSET else valid_name(change.name),
        allowed_origins=(before.allowed_origins if change.allowed_origins is UNSET else valid_origins(change.allowed_origins)),
        identity=before.identity if change.identity is UNSET else valid_identity(change.identity),
        updated_at_ms=now_ms,
    )
    connection.execute(update(websites).where(websites.c.website_id == website_id).values(_row_of(after)))
    return after


def delete_website(connection: Connection, project_id: str, website_id: str, now_ms: int) -> None:
    """The website and its conversion events; stored events stay, new ones are refused. Raises Refusal not_found."""
    existing_website(connection, project_id, website_id)
    connection.execute(delete(conversion_events).where(conversion_events.c.website_id == website_id))
    connection.execute(delete(websites).where(websites.c.website_id == website_id))
    former = {"website_id": website_id, "project_id": project_id, "deleted_at_ms": now_ms}
    connection.execute(insert(former_websites).values(former))


def existing_website(connection: Connection, project_id: str, website_id: str) -> Website:
    """Raises Refusal not_found, also when it is another project's."""
    query = select(websites).where(websites.c.website_id == website_id, websites.c.project_id == project_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise no_website(website_id)
    return _website_of(row)


def list_websites(connection: Connection) -> list[Website]:
    rows = connection.execute(select(websites).order_by(websites.c.created_at_ms, websites.c.website_id))
    return [_website_of(row) for row in rows]


def no_website(website_id: str) -> Refusal:
    return Refusal(Reason.NOT_FOUND, f"There is no website {website_id[:128]!r}.")


def _claim_id(connection: Connection, website: Website) -> None:
    taken = select(websites.c.website_id).where(websites.c.website_id == website.website_id)
    if connection.execute(taken).first() is not None:
        message = f"A website with the id {website.website_id!r} exists already; choose another id."
        raise Refusal(Reason.ALREADY_EXISTS, message, field="id", expected="an id that no website has")
    is_former = former_websites.c.website_id == website.website_id
    owner = connection.execute(select(former_websites.c.project_id).where(is_former)).scalar()
    if owner is not None and owner != website.project_id:
        message = f"The id {website.website_id!r} belonged to a website that was deleted; choose another id."
        raise Refusal(Reason.ALREADY_EXISTS, message, field="id", expected="an id that no website ever had")
    connection.execute(delete(former_websites).where(is_former))


def _check_room(connection: Connection, project_id: str) -> None:
    count = connection.execute(select(func.count()).select_from(websites).where(websites.c.project_id == project_id))
    if count.scalar_one() >= MAX_WEBSITES:
        expected = f"at most {MAX_WEBSITES:,} websites of a project"
        raise Refusal(Reason.INVALID_PARAMETER, f"There can be {expected}.", expected=expected)


def _row_of(website: Website) -> dict[str, object]:
    row = msgspec.structs.asdict(website)
    row["allowed_origins"] = msgspec.json.encode(website.allowed_origins).decode()
    row["identity"] = website.identity.value
    return row


def _website_of(row: Row[tuple[object, ...]]) -> Website:
    fields = dict(row._mapping)
    fields["allowed_origins"] = msgspec.json.decode(fields["allowed_origins"], type=tuple[str, ...])
    fields["identity"] = Identity(fields["identity"])
    return Website(**fields)
