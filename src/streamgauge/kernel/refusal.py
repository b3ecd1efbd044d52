"""Every way in which Streamgauge says no: one closed set of reasons, one exception.

    Refusal                 raised anywhere below the web floor, rendered by the door that the request came through
      .reason               a Reason: shown in the reply, counted in /metrics, listed in docs/refusals.md, tested by name

A Reason has a kind, and the kind decides the HTTP status (each dialect may only choose its own code and shape for it).
"""

from collections.abc import Mapping
from enum import Enum, StrEnum


class Kind(Enum):
    """What a refusal means to the sender, with its HTTP status."""

    INVALID = 400
    UNAUTHORIZED = 401
    FORBIDDEN = 403
    NOT_FOUND = 404
    METHOD_NOT_ALLOWED = 405
    TIMEOUT = 408
    CONFLICT = 409
    TOO_LARGE = 413
    UNSUPPORTED_MEDIA = 415
    LIMITED = 429
    HEADERS_TOO_LARGE = 431
    INTERNAL = 500
    UNAVAILABLE = 503


class Reason(StrEnum):
    """The closed set. The value is the name that senders, counters and documents see."""

    # The request as HTTP.
    MALFORMED_HTTP = "malformed_http"
    HEADERS_TIMEOUT = "headers_timeout"
    HEADERS_TOO_LARGE = "headers_too_large"
    # The body as a whole.
    MALFORMED_JSON = "malformed_json"
    INVALID_UTF8 = "invalid_utf8"
    BODY_NOT_OBJECT = "body_not_object"
    BODY_TOO_LARGE = "body_too_large"
    BODY_TIMEOUT = "body_timeout"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    UNDECODABLE_BODY = "undecodable_body"
    # One event.
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    EMPTY_NAME = "empty_name"
    TEXT_TOO_LONG = "text_too_long"
    INVALID_TIMESTAMP = "invalid_timestamp"
    TIMESTAMP_OUT_OF_RANGE = "timestamp_out_of_range"
    PROPERTIES_NOT_OBJECT = "properties_not_object"
    DUPLICATE_KEY = "duplicate_key"
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    NUL_CHARACTER = "nul_character"
    NESTING_TOO_DEEP = "nesting_too_deep"
    UNKNOWN_WEBSITE = "unknown_website"
    # A batch.
    BATCH_EMPTY = "batch_empty"
    BATCH_TOO_LARGE = "batch_too_large"
    # The sender.
    MISSING_KEY = "missing_key"
    UNKNOWN_KEY = "unknown_key"
    EXPIRED_KEY = "expired_key"
    REVOKED_KEY = "revoked_key"
    INVALID_AUTH_SCHEME = "invalid_auth_scheme"
    INSUFFICIENT_SCOPE = "insufficient_scope"
    ORIGIN_NOT_ALLOWED = "origin_not_allowed"
    INVALID_CREDENTIALS = "invalid_credentials"
    CSRF_FAILED = "csrf_failed"
    RATE_LIMITED = "rate_limited"
    QUOTA_EXCEEDED = "quota_exceeded"
    # A query.
    INVALID_PARAMETER = "invalid_parameter"
    MISSING_PARAMETER = "missing_parameter"
    RANGE_REVERSED = "range_reversed"
    TOO_MANY_BUCKETS = "too_many_buckets"
    INVALID_CURSOR = "invalid_cursor"
    QUERY_TIMEOUT = "query_timeout"
    QUERY_OUT_OF_MEMORY = "query_out_of_memory"
    QUERY_TOO_MANY_ROWS = "query_too_many_rows"
    TOO_MANY_QUERIES = "too_many_queries"
    # Where and how.
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    ALREADY_EXISTS = "already_exists"
    CHANGED_MEANWHILE = "changed_meanwhile"
    # The server.
    BACKLOG_FULL = "backlog_full"
    DISK_FULL = "disk_full"
    JOURNAL_FAILED = "journal_failed"
    SERVER_BUSY = "server_busy"
    SHUTTING_DOWN = "shutting_down"
    INTERNAL_ERROR = "internal_error"
    # Found only after acceptance, by the loader: the record is set aside, counted and kept.
    UNREADABLE_RECORD = "unreadable_record"


_KIND_OF: Mapping[Reason, Kind] = {
    Reason.BODY_TOO_LARGE: Kind.TOO_LARGE,
    Reason.HEADERS_TIMEOUT: Kind.TIMEOUT,
    Reason.BODY_TIMEOUT: Kind.TIMEOUT,
    Reason.HEADERS_TOO_LARGE: Kind.HEADERS_TOO_LARGE,
    Reason.UNSUPPORTED_ENCODING: Kind.UNSUPPORTED_MEDIA,
    Reason.MISSING_KEY: Kind.UNAUTHORIZED,
    Reason.UNKNOWN_KEY: Kind.UNAUTHORIZED,
    Reason.EXPIRED_KEY: Kind.UNAUTHORIZED,
    Reason.REVOKED_KEY: Kind.UNAUTHORIZED,
    Reason.INVALID_AUTH_SCHEME: Kind.UNAUTHORIZED,
    Reason.INSUFFICIENT_SCOPE: Kind.FORBIDDEN,
    Reason.ORIGIN_NOT_ALLOWED: Kind.FORBIDDEN,
    Reason.INVALID_CREDENTIALS: Kind.UNAUTHORIZED,
    Reason.CSRF_FAILED: Kind.FORBIDDEN,
    Reason.RATE_LIMITED: Kind.LIMITED,
    Reason.QUOTA_EXCEEDED: Kind.LIMITED,
    Reason.QUERY_TIMEOUT: Kind.UNAVAILABLE,
    Reason.QUERY_OUT_OF_MEMORY: Kind.UNAVAILABLE,
    Reason.TOO_MANY_QUERIES: Kind.UNAVAILABLE,
    Reason.NOT_FOUND: Kind.NOT_FOUND,
    Reason.METHOD_NOT_ALLOWED: Kind.METHOD_NOT_ALLOWED,
    Reason.ALREADY_EXISTS: Kind.CONFLICT,
    Reason.CHANGED_MEANWHILE: Kind.CONFLICT,
    Reason.BACKLOG_FULL: Kind.UNAVAILABLE,
    Reason.DISK_FULL: Kind.UNAVAILABLE,
    Reason.JOURNAL_FAILED: Kind.UNAVAILABLE,
    Reason.SERVER_BUSY: Kind.UNAVAILABLE,
    Reason.SHUTTING_DOWN: Kind.UNAVAILABLE,
    Reason.INTERNAL_ERROR: Kind.INTERNAL,
    Reason.UNREADABLE_RECORD: Kind.INTERNAL,
}


def kind_of(reason: Reason) -> Kind:
    """The kind of a reason; what is not listed is the sender's mistake (400)."""
    return _KIND_OF.get(reason, Kind.INVALID)


class Refusal(Exception):
    """A request or one event of it is refused; nothing of what is refused is stored.

    field: the name of the field or parameter at fault, as the sender wrote it ("" when no single one is).
    expected: what was expected there ("string", "object", "one of hour, day, week, month").
    index: the place in the batch of the event at fault, from 0; None outside batches.
    retry_after_s: when trying again makes sense, in seconds.
    details: what the door's published contract puts beside the message; None for most.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        field: str = "",
        expected: str = "",
        index: int | None = None,
        retry_after_s: int | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.field = field
        self.expected = expected
        self.index = index
        self.retry_after_s = retry_after_s
        self.details = details

    @property
    def kind(self) -> Kind:
        return kind_of(self.reason)

    def at(self, index: int) -> "Refusal":
        """The same refusal, with the place of the event in its batch."""
        return Refusal(
            self.reason,
            self.message,
            field=self.field,
            expected=self.expected,
            index=index,
            retry_after_s=self.retry_after_s,
            details=self.details,
        )
