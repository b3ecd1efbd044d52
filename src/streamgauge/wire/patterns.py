"""Regular expressions of senders: RE2 syntax, which the store speaks too and which runs in time linear in the text."""

import re2

from streamgauge.kernel.refusal import Reason, Refusal

MAX_PATTERN_LENGTH = 1_000
_MAX_MEMORY_BYTES = 1 << 20
_options = re2.Options()
_options.max_mem = _MAX_MEMORY_BYTES
_options.log_errors = False


def check_pattern(pattern: str, field: str) -> str:
    """The pattern itself when it can be compiled. Raises Refusal invalid_parameter, naming the field."""
    expected = f"a regular expression in RE2 syntax of at most {MAX_PATTERN_LENGTH} characters"
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise Refusal(Reason.INVALID_PARAMETER, f"{field} must be {expected}", field=field, expected=expected)
    try:
        re2.compile(pattern, _options)
    except re2.error as error:
        raise Refusal(Reason.INVALID_PARAMETER, f"{field} must be {expected}", field=field, expected=expected) from error
    return pattern
