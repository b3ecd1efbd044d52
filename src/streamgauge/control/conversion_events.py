"""Conversion events: which events of a website count as conversions, and what each of them is worth."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from streamgauge.control.tables import conversion_events
from streamgauge.control.website_rules import valid_currency, valid_name
from streamgauge.control.websites import existing_website
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.kernel.website import PAGE_VIEW, Condition, ConversionEvent, PageMatch
from streamgauge.kernel.website_settings import ConversionEventChange

MAX_CONVERSION_EVENTS = 100
"""Of one website: each of them is looked for in every answer about its conversions."""

_conditions = msgspec.json.Decoder(tuple[Condition, ...])
_page = msgspec.json.Decoder(PageMatch)


def create_conversion_event(
    connection: Connection, minted_id: str, project_id: str, website_id: str, wanted: ConversionEventChange, now_ms: int
) -> ConversionEvent:
    """Raises Refusal not_found (no such website in the project), missing_field, invalid_parameter."""
    website = existing_website(connection, project_id, website_id)
    if wanted.name is UNSET:
        raise _missing("name")
    blank = ConversionEvent(minted_id, website_id, "", "", currency=website.currency, created_at_ms=now_ms)
    made = _changed(blank, wanted, now_ms)
    _check_room(connection, website_id)
    connection.execute(insert(conversion_events).values(_row_of(made)))
    return made


def update_conversion_event(
    connection: Connection,
    project_id: str,
    website_id: str,
    conversion_event_id: str,
    change: ConversionEventChange,
    now_ms: int,
) -> ConversionEvent:
    """The conversion event as it is afterwards. Raises Refusal not_found, missing_field, invalid_parameter."""
    before = _existing(connection, project_id, website_id, conversion_event_id)
    after = _changed(before, change, now_ms)
    is_it = conversion_events.c.conversion_event_id == conversion_event_id
    connection.execute(update(conversion_events).where(is_it).values(_row_of(after)))
    return after


def delete_conversion_event(connection: Connection, project_id: str, website_id: str, conversion_event_id: str) -> None:
    """Raises Refusal not_found."""
    _existing(connection, project_id, website_id, conversion_event_id)
    connection.execute(delete(conversion_events).where(conversion_events.c.conversion_event_id == conversion_event_id))


def read_conversion_events(connection: Connection) -> Mapping[str, tuple[ConversionEvent, ...]]:
    """All of them by website, in the order of their making."""
    out: dict[str, list[ConversionEvent]] = {}
    order = (conversion_events.c.created_at_ms, conversion_events.c.conversion_event_id)
    for row in connection.execute(select(conversion_events).order_by(*order)):
        out.setdefault(row.website_id, []).append(_event_of(row))
    return {website_id: tuple(found) for website_id, found in out.items()}


def no_conversion_event(conversion_event_id: str) -> Refusal:
    return Refusal(Reason.NOT_FOUND, f"There is no conversion event {conversion_event_id[:128]!r}.")


def _changed(before: ConversionEvent, change: ConversionEventChange, now_ms: int) -> ConversionEvent:
    page = before.page if change.page is UNSET else change.page
    return msgspec.structs.replace(
        before,
        name=before.name if change.name is UNSET else valid_name(change.name),
        event_name=_event_name(before, change, page),
        conditions=before.conditions if change.conditions is UNSET else change.conditions,
        page=page,
        value=before.value if change.value is UNSET else change.value,
        currency=before.currency if change.currency is UNSET else valid_currency(change.currency),
        is_active=before.is_active if change.is_active is UNSET else change.is_active,
        updated_at_ms=now_ms,
    )


def _event_name(before: ConversionEvent, change: ConversionEventChange, page: PageMatch | None) -> str:
    """A page goal counts page views and nothing else; an event that was one must be told what else it counts now."""
    if page is None:
        if change.event_name is not UNSET:
            return change.event_name
        if before.page is not None or not before.event_name:
            raise _missing("event_name")
        return before.event_name
    if change.event_name not in (UNSET, PAGE_VIEW):
        expected = f"{PAGE_VIEW}, or no page"
        message = f"Invalid event_name {change.event_name!r}; with a page it must be {PAGE_VIEW}."
        raise Refusal(Reason.INVALID_PARAMETER, message, field="event_name", expected=expected)
    return PAGE_VIEW


def _missing(field: str) -> Refusal:
    return Refusal(Reason.MISSING_FIELD, f"Missing required field: {field}", field=field, expected="string")


def _existing(connection: Connection, project_id: str, website_id: str, conversion_event_id: str) -> ConversionEvent:
    existing_website(connection, project_id, website_id)
    query = select(conversion_events).where(
        conversion_events.c.conversion_event_id == conversion_event_id, conversion_events.c.website_id == website_id
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise no_conversion_event(conversion_event_id)
    return _event_of(row)


def _check_room(connection: Connection, website_id: str) -> None:
    of_website = conversion_events.c.website_id == website_id
    count = connection.execute(select(func.count()).select_from(conversion_events).where(of_website))
    if count.scalar_one() >= MAX_CONVERSION_EVENTS:
        expected = f"at most {MAX_CONVERSION_EVENTS} conversion events of a website"
        raise Refusal(Reason.INVALID_PARAMETER, f"There can be {expected}.", expected=expected)


def _row_of(one: ConversionEvent) -> dict[str, object]:
    row = msgspec.structs.asdict(one)
    row["conditions"] = msgspec.json.encode(one.conditions).decode()
    row["page"] = None if one.page is None else msgspec.json.encode(one.page).decode()
    row["value"] = None if one.value is None else format(one.value, "f")
    return row


def _event_of(row: Row[tuple[object, ...]]) -> ConversionEvent:
    fields = dict(row._mapping)
    fields["conditions"] = _conditions.decode(fields["conditions"])
    fields["page"] = None if fields["page"] is None else _page.decode(fields["page"])
    fields["value"] = None if fields["value"] is None else Decimal(fields["value"])
    return ConversionEvent(**fields)
