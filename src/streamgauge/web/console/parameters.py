"""Parameters of the console's routes, read strictly: an unknown or repeated one is refused by name."""

from collections.abc import Mapping

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.parameters import Pairs, refuse_unknown, shown, single_values

_MOST_DIGITS = 18


def read_known(pairs: Pairs, *known: str) -> dict[str, str]:
    """One value per name; an empty one counts as absent. Raises Refusal invalid_parameter, invalid_utf8, nul_character."""
    refuse_unknown(pairs, known)
    return single_values(pairs)


def needed(values: Mapping[str, str], name: str) -> str:
    """Raises Refusal missing_parameter."""
    if name not in values:
        raise Refusal(Reason.MISSING_PARAMETER, f"Missing parameter: {name}", field=name, expected="text")
    return values[name]


def whole(values: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """Raises Refusal invalid_parameter."""
    text = values.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and least <= int(text) <= most):
        expected = f"a whole number from {least} to {most}"
        raise Refusal(Reason.INVALID_PARAMETER, f"Invalid {name}: {shown(text)}", field=name, expected=expected)
    return int(text)
