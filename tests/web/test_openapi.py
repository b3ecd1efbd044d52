"""The OpenAPI document: valid, complete, and true about refusals."""

import json
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.web.alerts import ALERT_ROUTES
from streamgauge.web.analytics import ANALYTICS_ROUTES
from streamgauge.web.audit import ACTIONS, UNRECORDED
from streamgauge.web.catalogue import CATALOGUE_ROUTES
from streamgauge.web.collect import COLLECT_MOUNTS
from streamgauge.web.console.keys import KEY_ROUTES
from streamgauge.web.console.live import LIVE_ROUTES
from streamgauge.web.console.members import MEMBER_ROUTES
from streamgauge.web.console.oidc import OIDC_ROUTES
from streamgauge.web.console.people import PEOPLE_ROUTES
from streamgauge.web.console.route_docs import CONSOLE_DOCS
from streamgauge.web.console.routes import PREFIX as CONSOLE_PREFIX
from streamgauge.web.console.sample import SAMPLE_ROUTES
from streamgauge.web.console.state import STATE_ROUTES
from streamgauge.web.console.vocabulary import VOCABULARY_ROUTES
from streamgauge.web.customers import CUSTOMER_ROUTES
from streamgauge.web.dashboards import DASHBOARD_ROUTES, SHARED_MOUNTS
from streamgauge.web.docs_analytics import ANALYTICS_DOCS
from streamgauge.web.docs_catalogue import CATALOGUE_DOCS
from streamgauge.web.docs_customers import CUSTOMER_DOCS
from streamgauge.web.docs_dashboards import DASHBOARD_DOCS
from streamgauge.web.docs_limits import LIMIT_DOCS
from streamgauge.web.docs_periods import PERIOD_DOCS, SECRET_DOCS
from streamgauge.web.docs_receipts import RECEIPT_DOCS
from streamgauge.web.docs_revenue import REVENUE_DOCS
from streamgauge.web.docs_tracker import TRACKER_DOCS
from streamgauge.web.docs_usage import USAGE_DOCS
from streamgauge.web.docs_webhooks import WEBHOOK_DOCS
from streamgauge.web.docs_websites import WEBSITE_DOCS
from streamgauge.web.doors import INGEST_ROUTES
from streamgauge.web.entitlements import ENTITLEMENT_ROUTES
from streamgauge.web.health import health_paths
from streamgauge.web.openapi import SESSION_PATH, Tag
from streamgauge.web.periods import PERIOD_ROUTES
from streamgauge.web.queries import QUERY_ROUTES
from streamgauge.web.receipts import RECEIPT_ROUTES
from streamgauge.web.reference import reference_paths
from streamgauge.web.revenue import REVENUE_ROUTES
from streamgauge.web.route_docs import ROUTES, api_document
from streamgauge.web.secrets import SECRET_ROUTES
from streamgauge.web.tracker.serving import SCRIPT_PATH
from streamgauge.web.usage import USAGE_ROUTES
from streamgauge.web.webhooks import WEBHOOK_ROUTES
from streamgauge.web.websites import WEBSITE_ROUTES
from streamgauge.wire.dialect import Dialect
from streamgauge.wire.doors import DIALECTS

DOOR_ROUTES = (
    *QUERY_ROUTES,
    *WEBSITE_ROUTES,
    *DASHBOARD_ROUTES,
    *REVENUE_ROUTES,
    *RECEIPT_ROUTES,
    *ANALYTICS_ROUTES,
    *WEBHOOK_ROUTES,
    *ENTITLEMENT_ROUTES,
    *ALERT_ROUTES,
    *USAGE_ROUTES,
    *CATALOGUE_ROUTES,
    *CUSTOMER_ROUTES,
    *SECRET_ROUTES,
    *PERIOD_ROUTES,
)
OPEN_CONSOLE_ROUTES = (*PEOPLE_ROUTES, *OIDC_ROUTES)
CONSOLE_ROUTES = (*MEMBER_ROUTES, *KEY_ROUTES, *STATE_ROUTES, *SAMPLE_ROUTES, *VOCABULARY_ROUTES, *LIVE_ROUTES)
ROUTE_DOCS = (
    *ROUTES,
    *DASHBOARD_DOCS,
    *WEBSITE_DOCS,
    *REVENUE_DOCS,
    *RECEIPT_DOCS,
    *ANALYTICS_DOCS,
    *TRACKER_DOCS,
    *WEBHOOK_DOCS,
    *LIMIT_DOCS,
    *USAGE_DOCS,
    *CATALOGUE_DOCS,
    *CUSTOMER_DOCS,
    *SECRET_DOCS,
    *PERIOD_DOCS,
)
DOCUMENT: Any = json.loads(json.dumps(api_document("1.2.3")))
OPERATIONS = [
    pytest.param(method, path, operation, id=f"{method.upper()} {path}")
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


OPEN_AT_CONSOLE = frozenset(CONSOLE_PREFIX + route.path for route in OPEN_CONSOLE_ROUTES)
"""Routes of the console by which one gets in, and those about oneself: no key, and no project, is needed."""
DOCUMENTED = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}


def test_the_document_is_valid() -> None:
    validate(DOCUMENT)


@pytest.mark.parametrize(
    "served",
    [
        pytest.param({("POST", path) for path in INGEST_ROUTES}, id="events"),
        pytest.param({(route.method, path) for route in DOOR_ROUTES for path in route.mounts}, id="routes of doors"),
        pytest.param({("GET", SCRIPT_PATH), *(("POST", path) for path in COLLECT_MOUNTS)}, id="the tracker"),
        pytest.param({("GET", path) for path in SHARED_MOUNTS}, id="shared dashboards"),
        pytest.param({(path.method, path.path) for path in health_paths([])}, id="health"),
        pytest.param({(route.method, path) for route in CONSOLE_ROUTES for path in route.mounts}, id="the console"),
        pytest.param({(route.method, CONSOLE_PREFIX + route.path) for route in OPEN_CONSOLE_ROUTES}, id="people"),
        pytest.param({(path.method, path.path) for path in reference_paths(DOCUMENT)}, id="the reference itself"),
    ],
)
def test_every_route_is_documented(served: set[tuple[str, str]]) -> None:
    assert served <= DOCUMENTED


def test_every_documented_route_of_the_console_is_served() -> None:
    served = {(route.method, path) for route in CONSOLE_ROUTES for path in route.mounts}
    served |= {(route.method, CONSOLE_PREFIX + route.path) for route in OPEN_CONSOLE_ROUTES}
    assert {(doc.method, doc.path) for doc in CONSOLE_DOCS} == served


def test_every_documented_route_of_a_door_is_served() -> None:
    served = {("POST", path) for path in (*INGEST_ROUTES, *COLLECT_MOUNTS)} | {
        (r.method, path) for r in DOOR_ROUTES for path in r.mounts
    }
    served |= {("GET", path) for path in SHARED_MOUNTS}
    of_doors = {
        (method.upper(), path)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
        if operation["tags"] not in ([Tag.SERVER.value], [Tag.CONSOLE.value])
    }
    assert of_doors <= served


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_routes_of_doors_need_a_key_and_others_do_not(method: str, path: str, operation: Any) -> None:
    is_open = operation["tags"] == [Tag.SERVER.value] or path in (*COLLECT_MOUNTS, *SHARED_MOUNTS, *OPEN_AT_CONSOLE)
    takes_sessions = operation["tags"] == [Tag.CONSOLE.value] and SESSION_PATH in DOCUMENT["paths"]
    needed: list[dict[str, list[str]]] = [{"session": []}] if takes_sessions else []
    assert operation["security"] == ([] if is_open else [*needed, {"bearer": []}, {"apiKey": []}])
    assert not (is_open and "401" in operation["responses"])


@pytest.mark.parametrize(
    "route", [pytest.param(route, id=route.operation_id) for route in ROUTE_DOCS if route.request is not None]
)
def test_samples_follow_their_schemas(route: Any) -> None:
    OAS31Validator(route.request).validate(route.example)


NEVER_ANSWERED = {Reason.UNREADABLE_RECORD}
MAKES_WHAT_MAY_BE_THERE = {("post", "/api/websites"), ("post", "/thebizness/api/websites")}
FLEXPRICE_MAKES = {
    ("post", "/v1/features"),
    ("post", "/v1/features/{id}/clone"),
    ("post", "/v1/entitlements"),
    ("post", "/v1/alerts/setting"),
    ("post", "/v1/customers"),
    ("put", "/v1/customers"),
    ("put", "/v1/customers/{id}"),
    ("post", "/v1/periods/close"),
}
CONSOLE_MAKES = {
    ("post", "/console/v1/invitations/accept"),
    ("post", "/console/v1/owner"),
    ("post", "/console/v1/keys/{id}/rotate"),
    ("post", "/console/v1/projects"),
    ("patch", "/console/v1/projects/{id}"),
    ("post", "/console/v1/invitations"),
}
NAMED_BY_A_TOKEN = {
    ("post", "/console/v1/new-password"),
    ("post", "/console/v1/invitations/look-up"),
    ("post", "/console/v1/invitations/accept"),
}
CHANGES_WHAT_WAS_READ = {("patch", "/v1/dashboards/{id}"), ("patch", "/solinth/v1/dashboards/{id}")}


def reasons_in(answer: Any) -> set[str]:
    """The names in the description of a refusal, behind a reference or in place."""
    if "$ref" in answer:
        answer = DOCUMENT["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    return set(answer["description"].partition(": ")[2].split(", "))


@pytest.mark.parametrize("door", DIALECTS.values(), ids=lambda dialect: dialect.door.value)
@pytest.mark.parametrize("reason", [reason for reason in Reason if reason not in NEVER_ANSWERED])
def test_every_refusal_is_under_the_status_that_its_door_gives_it(reason: Reason, door: Dialect) -> None:
    status = door.render_refusal(Refusal(reason, "no")).status
    (tag,) = [tag for tag in Tag if tag.value.lower() == door.door.value]
    assert reason.value in reasons_in(DOCUMENT["components"]["responses"][f"{tag.value}-{status}"])
    if status in (404, 405, 409):
        return  # Of a route that is not there, or of a thing that a route looks for or makes; see the next tests.
    for methods in DOCUMENT["paths"].values():
        for operation in methods.values():
            if tag.value in operation["tags"] and (operation["security"] or status != 401):
                assert reason.value in reasons_in(operation["responses"][str(status)]), operation["operationId"]


LOOKS_FOR_A_WEBSITE = {("get", "/api/revenue"), ("get", "/thebizness/api/revenue")}
NAMES_WHAT_IT_NEEDS = {
    ("post", "/v1/features"),
    ("post", "/v1/customers"),
    ("put", "/v1/customers"),
    ("get", "/v1/customers/usage"),
    ("post", "/v1/entitlements"),
    ("post", "/v1/entitlements/check"),
    ("post", "/v1/alerts/setting"),
    ("post", "/v1/events/usage/meter"),
    ("post", "/v1/meter-usage/query"),
    ("post", "/v1/meter-usage/detailed-analytics"),
}
"""Paths without an id whose body names something that must be there, at the root; they have a mount of their own door too."""


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_what_is_looked_up_may_not_be_found(method: str, path: str, operation: Any) -> None:
    assert ("404" in operation["responses"]) == (
        "{" in path
        or path.endswith("/lookup")
        or "/analytics" in path
        or (method, path) in LOOKS_FOR_A_WEBSITE | NAMED_BY_A_TOKEN
        or (method, path.removeprefix("/flexprice")) in NAMES_WHAT_IT_NEEDS
    )


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_what_is_made_may_be_there_already_and_what_is_changed_may_have_changed(method: str, path: str, operation: Any) -> None:
    assert ("409" in operation["responses"]) == (
        (method, path) in MAKES_WHAT_MAY_BE_THERE | CHANGES_WHAT_WAS_READ | CONSOLE_MAKES
        or (method, path.removeprefix("/flexprice")) in FLEXPRICE_MAKES
    )


def test_every_change_is_written_down_or_is_known_to_change_no_settings() -> None:
    changing = {(route.method, route.path) for route in (*DOOR_ROUTES, *CONSOLE_ROUTES) if route.method != "GET"}
    assert changing <= ACTIONS.keys() | UNRECORDED
    assert not ACTIONS.keys() & UNRECORDED


def test_statuses_that_no_door_gives_are_not_listed() -> None:
    """Flexprice answers a body that is too large with 400."""
    assert "413" not in DOCUMENT["paths"]["/flexprice/v1/events"]["post"]["responses"]
    assert "413" in DOCUMENT["paths"]["/solinth/v1/events"]["post"]["responses"]


def test_readiness_has_two_answers() -> None:
    answers = DOCUMENT["paths"]["/readyz"]["get"]["responses"]
    assert set(answers) == {"200", "503", "default"}
    assert set(answers["503"]["content"]["application/json"]["schema"]["required"]) == {"status", "reasons"}


def test_the_path_that_two_doors_share_is_one_operation_with_the_bodies_and_answers_of_both() -> None:
    operation = DOCUMENT["paths"]["/v1/events"]["post"]
    assert operation["tags"] == ["Solinth", "Flexprice"]
    assert operation["x-explicit-paths"] == ["/solinth/v1/events", "/flexprice/v1/events"]
    assert {"200", "202"} <= set(operation["responses"])
    body = operation["requestBody"]["content"]["application/json"]
    explicit = [DOCUMENT["paths"][path]["post"] for path in operation["x-explicit-paths"]]
    bodies = [own["requestBody"]["content"]["application/json"] for own in explicit]
    assert body["schema"]["anyOf"] == [own["schema"] for own in bodies]
    assert [example["value"] for example in body["examples"].values()] == [own["example"] for own in bodies]


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_twins_name_each_other(method: str, path: str, operation: Any) -> None:
    for explicit in operation.get("x-explicit-paths", []):
        assert DOCUMENT["paths"][explicit][method]["x-root-path"] == path
    if "x-root-path" in operation:
        assert path in DOCUMENT["paths"][operation["x-root-path"]][method]["x-explicit-paths"]
