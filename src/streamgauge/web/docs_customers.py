"""The routes about customers, as the OpenAPI document tells them."""

from collections.abc import Mapping
from types import MappingProxyType

from streamgauge.control.customers import MAX_ALIASES, MAX_DEPTH
from streamgauge.kernel.customer import CustomerSortKey, CustomerText, TextOperator
from streamgauge.web.openapi import RouteDoc, Schema, Tag
from streamgauge.web.schemas import in_query, object_of
from streamgauge.wire.fields import MAX_ID_LENGTH
from streamgauge.wire.flexprice.customers import ADDRESS_LENGTHS, MAX_CONTACT_LENGTH, MAX_EMAIL_LENGTH, MAX_NAME_LENGTH
from streamgauge.wire.flexprice.resources import DEFAULT_LIMIT, MAX_LIMIT

_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_ID: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_ID_LENGTH}
_IDS: Schema = {"type": "array", "items": _TEXT}
_PAIRS: Schema = {"type": "object", "additionalProperties": _TEXT}
_LOOKED_UP: Mapping[int, Schema] = MappingProxyType({404: {}})
_TAKEN: Mapping[int, Schema] = MappingProxyType({404: {}, 409: {}})
_CHANGES = "Takes a key with the scopes read and ingest."


def _in_path(name: str, description: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": _TEXT, "description": description}


_PAGE: Mapping[str, Schema] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    "offset": {**_COUNT, "default": 0},
    "order": {"type": "string", "enum": ["asc", "desc"], "default": "desc", "description": "By the time of making."},
}
_PAGING = tuple(in_query(name, schema, "Which part of the list.") for name, schema in _PAGE.items())
_SPEC: Mapping[str, Schema] = {
    "external_id": {**_ID, "description": "Under which events name the customer."},
    "name": {"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH},
    "email": {"type": "string", "maxLength": MAX_EMAIL_LENGTH},
    "contact": {"type": "string", "maxLength": MAX_CONTACT_LENGTH},
    **{f"address_{part}": {"type": "string", "maxLength": most} for part, most in ADDRESS_LENGTHS.items()},
    "address_country": {**_TEXT, "description": "ISO 3166 alpha-2."},
    "timezone": {**_TEXT, "default": "UTC", "description": "IANA name, in which days and months of its usage are cut."},
    "metadata": _PAIRS,
    "aliases": {
        "type": "array", "items": _ID, "uniqueItems": True, "maxItems": MAX_ALIASES,
        "description": "Further ids under which events name the customer; earlier events count too.",
    },
    "parent_customer_id": {**_TEXT, "description": f"The customer it rolls up to. Trees are at most {MAX_DEPTH} deep."},
}  # fmt: skip
_SENT: Mapping[str, Schema] = {**_SPEC, "parent_external_id": {**_TEXT, "description": "Instead of parent_customer_id."}}
_FIELDS: Mapping[str, Schema] = {
    "id": _TEXT, **_SPEC, "tenant_id": _TEXT, "environment_id": _TEXT, "status": _TEXT,
    "created_at": _TIME, "updated_at": _TIME, "created_by": _TEXT, "updated_by": _TEXT,
}  # fmt: skip
_CUSTOMER = object_of(_FIELDS, *_FIELDS)
_PAGINATION = object_of({"total": _COUNT, "limit": _COUNT, "offset": _COUNT}, "total", "limit", "offset")
_LIST = object_of({"items": {"type": "array", "items": _CUSTOMER}, "pagination": _PAGINATION}, "items", "pagination")
_STATUS: Schema = {"type": "string", "enum": ["published", "archived", "deleted"], "description": "All are published."}
_WANTED: Mapping[str, Schema] = {
    "external_id": _TEXT, "email": _TEXT, "start_time": _TIME, "end_time": _TIME, "status": _STATUS,
}  # fmt: skip
_VALUE = object_of({"string": _TEXT, "array": _IDS})
_TEST = object_of(
    {
        "field": {"type": "string", "enum": list(CustomerText)},
        "operator": {"type": "string", "enum": list(TextOperator)},
        "value": _VALUE,
    },
    "field", "operator", "value",
)  # fmt: skip
_SORT = object_of({"field": {"type": "string", "enum": list(CustomerSortKey)}, "direction": _PAGE["order"]}, "field")
_SEARCH = object_of(
    {
        **_PAGE, **_WANTED, "customer_ids": _IDS, "external_ids": _IDS, "parent_customer_ids": _IDS, "metadata": _PAIRS,
        "filters": {"type": "array", "items": _TEST}, "sort": {"type": "array", "items": _SORT},
    }
)  # fmt: skip
_BY_ID = _in_path("id", "The customer's id, cust_...")
_BY_NAME = _in_path("external_id", "An external id or alias, slashes and all.")
_ALL = "/v1/customers"
_SAMPLE = {"external_id": "acme", "name": "Acme Ltd", "timezone": "Europe/Berlin", "aliases": ["acme-eu"]}

CUSTOMER_DOCS = (
    RouteDoc(
        "POST", _ALL, Tag.FLEXPRICE, "createCustomer", "Make a customer",
        f"Events need none; those that came before count for it. {_CHANGES}",
        request=object_of(_SENT, "external_id", "name"), example=_SAMPLE, success=201, reply=_CUSTOMER, also=_TAKEN,
    ),
    RouteDoc(
        "GET", _ALL, Tag.FLEXPRICE, "listCustomers", "Customers of the project",
        parameters=(*_PAGING, *(in_query(name, schema, "Only these.") for name, schema in _WANTED.items())), reply=_LIST,
    ),
    RouteDoc(
        "PUT", _ALL, Tag.FLEXPRICE, "updateCustomerByEitherId", "Change a customer",
        f"What is left out stays as it is. {_CHANGES}",
        parameters=(
            in_query("id", _TEXT, "This or external_customer_id."), in_query("external_customer_id", _TEXT, "This or id."),
        ),
        request=object_of(_SENT), example={"name": "Acme plc"}, reply=_CUSTOMER, also=_TAKEN,
    ),
    RouteDoc(
        "POST", f"{_ALL}/search", Tag.FLEXPRICE, "searchCustomers", "Search customers", "All that is given must be so.",
        request=_SEARCH, example={"external_ids": ["acme"]}, reply=_LIST,
    ),
    RouteDoc(
        "GET", f"{_ALL}/external/{{external_id}}", Tag.FLEXPRICE, "getCustomerByExternalId", "The customer with this id",
        parameters=(_BY_NAME,), reply=_CUSTOMER, also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", f"{_ALL}/lookup/{{external_id}}", Tag.FLEXPRICE, "lookUpCustomer", "The same",
        parameters=(_BY_NAME,), reply=_CUSTOMER, also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", f"{_ALL}/{{id}}/children", Tag.FLEXPRICE, "listChildCustomers", "The customers right below one",
        parameters=(_BY_ID, *_PAGING), reply=_LIST, also=_LOOKED_UP,
    ),
    RouteDoc(
        "GET", f"{_ALL}/{{id}}", Tag.FLEXPRICE, "getCustomer", "One customer",
        parameters=(_BY_ID,), reply=_CUSTOMER, also=_LOOKED_UP,
    ),
    RouteDoc(
        "PUT", f"{_ALL}/{{id}}", Tag.FLEXPRICE, "updateCustomer", "Change a customer",
        f"What is left out stays as it is. {_CHANGES}",
        parameters=(_BY_ID,), request=object_of(_SENT), example={"name": "Acme plc"}, reply=_CUSTOMER, also=_TAKEN,
    ),
    RouteDoc(
        "DELETE", f"{_ALL}/{{id}}", Tag.FLEXPRICE, "deleteCustomer", "Delete a customer, its aliases and its entitlements",
        f"Its events stay. {_CHANGES}",
        parameters=(_BY_ID,), success=204, also=_LOOKED_UP,
    ),
)  # fmt: skip
