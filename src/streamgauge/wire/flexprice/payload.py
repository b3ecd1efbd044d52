"""Reading the parameters of Flexprice's queries, be they a JSON body or a query string, one by one and by type.

Every fault is a Refusal with the published message "Please check the request payload" and, in the details, the field and what
was expected there. Names that are not asked for are ignored, as the original ignores them: clients send fields that it does not
know either. null is an absent value.
"""

from collections.abc import Iterable, Mapping

from streamgauge.kernel.query import Field, FieldKey, Filter, PropertyKey
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.body import inspect, load_object
from streamgauge.wire.parameters import Pairs, shown, single_values
from streamgauge.wire.timestamps import parse_rfc3339

CHECK_PAYLOAD = "Please check the request payload"
DEFAULT_RANGE_MS = 7 * 24 * 3600 * 1000

MAX_FILTERS = 50
MAX_FILTER_VALUES = 1000
_MAX_INTEGER = 2**31 - 1
_ZERO_TIME = "0001-01-01T00:00:00Z"  # How a Go client writes a time that was never set.

_FIELDS: Mapping[str, Field] = {
    "event_id": Field.EVENT_ID,
    "external_customer_id": Field.CUSTOMER_ID,
    "customer_id": Field.ACCOUNT_ID,
    "source": Field.SOURCE,
}


def check_payload(reason: Reason, field: str = "", expected: str = "") -> Refusal:
    """The refusal of a payload, naming the field at fault."""
    field = shown(field)
    details = {"field": field, "expected": expected} if field else {"expected": expected} if expected else None
    return Refusal(reason, CHECK_PAYLOAD, field=field, expected=expected, details=details)


class Payload:
    """Named values of unknown types. Every method raises a Refusal when its value is of another type than asked for."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    @classmethod
    def from_body(cls, body: bytes) -> "Payload":
        """A JSON object, read as strictly as an event is (see wire.body)."""
        try:
            values = load_object(body)
            inspect(values)
        except Refusal as refusal:
            raise check_payload(refusal.reason, refusal.field, refusal.message) from refusal
        return cls(values)

    @classmethod
    def from_query_string(cls, params: Pairs, lists: Iterable[str] = ()) -> "Payload":
        """Texts only; numbers and property filters are read from their written form, `lists` from texts with commas between."""
        try:
            values: dict[str, object] = dict(single_values(params))
        except Refusal as refusal:
            raise check_payload(refusal.reason, refusal.field, refusal.expected or refusal.message) from refusal
        for name in ("page_size", "offset"):
            if name in values:
                values[name] = _written_integer(name, str(values[name]))
        for name in lists:
            if name in values:
                values[name] = [part for part in str(values[name]).split(",") if part]
        if "property_filters" in values:
            values["property_filters"] = _written_filters(str(values["property_filters"]))
        return cls(values)

    def has(self, name: str) -> bool:
        return self._values.get(name) is not None

    def names(self, name: str) -> bool:
        """Whether it is there at all, be it null."""
        return name in self._values

    def raw(self, name: str) -> object:
        return self._values.get(name)

    def with_value(self, name: str, value: object) -> "Payload":
        """The same with another value under the name."""
        return Payload({**self._values, name: value})

    def text(self, name: str) -> str:
        """ "" when absent."""
        value = self._values.get(name)
        return "" if value is None else _text(value, name)

    def required_text(self, name: str) -> str:
        text = self.text(name)
        if not text.strip():
            raise check_payload(Reason.MISSING_FIELD, name, "string")
        return text

    def texts(self, name: str) -> tuple[str, ...]:
        """() when absent."""
        value = self._values.get(name)
        return () if value is None else _texts(value, name)

    def instant(self, name: str) -> int | None:
        """An RFC 3339 time, in milliseconds since 1970, UTC."""
        text = self.text(name)
        if text == _ZERO_TIME or not self.has(name):
            return None
        try:
            return parse_rfc3339(text, name)
        except Refusal as refusal:
            raise check_payload(refusal.reason, name, refusal.expected) from refusal

    def integer(self, name: str) -> int | None:
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _MAX_INTEGER:
            raise check_payload(Reason.WRONG_TYPE, name, "integer")
        return value

    def field_filters(self, names: Iterable[str]) -> tuple[Filter, ...]:
        """Filters on event_id, external_customer_id, customer_id and source, those named. An empty text filters nothing."""
        texts = [(_FIELDS[name], self.text(name)) for name in names]
        return tuple(Filter(FieldKey(field), (text,)) for field, text in texts if text)

    def property_filters(self, name: str) -> tuple[Filter, ...]:
        """{property: [values]}: joined by AND over the properties, by OR over the values."""
        value = self._values.get(name)
        if value is None:
            return ()
        if not isinstance(value, dict):
            raise check_payload(Reason.WRONG_TYPE, name, "object of lists of strings")
        filters = []
        for key, texts in value.items():
            values = _texts(texts, f"{name}.{key}")
            if not values:
                raise check_payload(Reason.INVALID_PARAMETER, f"{name}.{key}", "at least one value")
            filters.append(Filter(PropertyKey(key), values))
        if len(filters) > MAX_FILTERS or sum(len(each.values) for each in filters) > MAX_FILTER_VALUES:
            raise check_payload(
                Reason.INVALID_PARAMETER, name, f"at most {MAX_FILTERS} properties and {MAX_FILTER_VALUES} values"
            )
        return tuple(filters)

    def time_range(self, now_ms: int) -> tuple[int, int]:
        """start_time and end_time; absent they are seven days before the end, and now."""
        end_ms = self.instant("end_time")
        if end_ms is None:
            end_ms = now_ms
        start_ms = self.instant("start_time")
        if start_ms is None:
            start_ms = end_ms - DEFAULT_RANGE_MS
        if end_ms < start_ms:
            raise check_payload(Reason.RANGE_REVERSED, "end_time", "a time not before start_time")
        return start_ms, end_ms


def _text(value: object, name: str) -> str:
    # A number that body.load left as Written is a str too, hence the exact type.
    if type(value) is not str:
        raise check_payload(Reason.WRONG_TYPE, name, "string")
    return value


def _texts(value: object, name: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise check_payload(Reason.WRONG_TYPE, name, "list of strings")
    return tuple(_text(each, name) for each in value)


def _written_integer(name: str, text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(_MAX_INTEGER))):
        raise check_payload(Reason.WRONG_TYPE, name, "integer")
    return int(text)


def _written_filters(text: str) -> dict[str, list[str]]:
    """k1:v1,v2;k2:v3 - a name with a colon, semicolon or comma in it can only be asked for through the JSON body."""
    filters: dict[str, list[str]] = {}
    for part in text.split(";"):
        key, colon, values = part.partition(":")
        if not colon or key in filters:
            raise check_payload(Reason.INVALID_PARAMETER, "property_filters", "name:value,value;name:value, each name once")
        filters[key] = values.split(",")
    return filters
