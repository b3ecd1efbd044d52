"""Writes down now and then when keys and sessions were used last."""

import asyncio

from sqlalchemy.exc import SQLAlchemyError

from streamgauge.control import Control
from streamgauge.kernel.refusal import Refusal
from streamgauge.web.logging import log

_EVERY_S = 60.0


async def note_use_for_ever(control: Control) -> None:
    while True:
        await asyncio.sleep(_EVERY_S)
        await asyncio.to_thread(note_use, control)


def note_use(control: Control) -> None:
    """What cannot be written now is written the next time."""
    try:
        control.note_use()
    except (SQLAlchemyError, Refusal) as exc:
        log.warning("use_not_noted", error=type(exc).__name__)
