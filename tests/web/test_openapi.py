"""The OpenAPI document: valid, complete, and true about refusals."""

import json
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from streamgauge.kernel.refusal import Reason, kind_of
from streamgauge.web.doors import INGEST_ROUTES
from streamgauge.web.health import health_paths
from streamgauge.web.openapi import Tag
from streamgauge.web.queries import QUERY_ROUTES
from streamgauge.web.reference import reference_paths
from streamgauge.web.route_docs import DOORS, ROUTES, api_document

DOCUMENT: Any = json.loads(json.dumps(api_document("1.2.3")))
OPERATIONS = [
    pytest.param(method, path, operation, id=f"{method.upper()} {path}")
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def documented() -> set[tuple[str, str]]:
    """Method and path of all that the document names, root mounts included."""
    out = set()
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            out |= {(method.upper(), path), (method.upper(), operation.get("x-root-path", path))}
    return out


def test_the_document_is_valid() -> None:
    validate(DOCUMENT)


@pytest.mark.parametrize(
    "served",
    [
        pytest.param({("POST", path) for path in INGEST_ROUTES}, id="events"),
        pytest.param({(route.method, path) for route in QUERY_ROUTES for path in route.paths}, id="questions"),
        pytest.param({(path.method, path.path) for path in health_paths([])}, id="health"),
        pytest.param({(path.method, path.path) for path in reference_paths(DOCUMENT)}, id="the reference itself"),
    ],
)
def test_every_route_is_documented(served: set[tuple[str, str]]) -> None:
    assert served <= documented()


def test_every_documented_route_of_a_door_is_served() -> None:
    served = {("POST", path) for path in INGEST_ROUTES} | {(r.method, path) for r in QUERY_ROUTES for path in r.paths}
    of_doors = {
        (method.upper(), path)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
        if operation["tags"] != [Tag.SERVER.value]
    }
    assert of_doors <= served


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_routes_of_doors_need_a_key_and_others_do_not(method: str, path: str, operation: Any) -> None:
    is_server = operation["tags"] == [Tag.SERVER.value]
    assert operation["security"] == ([] if is_server else [{"bearer": []}, {"apiKey": []}])


@pytest.mark.parametrize("route", [pytest.param(route, id=route.operation_id) for route in ROUTES if route.request is not None])
def test_samples_follow_their_schemas(route: Any) -> None:
    OAS31Validator(route.request).validate(route.example)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_refusal_a_sender_can_meet_is_under_its_status(reason: Reason) -> None:
    status = kind_of(reason).value
    if status in (404, 405, 409):
        return  # About a route or a thing that is not there: no operation can list itself as missing.
    for door in DOORS:
        described = DOCUMENT["components"]["responses"][f"{door.tag.value}-{status}"]["description"]
        assert reason.value in described.partition(": ")[2].split(", ")
