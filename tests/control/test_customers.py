"""Customers in the control plane: whose an id is, trees, what a change changes, many of them."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event

from streamgauge.control import Control
from streamgauge.control import customers as room
from streamgauge.control.customers import Customers
from streamgauge.control.metering_tables import customer_ids
from streamgauge.control.metering_tables import customers as table
from streamgauge.kernel.clock import ManualClock
from streamgauge.kernel.customer import CustomerChange, CustomerFilter, CustomerSpec
from streamgauge.kernel.metering import Address, Customer, CustomerScope
from streamgauge.kernel.refusal import Reason, Refusal
from tests.control.conftest import NOON_MS


@pytest.fixture
def customers(control: Control) -> Customers:
    return control.customers


@pytest.fixture
def projects(control: Control) -> list[str]:
    return [control.create_project(name).project_id for name in ("one", "two")]


def spec(external_id: str, *aliases: str, **rest: Any) -> CustomerSpec:
    return CustomerSpec(external_id=external_id, name="N", aliases=aliases, **rest)


def refused(action: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        action()
    return caught.value


def test_what_is_made_comes_back_whole(customers: Customers, projects: list[str], other: Control) -> None:
    address = Address("1 Street", "2nd floor", "Berlin", "BE", "10115", "DE")
    wanted = CustomerSpec(
        external_id="c1", name="Käufer ☃", email="a@b.example", contact="1", address=address, timezone="Europe/Berlin",
        metadata={"'": '"'}, aliases=("a", "b"),
    )  # fmt: skip
    made = customers.create(projects[0], wanted)
    assert made.customer_id.startswith("cust_")
    assert {name: getattr(made, name) for name in wanted.__struct_fields__} == {
        name: getattr(wanted, name) for name in wanted.__struct_fields__
    }
    assert customers.get(projects[0], made.customer_id) == made == other.customers.get(projects[0], made.customer_id)


def test_an_id_of_nobody_is_its_own_scope(customers: Customers, projects: list[str]) -> None:
    assert customers.scope(projects[0], "nobody", include_children=True) == CustomerScope(("nobody",))
    assert customers.find(projects[0], "nobody") is None
    assert refused(lambda: customers.lookup(projects[0], "nobody")).reason is Reason.NOT_FOUND


def test_a_scope_has_all_ids_by_whichever_it_is_asked(customers: Customers, projects: list[str]) -> None:
    made = customers.create(projects[0], spec("c1", "z", "a"))
    for asked in ("c1", "a", "z"):
        scope = customers.scope(projects[0], asked)
        assert (scope.external_ids[0], sorted(scope.external_ids)) == ("c1", ["a", "c1", "z"])
        assert scope.customer == customers.get(projects[0], made.customer_id)
    assert customers.scope(projects[1], "c1") == CustomerScope(("c1",))


def test_a_scope_with_children_has_those_of_all_below(customers: Customers, projects: list[str]) -> None:
    project = projects[0]
    top = customers.create(project, spec("top"))
    left = customers.create(project, spec("left", "left too", parent_id=top.customer_id))
    customers.create(project, spec("right", parent_id=top.customer_id))
    customers.create(project, spec("low", parent_id=left.customer_id))
    customers.create(project, spec("beside"))
    assert customers.scope(project, "top").external_ids == ("top",)
    below = customers.scope(project, "top", include_children=True)
    assert (below.external_ids[0], set(below.external_ids)) == ("top", {"top", "left", "left too", "right", "low"})
    assert set(customers.scope(project, "left too", include_children=True).external_ids) == {"left", "left too", "low"}
    customers.delete(project, left.customer_id)
    assert set(customers.scope(project, "top", include_children=True).external_ids) == {"top", "right"}
    assert customers.scope(project, "left too") == CustomerScope(("left too",))


def test_more_ids_than_a_question_can_take_are_refused(
    customers: Customers, projects: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MAX_SCOPE_IDS", 4)
    project = projects[0]
    top = customers.create(project, spec("top"))
    for name in ("a", "b", "c"):
        customers.create(project, spec(name, parent_id=top.customer_id))
    assert len(customers.scope(project, "top", include_children=True).external_ids) == 4
    customers.create(project, spec("d", parent_id=top.customer_id))
    told = refused(lambda: customers.scope(project, "top", include_children=True))
    assert (told.reason, told.field) == (Reason.INVALID_PARAMETER, "include_children")
    customers.update(project, top.customer_id, CustomerChange(aliases=("e", "f", "g", "h", "i")))
    assert len(customers.scope(project, "top").external_ids) == 6  # One customer alone is never too many.


def test_an_alias_moves_from_one_customer_to_another(customers: Customers, projects: list[str]) -> None:
    project = projects[0]
    first, second = customers.create(project, spec("c1", "a")), customers.create(project, spec("c2"))
    told = refused(lambda: customers.update(project, second.customer_id, CustomerChange(aliases=("b", "a"))))
    assert (told.reason, told.details) == (Reason.ALREADY_EXISTS, {"external_id": "a"})
    assert customers.find(project, "b") is None
    customers.update(project, first.customer_id, CustomerChange(aliases=()))
    customers.update(project, second.customer_id, CustomerChange(aliases=("b", "a")))
    found = customers.find(project, "a")
    assert found is not None
    assert found.external_id == "c2"


def test_every_change_is_another_version_of_its_project_alone(customers: Customers, projects: list[str]) -> None:
    seen = [customers.version(projects[0])]
    made = customers.create(projects[0], spec("c1"))
    seen.append(customers.version(projects[0]))
    customers.update(projects[0], made.customer_id, CustomerChange(name="M"))
    seen.append(customers.version(projects[0]))
    refused(lambda: customers.create(projects[0], spec("c1")))
    assert customers.version(projects[0]) == seen[-1]
    customers.delete(projects[0], made.customer_id)
    seen.append(customers.version(projects[0]))
    assert len(set(seen)) == 4
    assert customers.version(projects[1]) == 0


def test_many_at_once_give_an_id_to_one(customers: Customers, projects: list[str]) -> None:
    def create(number: int) -> Customer | Reason:
        try:
            return customers.create(projects[0], spec(f"c{number}", "the same"))
        except Refusal as refusal:
            return refusal.reason

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(create, range(12)))
    assert results.count(Reason.ALREADY_EXISTS) == 11
    assert customers.page(projects[0], CustomerFilter(), 10, 0)[1] == 1


def test_parts_of_an_address_are_changed_one_by_one(customers: Customers, projects: list[str], clock: ManualClock) -> None:
    made = customers.create(projects[0], spec("c1", address=Address(city="Berlin")))
    clock.advance(5)
    changed = customers.update(projects[0], made.customer_id, CustomerChange(address={"line1": "1"}))
    assert (changed.address, changed.updated_at_ms) == (Address(line1="1", city="Berlin"), NOON_MS + 5_000)


def test_a_tree_has_no_cycle_however_it_is_tried(customers: Customers, projects: list[str]) -> None:
    project = projects[0]
    chain = [customers.create(project, spec("0"))]
    for number in range(1, 5):
        chain.append(customers.create(project, spec(str(number), parent_id=chain[-1].customer_id)))
    for place, customer in enumerate(chain):
        for below in chain[place:]:
            change = CustomerChange(parent_id=below.customer_id)
            told = refused(partial(customers.update, project, customer.customer_id, change))
            assert told.field == "parent_customer_id"
    stranger = customers.create(projects[1], spec("0"))
    change = CustomerChange(parent_id=stranger.customer_id)
    assert refused(lambda: customers.update(project, chain[0].customer_id, change)).reason is Reason.NOT_FOUND


MANY = 100_000
FEW_STEPS = 50_000
"""Of the database's machine, some ten for each row that it looks at: their number does not depend on who else works."""


def _fill(control: Control, project_id: str, count: int) -> None:
    rows: list[dict[str, Any]] = [
        {
            "customer_id": f"cust_{number:06}", "project_id": project_id, "external_id": f"c{number}", "name": f"N{number}",
            "email": "", "contact": "", "address": "{}", "timezone": "UTC", "metadata": "{}",
            "parent_id": "cust_000000" if 0 < number <= 100 else "", "created_at_ms": NOON_MS + number, "updated_at_ms": 0,
        }
        for number in range(count)
    ]  # fmt: skip
    ids = [{name: row[name] for name in ("project_id", "external_id", "customer_id")} for row in rows]
    with control._database.recording() as connection:  # To make them one by one would take minutes.
        connection.execute(table.insert(), rows)
        connection.execute(customer_ids.insert(), ids)


def test_of_a_hundred_thousand_customers_only_those_asked_for_are_looked_at(
    control: Control, customers: Customers, projects: list[str]
) -> None:
    project = projects[0]
    _fill(control, project, MANY)
    actions: dict[str, Callable[[], object]] = {
        "find": lambda: customers.find(project, "c99999"),
        "scope of one": lambda: customers.scope(project, "c0"),
        "scope of a hundred": lambda: customers.scope(project, "c0", include_children=True),
        "get": lambda: customers.get(project, "cust_050000"),
        "children": lambda: customers.children(project, "cust_000000", 50, 0),
        "search": lambda: customers.page(project, CustomerFilter(external_ids=("c1", "c2")), 50, 0),
        "create": lambda: customers.create(project, spec("new", "new too")),
        "update": lambda: customers.update(project, "cust_000001", CustomerChange(aliases=("other",))),
        "delete": lambda: customers.delete(project, "cust_000000"),
    }
    steps = {name: _steps_of(control, action) for name, action in actions.items()}
    assert {name: count for name, count in steps.items() if count > FEW_STEPS} == {}
    assert _steps_of(control, lambda: customers.page(project, CustomerFilter(email="x"), 50, 0)) > FEW_STEPS  # It does count.


def _steps_of(control: Control, action: Callable[[], object]) -> int:
    """How many steps the database's machine took for it, in hundreds."""
    hundreds = itertools.count()

    def watch(connection: Any, _record: object, _proxy: object) -> None:
        connection.set_progress_handler(lambda: next(hundreds) < 0, 100)

    engine = control._database._engine
    event.listen(engine, "checkout", watch)
    try:
        action()
    finally:
        event.remove(engine, "checkout", watch)
    return next(hundreds) * 100
