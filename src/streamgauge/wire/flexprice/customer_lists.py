"""Which customers are asked for at the Flexprice door: POST /v1/customers/search and the parameters of GET /v1/customers.

The published conditions `filters` (field, operator, value) are taken for texts; what cannot be searched by is refused by name
and not ignored, for a filter that is ignored gives a wrong list with a success status.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, TypeVar

from streamgauge.kernel.customer import (
    CustomerFilter,
    CustomerSort,
    CustomerSortKey,
    CustomerTest,
    CustomerText,
    TextOperator,
)
from streamgauge.kernel.metering import Status
from streamgauge.kernel.refusal import Reason
from streamgauge.wire.flexprice.payload import MAX_FILTER_VALUES, Payload
from streamgauge.wire.flexprice.resources import ListPage, page_of, refuse_field, texts_by_name
from streamgauge.wire.parameters import Pairs, one_of

_MAX_TESTS = 20
_ONLY_IN_BODIES = ("customer_ids", "external_ids", "parent_customer_ids", "metadata", "filters", "sort")
_STATUSES = (*Status, "deleted")
_Named = TypeVar("_Named", bound=StrEnum)


class CustomersAsked(NamedTuple):
    """wanted None: no customer at all, for none is archived or deleted and still there."""

    page: ListPage
    wanted: CustomerFilter | None


def parse_search(body: bytes) -> CustomersAsked:
    """Raises Refusal, and nothing else."""
    payload = Payload.from_body(body)
    return _asked(payload)


def parse_list(parameters: Pairs) -> CustomersAsked:
    """Raises Refusal, and nothing else."""
    payload = Payload.from_query_string(parameters)
    for name in _ONLY_IN_BODIES:
        if payload.has(name):
            raise refuse_field(name, "nothing: ask for it by POST /v1/customers/search")
    return _asked(payload)


def _asked(payload: Payload) -> CustomersAsked:
    page = page_of(payload)
    external_ids = _ids(payload, "external_ids")
    if external_id := payload.text("external_id"):
        external_ids = (external_id,) if external_ids is None or external_id in external_ids else ()
    status = payload.text("status")
    if status and status not in _STATUSES:
        raise refuse_field("status", one_of(_STATUSES))
    end_ms = payload.instant("end_time")
    wanted = CustomerFilter(
        customer_ids=_ids(payload, "customer_ids"),
        external_ids=external_ids,
        email=payload.text("email") or None,
        parent_ids=_ids(payload, "parent_customer_ids"),
        made_from_ms=payload.instant("start_time"),
        made_before_ms=None if end_ms is None else end_ms + 1,
        metadata=texts_by_name(payload, "metadata"),
        tests=_tests(payload),
        sort=_sort(payload),
    )
    return CustomersAsked(page, wanted if status in ("", Status.PUBLISHED) else None)


def _ids(payload: Payload, name: str) -> tuple[str, ...] | None:
    """None when absent, and when the list is empty: clients send empty lists for filters that were not set."""
    ids = payload.texts(name)
    if len(ids) > MAX_FILTER_VALUES:
        raise refuse_field(name, f"at most {MAX_FILTER_VALUES} ids")
    return ids or None


def _tests(payload: Payload) -> tuple[CustomerTest, ...]:
    return tuple(_test(given, f"filters[{place}]") for place, given in enumerate(_objects(payload, "filters")))


def _test(given: Mapping[str, object], place: str) -> CustomerTest:
    text = _named(given.get("field"), f"{place}.field", CustomerText)
    operator = _named(given.get("operator"), f"{place}.operator", TextOperator)
    value = given.get("value")
    if not isinstance(value, dict):
        raise refuse_field(f"{place}.value", "object with string or array", Reason.WRONG_TYPE)
    values = value.get("array")
    if values is None and type(value.get("string")) is str:
        values = [value["string"]]
    if not isinstance(values, list) or not values or len(values) > MAX_FILTER_VALUES:
        raise refuse_field(f"{place}.value", f"a string, or an array of 1 to {MAX_FILTER_VALUES} strings")
    if any(type(each) is not str for each in values):
        raise refuse_field(f"{place}.value.array", "strings", Reason.WRONG_TYPE)
    return CustomerTest(text, operator, tuple(values))


def _sort(payload: Payload) -> tuple[CustomerSort, ...]:
    return tuple(
        CustomerSort(_named(given.get("field"), f"sort[{place}].field", CustomerSortKey), _descending(given, f"sort[{place}]"))
        for place, given in enumerate(_objects(payload, "sort"))
    )


def _descending(given: Mapping[str, object], place: str) -> bool:
    direction = given.get("direction") or "desc"
    if direction not in ("asc", "desc"):
        raise refuse_field(f"{place}.direction", "asc or desc")
    return direction == "desc"


def _objects(payload: Payload, name: str) -> list[Mapping[str, object]]:
    given = payload.raw(name)
    if given is None:
        return []
    if not isinstance(given, list) or any(not isinstance(each, dict) for each in given):
        raise refuse_field(name, "list of objects", Reason.WRONG_TYPE)
    if len(given) > _MAX_TESTS:
        raise refuse_field(name, f"at most {_MAX_TESTS}")
    return given


def _named(value: object, field: str, known: type[_Named]) -> _Named:
    if type(value) is not str or value not in list(known):
        raise refuse_field(field, one_of(known))
    return known(value)
