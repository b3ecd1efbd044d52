"""The Flexprice door's routes about meters and features.

Who may: a key that can read may read. A change takes a key that can read and send events, as keys are made without --scope: one
for sending alone may lie in a page.

Archiving what does not exist is refused (404), where the original says success.
"""

import asyncio
import functools

from streamgauge.control.catalogue import Catalogue
from streamgauge.kernel.access import Scope
from streamgauge.kernel.event import Door
from streamgauge.web.credentials import require_scope
from streamgauge.web.door_routes import DoorRoute, Question
from streamgauge.web.reply import Reply
from streamgauge.wire.flexprice import features as feature_wire
from streamgauge.wire.flexprice import meters as meter_wire
from streamgauge.wire.flexprice.feature_lists import parse_feature_list, parse_feature_search
from streamgauge.wire.flexprice.features import MeterOf


async def answer_create_meter(catalogue: Catalogue, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    spec = meter_wire.parse_new_meter(question.body)
    made = await asyncio.to_thread(catalogue.create_meter, question.project_id, spec)
    return Reply(201, meter_wire.render_meter(made))


async def answer_meters(catalogue: Catalogue, question: Question) -> Reply:
    asked = meter_wire.parse_meter_list(question.parameters)
    return Reply(200, meter_wire.render_meters(catalogue.all_meters(question.project_id), asked))


async def answer_meter(catalogue: Catalogue, question: Question) -> Reply:
    return Reply(200, meter_wire.render_meter(catalogue.meter(question.project_id, question.path["id"])))


async def answer_add_filters(catalogue: Catalogue, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    added = meter_wire.parse_added_filters(question.body)
    changed = await asyncio.to_thread(catalogue.add_filters, question.project_id, question.path["id"], added)
    return Reply(200, meter_wire.render_meter(changed))


async def answer_disable_meter(catalogue: Catalogue, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    await asyncio.to_thread(catalogue.archive_meter, question.project_id, question.path["id"])
    return Reply(200, meter_wire.render_message("Meter disabled successfully"))


async def answer_delete_meter(catalogue: Catalogue, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    await asyncio.to_thread(catalogue.archive_meter, question.project_id, question.path["id"])
    return Reply(200, meter_wire.render_message("Meter deleted successfully"))


async def answer_create_feature(catalogue: Catalogue, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    spec = feature_wire.parse_new_feature(question.body)
    made = await asyncio.to_thread(catalogue.create_feature, question.project_id, spec)
    return Reply(201, feature_wire.render_feature(made, _meters(catalogue, question)))


async def answer_features(catalogue: Catalogue, question: Question) -> Reply:
    asked = parse_feature_list(question.parameters)
    found = catalogue.all_features(question.project_id)
    return Reply(200, feature_wire.render_features(found, asked, _meters(catalogue, question)))


async def answer_feature_search(catalogue: Catalogue, question: Question) -> Reply:
    asked = parse_feature_search(question.body)
    found = catalogue.all_features(question.project_id)
    return Reply(200, feature_wire.render_features(found, asked, _meters(catalogue, question)))


async def answer_feature(catalogue: Catalogue, question: Question) -> Reply:
    found = catalogue.feature(question.project_id, question.path["id"])
    return Reply(200, feature_wire.render_feature(found, _meters(catalogue, question)))


async def answer_update_feature(catalogue: Catalogue, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    change = feature_wire.parse_feature_change(question.body)
    changed = await asyncio.to_thread(catalogue.update_feature, question.project_id, question.path["id"], change)
    return Reply(200, feature_wire.render_feature(changed, _meters(catalogue, question)))


async def answer_delete_feature(catalogue: Catalogue, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    await asyncio.to_thread(catalogue.archive_feature, question.project_id, question.path["id"])
    return Reply(200, meter_wire.render_message("feature deleted successfully"))


async def answer_clone_feature(catalogue: Catalogue, question: Question) -> Reply:
    require_scope(question.key, Scope.INGEST)
    source = catalogue.feature(question.project_id, question.path["id"])
    spec = feature_wire.parse_clone(question.body, source)
    made = await asyncio.to_thread(catalogue.create_feature, question.project_id, spec)
    return Reply(201, feature_wire.render_feature(made, _meters(catalogue, question)))


_METERS, _FEATURES = "/v1/meters", "/v1/features"
_METER, _FEATURE = f"{_METERS}/{{id}}", f"{_FEATURES}/{{id}}"

CATALOGUE_ROUTES = (
    DoorRoute(Door.FLEXPRICE, "POST", _METERS, answer_create_meter),
    DoorRoute(Door.FLEXPRICE, "GET", _METERS, answer_meters),
    DoorRoute(Door.FLEXPRICE, "GET", _METER, answer_meter),
    DoorRoute(Door.FLEXPRICE, "PUT", _METER, answer_add_filters),
    DoorRoute(Door.FLEXPRICE, "POST", f"{_METER}/disable", answer_disable_meter),
    DoorRoute(Door.FLEXPRICE, "DELETE", _METER, answer_delete_meter),
    DoorRoute(Door.FLEXPRICE, "POST", _FEATURES, answer_create_feature),
    DoorRoute(Door.FLEXPRICE, "GET", _FEATURES, answer_features),
    DoorRoute(Door.FLEXPRICE, "POST", f"{_FEATURES}/search", answer_feature_search),
    DoorRoute(Door.FLEXPRICE, "GET", _FEATURE, answer_feature),
    DoorRoute(Door.FLEXPRICE, "PUT", _FEATURE, answer_update_feature),
    DoorRoute(Door.FLEXPRICE, "DELETE", _FEATURE, answer_delete_feature),
    DoorRoute(Door.FLEXPRICE, "POST", f"{_FEATURE}/clone", answer_clone_feature),
)


def _meters(catalogue: Catalogue, question: Question) -> MeterOf:
    return functools.partial(catalogue.meter, question.project_id)
