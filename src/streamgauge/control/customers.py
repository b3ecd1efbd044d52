"""Customers: read from the database by indexed look-ups, for a project may have hundreds of thousands of them.

Promises
- An external id or alias belongs to one customer of the project. Whose an event is, is found out when a question is asked, not
  when the event comes: an alias that is added takes its earlier events along.
- Customers form trees: none is its own ancestor.

Limits: MAX_ALIASES per customer; a tree is at most MAX_DEPTH deep; a question about a customer and all below it is about at most
MAX_SCOPE_IDS ids.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import Column, ColumnElement, Connection, Row, and_, delete, false, func, insert, not_, or_, select, true, update

from streamgauge.control.database import Database
from streamgauge.control.metering_tables import customer_ids, customers, entitlements
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.customer import (
    CustomerChange,
    CustomerFilter,
    CustomerSortKey,
    CustomerSpec,
    CustomerTest,
    CustomerText,
    TextOperator,
)
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.metering import Address, Customer, CustomerScope
from streamgauge.kernel.refusal import Reason, Refusal

MAX_ALIASES = 100
MAX_DEPTH = 10
MAX_SCOPE_IDS = 10_000
_address = msgspec.json.Decoder(Address)
_TEXTS: Mapping[CustomerText, Column[str]] = {
    CustomerText.ID: customers.c.customer_id,
    CustomerText.EXTERNAL_ID: customers.c.external_id,
    CustomerText.NAME: customers.c.name,
    CustomerText.EMAIL: customers.c.email,
    CustomerText.CONTACT: customers.c.contact,
    CustomerText.TIMEZONE: customers.c.timezone,
}
_SORT_COLUMNS: Mapping[CustomerSortKey, Column[Any]] = {
    CustomerSortKey.CREATED_AT: customers.c.created_at_ms,
    CustomerSortKey.UPDATED_AT: customers.c.updated_at_ms,
    CustomerSortKey.NAME: customers.c.name,
    CustomerSortKey.EXTERNAL_ID: customers.c.external_id,
    CustomerSortKey.EMAIL: customers.c.email,
}


class Customers:
    """The customers of all projects. Safe to use from several threads; each call waits for the disk."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._mint = IdMint(clock)
        self._change_lock = threading.Lock()
        self._versions: dict[str, int] = {}
        self._watchers: tuple[Callable[[str, Sequence[str]], None], ...] = ()

    def watch(self, watcher: Callable[[str, Sequence[str]], None]) -> None:
        """Have every change told to it before the change returns: the project's id, and all ids of the customer, old and new."""
        self._watchers = (*self._watchers, watcher)

    def version(self, project_id: str) -> int:
        """Another number after every change of one of the project's customers by this process. From memory."""
        return self._versions.get(project_id, 0)

    def get(self, project_id: str, customer_id: str) -> Customer:
        """Raises Refusal not_found."""
        with self._database.reading() as connection:
            return _get(connection, project_id, customer_id)

    def find(self, project_id: str, external_id: str) -> Customer | None:
        """The customer that has this external id, or this alias."""
        with self._database.reading() as connection:
            return _find(connection, project_id, external_id)

    def lookup(self, project_id: str, key: str) -> Customer:
        """As `find`. Raises Refusal not_found."""
        found = self.find(project_id, key)
        if found is None:
            raise Refusal(Reason.NOT_FOUND, f"Customer with lookup key {key[:100]} was not found")
        return found

    def scope(self, project_id: str, external_id: str, include_children: bool = False) -> CustomerScope:
        """Whose events are meant by an external id or alias. An id of no customer means itself.

        Raises Refusal invalid_parameter when customers with more than MAX_SCOPE_IDS ids would roll up.
        """
        with self._database.reading() as connection:
            found = _find(connection, project_id, external_id)
            if found is None:
                return CustomerScope((external_id,))
            external_ids = (found.external_id, *found.aliases)
            if include_children:
                below = _descendants(connection, project_id, found.customer_id)
                external_ids += tuple(_ids_of(connection, below))
                if len(external_ids) > MAX_SCOPE_IDS:
                    raise _too_many_below()
            return CustomerScope(tuple(dict.fromkeys(external_ids)), found)

    def children(
        self, project_id: str, customer_id: str, limit: int, offset: int, *, newest_first: bool = True
    ) -> tuple[list[Customer], int]:
        """The customers right below one, and how many there are. Raises Refusal not_found."""
        self.get(project_id, customer_id)
        return self.page(project_id, CustomerFilter(parent_ids=(customer_id,)), limit, offset, newest_first=newest_first)

    def page(
        self, project_id: str, wanted: CustomerFilter, limit: int, offset: int, *, newest_first: bool = True
    ) -> tuple[list[Customer], int]:
        """Customers of the project and how many fulfil the filter in all."""
        where = and_(_of_project(project_id, wanted), *_conditions(project_id, wanted))
        query = select(customers).where(where).order_by(*_order(wanted, newest_first=newest_first))
        with self._database.reading() as connection:
            rows = connection.execute(query.limit(limit).offset(offset)).all()
            total = connection.execute(select(func.count()).select_from(customers).where(where)).scalar_one()
            return _customers(connection, rows), total

    def create(self, project_id: str, spec: CustomerSpec) -> Customer:
        """Raises Refusal already_exists, not_found (the parent), invalid_parameter (too many aliases, too deep a tree)."""
        with self._change_lock, self._database.recording() as connection:
            now_ms = self._clock.now_ms()
            made = Customer(
                customer_id=self._mint.mint("cust"),
                project_id=project_id,
                created_at_ms=now_ms,
                updated_at_ms=now_ms,
                **{name: getattr(spec, name) for name in spec.__struct_fields__},
            )
            _require_parent(connection, made)
            _require_free(connection, made)
            connection.execute(insert(customers).values(**_values(made)))
            _keep_ids(connection, made)
        self._changed(project_id, made)
        return made

    def update(self, project_id: str, customer_id: str, change: CustomerChange) -> Customer:
        """The customer as it is afterwards. Raises Refusal not_found, already_exists, invalid_parameter."""
        with self._change_lock, self._database.recording() as connection:
            before = _get(connection, project_id, customer_id)
            given = {name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not UNSET}
            if change.address is not UNSET:
                given["address"] = msgspec.structs.replace(before.address, **change.address)
            after = msgspec.structs.replace(before, **given, updated_at_ms=max(self._clock.now_ms(), before.updated_at_ms + 1))
            if after.parent_id != before.parent_id:
                _require_parent(connection, after)
            _require_free(connection, after)
            connection.execute(update(customers).where(customers.c.customer_id == customer_id).values(**_values(after)))
            connection.execute(delete(customer_ids).where(customer_ids.c.customer_id == customer_id))
            _keep_ids(connection, after)
        self._changed(project_id, before, after)
        return after

    def delete(self, project_id: str, customer_id: str) -> None:
        """Also its entitlements; its events stay, and its children are nobody's. Raises Refusal not_found."""
        with self._change_lock, self._database.recording() as connection:
            gone = _get(connection, project_id, customer_id)
            connection.execute(update(customers).where(_children_of(project_id, [customer_id])).values(parent_id=""))
            connection.execute(delete(entitlements).where(entitlements.c.customer_id == customer_id))
            connection.execute(delete(customer_ids).where(customer_ids.c.customer_id == customer_id))
            connection.execute(delete(customers).where(customers.c.customer_id == customer_id))
        self._changed(project_id, gone)

    def _changed(self, project_id: str, *versions: Customer) -> None:
        with self._change_lock:
            self._versions = {**self._versions, project_id: self.version(project_id) + 1}
        ids = [external_id for version in versions for external_id in (version.external_id, *version.aliases)]
        for watcher in self._watchers:
            watcher(project_id, ids)


def _get(connection: Connection, project_id: str, customer_id: str) -> Customer:
    own = and_(customers.c.customer_id == customer_id, customers.c.project_id == project_id)
    row = connection.execute(select(customers).where(own)).one_or_none()
    if row is None:
        raise Refusal(Reason.NOT_FOUND, f"Customer with ID {customer_id[:100]} was not found")
    return _customers(connection, [row])[0]


def _find(connection: Connection, project_id: str, external_id: str) -> Customer | None:
    named = and_(customer_ids.c.project_id == project_id, customer_ids.c.external_id == external_id)
    query = select(customers).join(customer_ids, customer_ids.c.customer_id == customers.c.customer_id).where(named)
    rows = connection.execute(query).all()
    return _customers(connection, rows)[0] if rows else None


def _of_project(project_id: str, wanted: CustomerFilter) -> ColumnElement[bool]:
    if wanted.customer_ids is None and wanted.external_ids is None:
        return customers.c.project_id == project_id
    # Those that are named are looked up, and the project only compared: without statistics SQLite would rather walk all of it.
    return customers.c.project_id.concat("") == project_id


def _conditions(project_id: str, wanted: CustomerFilter) -> Iterable[ColumnElement[bool]]:
    column = customers.c
    if wanted.customer_ids is not None:
        yield column.customer_id.in_(wanted.customer_ids)
    if wanted.external_ids is not None:
        named = and_(customer_ids.c.project_id == project_id, customer_ids.c.external_id.in_(wanted.external_ids))
        yield column.customer_id.in_(select(customer_ids.c.customer_id).where(named))
    if wanted.email is not None:
        yield column.email == wanted.email
    if wanted.parent_ids is not None:
        yield column.parent_id.in_(wanted.parent_ids)
    if wanted.made_from_ms is not None:
        yield column.created_at_ms >= wanted.made_from_ms
    if wanted.made_before_ms is not None:
        yield column.created_at_ms < wanted.made_before_ms
    for key, value in wanted.metadata.items():
        pair = func.json_each(column.metadata).table_valued("key", "value")
        yield select(1).select_from(pair).where(and_(pair.c.key == key, pair.c.value == value)).exists()
    for test in wanted.tests:
        yield _test(test)


def _test(test: CustomerTest) -> ColumnElement[bool]:
    column = _TEXTS[test.text]
    match test.operator:
        case TextOperator.EQUALS | TextOperator.IN:
            return column.in_(test.values)
        case TextOperator.NOT_IN:
            return column.not_in(test.values)
        case TextOperator.CONTAINS:
            return or_(false(), *(column.icontains(value, autoescape=True) for value in test.values))
        case TextOperator.NOT_CONTAINS:
            return and_(true(), *(not_(column.icontains(value, autoescape=True)) for value in test.values))


def _order(wanted: CustomerFilter, *, newest_first: bool) -> Iterable[ColumnElement[object]]:
    for sort in wanted.sort:
        column = _SORT_COLUMNS[sort.key]
        yield column.desc() if sort.descending else column.asc()
    for last in (customers.c.created_at_ms, customers.c.customer_id):
        yield last.desc() if newest_first else last.asc()


def _require_free(connection: Connection, wanted: Customer) -> None:
    """Raises Refusal already_exists when another customer has one of the ids; invalid_parameter when there are too many."""
    names = (wanted.external_id, *wanted.aliases)
    if len(wanted.aliases) > MAX_ALIASES or len(set(names)) < len(names):
        expected = f"at most {MAX_ALIASES} ids, each once, and none of them the external_id"
        raise _invalid("aliases", expected)
    taken = and_(
        customer_ids.c.project_id == wanted.project_id,
        customer_ids.c.external_id.in_(names),
        customer_ids.c.customer_id != wanted.customer_id,
    )
    found = connection.execute(select(customer_ids.c.external_id).where(taken).limit(1)).scalar()
    if found is not None:
        message = "A customer with this identifier already exists"
        raise Refusal(Reason.ALREADY_EXISTS, message, field="external_id", details={"external_id": found})


def _require_parent(connection: Connection, wanted: Customer) -> None:
    """Raises Refusal not_found when there is no such parent, invalid_parameter when it lies below, or the tree gets too deep."""
    ancestor, depth = wanted.parent_id, 0
    while ancestor:
        depth += 1
        if ancestor == wanted.customer_id:
            raise _invalid("parent_customer_id", "a customer that is not below this one")
        if depth >= MAX_DEPTH:
            raise _invalid("parent_customer_id", f"a tree of customers at most {MAX_DEPTH} deep")
        ancestor = _get(connection, wanted.project_id, ancestor).parent_id
    if wanted.parent_id:
        _require_shallow(connection, wanted, MAX_DEPTH - depth - 1)


def _require_shallow(connection: Connection, wanted: Customer, levels: int) -> None:
    """Raises Refusal when more levels of customers lie below the one than may."""
    below = [wanted.customer_id]
    for _ in range(levels + 1):
        below = list(connection.execute(select(customers.c.customer_id).where(_children_of(wanted.project_id, below))).scalars())
        if not below:
            return
    raise _invalid("parent_customer_id", f"a tree of customers at most {MAX_DEPTH} deep")


def _descendants(connection: Connection, project_id: str, customer_id: str) -> list[str]:
    """customer_ids of all that lie below. Raises Refusal when there are too many."""
    found: list[str] = []
    level = [customer_id]
    while level:
        query = select(customers.c.customer_id).where(_children_of(project_id, level)).limit(MAX_SCOPE_IDS + 1)
        level = list(connection.execute(query).scalars())
        found += level
        if len(found) > MAX_SCOPE_IDS:
            raise _too_many_below()
    return found


def _too_many_below() -> Refusal:
    return _invalid("include_children", f"a customer that has, with all customers below it, at most {MAX_SCOPE_IDS:,} ids")


def _children_of(project_id: str, parents: Sequence[str]) -> ColumnElement[bool]:
    return and_(customers.c.project_id == project_id, customers.c.parent_id.in_(parents))


def _ids_of(connection: Connection, customers_: Sequence[str]) -> Iterable[str]:
    if not customers_:
        return ()
    query = select(customer_ids.c.external_id).where(customer_ids.c.customer_id.in_(customers_))
    return connection.execute(query.limit(MAX_SCOPE_IDS + 1)).scalars()


def _keep_ids(connection: Connection, customer: Customer) -> None:
    for name in (customer.external_id, *customer.aliases):
        row = {"project_id": customer.project_id, "external_id": name, "customer_id": customer.customer_id}
        connection.execute(insert(customer_ids).values(**row))


def _customers(connection: Connection, rows: Sequence[Row[tuple[object, ...]]]) -> list[Customer]:
    """The rows as customers, with their aliases in the order of their texts."""
    aliases: dict[str, list[str]] = {row._mapping["customer_id"]: [] for row in rows}
    query = select(customer_ids.c.customer_id, customer_ids.c.external_id).where(customer_ids.c.customer_id.in_(list(aliases)))
    for owner, name in connection.execute(query.order_by(customer_ids.c.external_id)):
        aliases[owner].append(name)
    return [_customer(row, aliases[row._mapping["customer_id"]]) for row in rows]


def _customer(row: Row[tuple[object, ...]], names: Sequence[str]) -> Customer:
    columns = row._mapping
    parsed = {
        "address": _address.decode(columns["address"]),
        "metadata": msgspec.json.decode(columns["metadata"]),
        "aliases": tuple(name for name in names if name != columns["external_id"]),
    }
    return Customer(**{**columns, **parsed})


def _values(customer: Customer) -> Mapping[str, object]:
    columns = {name: getattr(customer, name) for name in customer.__struct_fields__ if name != "aliases"}
    texts = {"address": _json(customer.address), "metadata": _json(dict(customer.metadata))}
    return {**columns, **texts}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _invalid(field: str, expected: str) -> Refusal:
    details = {"field": field, "expected": expected}
    return Refusal(Reason.INVALID_PARAMETER, "Request validation failed", field=field, expected=expected, details=details)
