"""What can go wrong in the store.

    StoreError                  the engine refused or failed; .code is the engine's error number, None when it gave none
      StoreInUse                another process holds the folder
      GaveUp                    a statement came upon a row at which it was told to give up (throwIf)
      RowsRefused               the rows themselves cannot be stored; trying again will not help

A query that hits one of its limits, or holds a pattern that is none, raises kernel.refusal.Refusal instead. No message holds
values, rows or SQL text.
"""

from clickhouse_connect.driver.exceptions import ClickHouseError, Error

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.store.statement import Statement, StatementLimits

# What the engine says when the data, and not the state of the machine, is at fault: unparsable text or date, out of bounds,
# type mismatch, bad Arrow data, decimal overflow, value out of range of its type.
_CODES_OF_REFUSED_ROWS = frozenset({6, 26, 27, 38, 41, 53, 69, 70, 72, 117, 321, 349, 407, 640, 691})
_TIMEOUT_CODES = (159, 160)
_OUT_OF_MEMORY_CODE = 241
_TOO_MANY_ROWS_CODE = 396
_NOT_A_PATTERN_CODE = 427
_GAVE_UP_CODE = 395


class StoreError(Exception):
    """The engine refused or failed."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class StoreInUse(StoreError):
    """Another process holds the store's folder: only one can at a time."""


class GaveUp(StoreError):
    """A statement came upon a row at which it was told to give up."""


class RowsRefused(StoreError):
    """The rows themselves cannot be stored."""


def from_engine(error: ClickHouseError, doing: str) -> StoreError:
    """The engine's error as ours, without the engine's text, which can quote values."""
    code = error.code if isinstance(error, Error) else None
    name = (error.name if isinstance(error, Error) else None) or type(error).__name__
    kind = RowsRefused if code in _CODES_OF_REFUSED_ROWS else StoreError
    return kind(f"{doing} failed in the store: {name} (code {code})", code)


def from_query(error: ClickHouseError, statement: Statement, limits: StatementLimits) -> StoreError | Refusal:
    """The engine's error of one statement: a refusal when a limit was hit, else a StoreError."""
    code = error.code if isinstance(error, Error) else None
    if code in _TIMEOUT_CODES:
        return Refusal(
            Reason.QUERY_TIMEOUT, f"the query {statement.name} did not finish within its limit of {limits.timeout_s:g} seconds"
        )
    if code == _OUT_OF_MEMORY_CODE:
        megabytes = limits.max_memory_bytes // 1_000_000
        return Refusal(
            Reason.QUERY_OUT_OF_MEMORY, f"the query {statement.name} needs more than its limit of {megabytes} MB of memory"
        )
    if code == _TOO_MANY_ROWS_CODE:
        return Refusal(
            Reason.QUERY_TOO_MANY_ROWS, f"the query {statement.name} has more than its limit of {limits.max_rows} rows"
        )
    if code == _NOT_A_PATTERN_CODE:
        return Refusal(
            Reason.INVALID_PARAMETER, "A pattern is not a regular expression in RE2 syntax", expected="regular expression (RE2)"
        )
    if code == _GAVE_UP_CODE:
        return GaveUp(f"the query {statement.name} gave up", code)
    return from_engine(error, f"the query {statement.name}")
