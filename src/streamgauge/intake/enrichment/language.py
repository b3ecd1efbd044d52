"""Step: the language that the visitor's browser prefers, lower case: the property `language`, else Accept-Language."""

import re

from streamgauge.intake.enrichment.clues import Clues, Draft, text_of

_TAG = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8}){0,3}")
_LONGEST_HEADER = 128


def put_language(clues: Clues, draft: Draft) -> None:
    draft.language = tag_of(text_of(clues.told.language)) or tag_of(clues.sender.accept_language)


def tag_of(text: str) -> str:
    """The first language tag ("en-gb") of a text; "" when what stands first is none ("*")."""
    if not text:
        return ""
    first = text[:_LONGEST_HEADER].partition(",")[0].partition(";")[0].strip().lower().replace("_", "-")
    return first if _TAG.fullmatch(first) else ""
