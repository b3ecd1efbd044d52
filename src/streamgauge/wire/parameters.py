"""Query strings: names and values as decoded, in the order sent, into one value per known name."""

from collections.abc import Iterable, Sequence

from streamgauge.kernel.refusal import Reason, Refusal

Pairs = Sequence[tuple[str, str]]

_SHOWN_CHARACTERS = 100


def single_values(pairs: Pairs) -> dict[str, str]:
    """One value per name; a name with an empty value counts as absent.

    Raises Refusal INVALID_PARAMETER for a name that comes twice (which of the two was meant?) and for text that is not Unicode.
    """
    values: dict[str, str] = {}
    seen: set[str] = set()
    for name, value in pairs:
        if not (is_unicode(name) and is_unicode(value)):
            raise _invalid("", "text in UTF-8", "A parameter is not valid UTF-8")
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


def is_unicode(text: str) -> bool:
    """False for text with lone surrogates, which no encoding can carry."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def one_of(choices: Iterable[str]) -> str:
    return "one of " + ", ".join(choices)


def shown(text: str) -> str:
    """A sender's text, cut and made printable, for a message."""
    return text[:_SHOWN_CHARACTERS].encode("ascii", "backslashreplace").decode()


def _invalid(field: str, expected: str, message: str) -> Refusal:
    return Refusal(Reason.INVALID_PARAMETER, message, field=shown(field), expected=expected)
