"""Query strings: names and values as decoded, in the order sent, into one value per known name."""

from collections.abc import Iterable, Sequence

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.wire.body import check_text

Pairs = Sequence[tuple[str, str]]

_SHOWN_CHARACTERS = 100


def single_values(pairs: Pairs) -> dict[str, str]:
    """One value per name; a name with an empty value counts as absent.

    Raises Refusal: invalid_parameter for a name that comes twice (which of the two was meant?), invalid_utf8, nul_character.
    """
    values: dict[str, str] = {}
    seen: set[str] = set()
    for name, value in pairs:
        check_text(name)
        check_text(value)
        if name in seen:
            raise _invalid(name, "one value", f"Parameter given more than once: {shown(name)}")
        seen.add(name)
        if value:
            values[name] = value
    return values


def refuse_unknown(pairs: Pairs, known: Sequence[str]) -> None:
    """Raises Refusal INVALID_PARAMETER, naming it, for a parameter that is not known.

    For doors whose document does not promise to ignore it: a misspelt `proprety` or `intervall` that is ignored gives a wrong
    number with a success status.
    """
    for name, _ in pairs:
        if name not in known:
            choice = one_of(known)
            raise _invalid(shown(name), choice, f"Unknown parameter: {shown(name)}. Known are {', '.join(known)}")


def one_of(choices: Iterable[str]) -> str:
    return "one of " + ", ".join(choices)


def shown(text: str) -> str:
    """A sender's text, cut and made printable, for a message."""
    return text[:_SHOWN_CHARACTERS].encode("ascii", "backslashreplace").decode()


def _invalid(field: str, expected: str, message: str) -> Refusal:
    return Refusal(Reason.INVALID_PARAMETER, message, field=shown(field), expected=expected)
