"""Which features are asked for at the Flexprice door: POST /v1/features/search and the parameters of GET /v1/features."""

from collections.abc import Sequence
from enum import StrEnum
from functools import partial

import msgspec

from streamgauge.kernel.customer import TextOperator
from streamgauge.kernel.metering import Feature, Status
from streamgauge.wire.flexprice.conditions import sort_orders, text_conditions
from streamgauge.wire.flexprice.meters import status_of
from streamgauge.wire.flexprice.payload import Payload
from streamgauge.wire.flexprice.resources import ListPage, page_of, refuse_field
from streamgauge.wire.parameters import Pairs

_MAX_IDS = 1000
_ID_LISTS = ("feature_ids", "meter_ids", "lookup_keys")
_ONLY_IN_BODIES = ("filters", "sort")
_BEGINNING_MS, _END_MS = -(2**62), 2**62


class FeatureText(StrEnum):
    """The texts of a feature that a condition can be about. Values are the names that Flexprice publishes."""

    ID = "id"
    NAME = "name"
    LOOKUP_KEY = "lookup_key"
    TYPE = "type"
    DESCRIPTION = "description"
    METER_ID = "meter_id"
    GROUP_ID = "group_id"


class FeatureOrder(StrEnum):
    """What a list can be sorted by."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    NAME = "name"
    LOOKUP_KEY = "lookup_key"


class FeaturesAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Which features a list shows; "" and () for all. Times are within it, at both ends. sort: before the order of making."""

    page: ListPage
    feature_ids: tuple[str, ...] = ()
    meter_ids: tuple[str, ...] = ()
    lookup_keys: tuple[str, ...] = ()
    name_contains: str = ""
    status: Status = Status.PUBLISHED
    made_from_ms: int = _BEGINNING_MS
    made_until_ms: int = _END_MS
    conditions: tuple[tuple[FeatureText, TextOperator, tuple[str, ...]], ...] = ()
    sort: tuple[tuple[FeatureOrder, bool], ...] = ()

    def of(self, features: Sequence[Feature]) -> list[Feature]:
        """All of them that are asked for, in the asked order; features: in the order of their making."""
        found = [feature for feature in features if self._shows(feature)]
        if self.page.newest_first:
            found.reverse()
        for order, descending in reversed(self.sort):
            found.sort(key=partial(_sort_key, order), reverse=descending)
        return found

    def _shows(self, feature: Feature) -> bool:
        return (
            feature.status is self.status
            and (not self.feature_ids or feature.feature_id in self.feature_ids)
            and (not self.meter_ids or feature.meter_id in self.meter_ids)
            and (not self.lookup_keys or feature.lookup_key in self.lookup_keys)
            and self.name_contains.lower() in feature.name.lower()
            and self.made_from_ms <= feature.created_at_ms <= self.made_until_ms
            and all(_holds(_text_of(feature, text), operator, values) for text, operator, values in self.conditions)
        )


def parse_feature_list(parameters: Pairs) -> FeaturesAsked:
    """As the search, with lists written with commas, and without filters and sort. Raises Refusal."""
    payload = Payload.from_query_string(parameters, _ID_LISTS)
    for name in _ONLY_IN_BODIES:
        if payload.has(name):
            raise refuse_field(name, "nothing: ask for it by POST /v1/features/search")
    return _asked(payload)


def parse_feature_search(body: bytes) -> FeaturesAsked:
    """Raises Refusal, and nothing else. No body at all asks for all of them."""
    return _asked(Payload.from_body(body or b"{}"))


def _asked(payload: Payload) -> FeaturesAsked:
    keys = payload.texts("lookup_keys")
    one_key = payload.text("lookup_key")
    start_ms, end_ms = payload.instant("start_time"), payload.instant("end_time")
    asked = FeaturesAsked(
        page=page_of(payload),
        feature_ids=payload.texts("feature_ids"),
        meter_ids=payload.texts("meter_ids"),
        lookup_keys=(*keys, one_key) if one_key else keys,
        name_contains=payload.text("name_contains"),
        status=status_of(payload),
        made_from_ms=_BEGINNING_MS if start_ms is None else start_ms,
        made_until_ms=_END_MS if end_ms is None else end_ms,
        conditions=text_conditions(payload, FeatureText),
        sort=sort_orders(payload, FeatureOrder),
    )
    for name in _ID_LISTS:
        if len(getattr(asked, name)) > _MAX_IDS:
            raise refuse_field(name, f"at most {_MAX_IDS:,}")
    return asked


def _text_of(feature: Feature, text: FeatureText) -> str:
    return feature.feature_id if text is FeatureText.ID else str(getattr(feature, text.value))


def _sort_key(order: FeatureOrder, feature: Feature) -> tuple[int, str]:
    match order:
        case FeatureOrder.CREATED_AT:
            return feature.created_at_ms, ""
        case FeatureOrder.UPDATED_AT:
            return feature.updated_at_ms, ""
        case FeatureOrder.NAME:
            return 0, feature.name
        case FeatureOrder.LOOKUP_KEY:
            return 0, feature.lookup_key


def _holds(text: str, operator: TextOperator, values: Sequence[str]) -> bool:
    match operator:
        case TextOperator.EQUALS | TextOperator.IN:
            return text in values
        case TextOperator.NOT_IN:
            return text not in values
        case TextOperator.CONTAINS:
            return any(value.lower() in text.lower() for value in values)
        case TextOperator.NOT_CONTAINS:
            return not any(value.lower() in text.lower() for value in values)
