"""Which table a statement reads: customer_events only where it holds all that is asked for."""

import pytest

from streamgauge.kernel.query import Field, FieldKey, Filter, Key, PropertyKey, Selection
from streamgauge.kernel.website import Operator
from streamgauge.query.clauses import events_table

CUSTOMER = Filter(FieldKey(Field.CUSTOMER_ID), ("c1", "c2"))
REGION = Filter(PropertyKey("region"), ("eu",))
CASES: dict[str, tuple[tuple[Filter, ...], tuple[Key, ...], str]] = {
    "one customer": ((CUSTOMER,), (), "customer_events"),
    "a customer and a property": ((CUSTOMER, REGION), (PropertyKey("tier"),), "customer_events"),
    "a customer by source": ((CUSTOMER,), (FieldKey(Field.SOURCE), FieldKey(Field.ACCOUNT_ID)), "customer_events"),
    "no customer": ((REGION,), (), "events"),
    "nothing": ((), (), "events"),
    "also events of no customer": ((Filter(FieldKey(Field.CUSTOMER_ID), ("c1", "")),), (), "events"),
    "all but a customer": ((Filter(FieldKey(Field.CUSTOMER_ID), ("c1",), Operator.IS_NOT),), (), "events"),
    "part of a customer's id": ((Filter(FieldKey(Field.CUSTOMER_ID), ("c",), Operator.CONTAINS),), (), "events"),
    "a property named like the field": ((Filter(PropertyKey("customer_id"), ("c1",)),), (), "events"),
    "an event id": ((CUSTOMER, Filter(FieldKey(Field.EVENT_ID), ("e",))), (), "events"),
    "by event id": ((CUSTOMER,), (FieldKey(Field.EVENT_ID),), "events"),
}


@pytest.mark.parametrize(("filters", "group_by", "table"), CASES.values(), ids=CASES)
def test_the_table_is_chosen_by_what_is_asked(filters: tuple[Filter, ...], group_by: tuple[Key, ...], table: str) -> None:
    assert events_table(Selection("p", 0, 1, "e", filters), group_by) == table
