"""Step: who the visitor is, without knowing who it is.

    from a server, whatever the website says   the visitor_id that was sent, or none
    Identity.COOKIE                            the visitor_id that the tracker sent; when it sent none, as DAILY
    Identity.DAILY                             a keyed hash of website, address and User-Agent; the key is the salt of the UTC day

Promise: salts are random and only ever in memory and in one private file, which lets a restart keep the day's visitors. The salt
of a day is deleted from both GRACE_MS after the day's end (by the next `tend`, TEND_INTERVAL_S later at most; by a server that
was down, when it starts). From then on nobody, not even who holds all data, can tell from which address an id of that day was
made, or which ids of two days are one person's. Until then an event that happened on that day and comes late still gets that
day's id; one that comes later gets an id of the day on which it comes.

Without an address there is no daily id: one id for all would be worse than none.
"""

import json
import os
import secrets
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

from streamgauge.intake.enrichment.clues import Clues, Draft
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.website import Identity

DAY_MS = 86_400_000
GRACE_MS = 60 * 60 * 1000
_SALT_BYTES = 32
_ID_BYTES = 16


class Salts:
    """The salts of today, and of yesterday within GRACE_MS after midnight (UTC)."""

    def __init__(self, path: Path, clock: Clock, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> None:
        """path: the private file; one that cannot be read as such is replaced, and the day's visitors begin anew."""
        self._path = path
        self._clock = clock
        self._random_bytes = random_bytes
        self._by_day = _read(path)
        self._unsaved = False
        self.tend()

    def salt_for(self, happened_ms: int) -> bytes:
        """The salt for an event that happened then and is here now."""
        now_ms = self._clock.now_ms()
        today = now_ms // DAY_MS
        salt = self._by_day.get(today)
        if salt is None:
            salt = self._begin(today)
        if happened_ms // DAY_MS == today - 1 and now_ms - today * DAY_MS < GRACE_MS:
            return self._by_day.get(today - 1, salt)
        return salt

    def tend(self) -> None:
        """Delete what is no longer needed, make what is, and save both. Raises OSError when the file cannot be written; the salts
        in memory are right all the same, and the next call tries again."""
        now_ms = self._clock.now_ms()
        today = now_ms // DAY_MS
        oldest = (now_ms - GRACE_MS) // DAY_MS
        for day in list(self._by_day):
            if not oldest <= day <= today:
                del self._by_day[day]
                self._unsaved = True
        if today not in self._by_day:
            self._begin(today)
        if self._unsaved:
            self._unsaved = False  # before the write: what begins during it is to be saved by the next call
            try:
                _write(self._path, dict(self._by_day))
            except OSError:
                self._unsaved = True
                raise

    def _begin(self, day: int) -> bytes:
        # setdefault: the event loop and the thread that tends may begin a day at the same moment.
        salt = self._by_day.setdefault(day, self._random_bytes(_SALT_BYTES))
        self._unsaved = True
        return salt


class Visitors:
    """Gives visitors their ids."""

    def __init__(self, salts: Salts) -> None:
        self._salts = salts

    def put_visitor(self, clues: Clues, draft: Draft) -> None:
        if not clues.from_browser or (clues.website.identity is Identity.COOKIE and draft.visitor_id):
            return
        draft.visitor_id = self._daily_id(clues) if clues.address else ""

    def _daily_id(self, clues: Clues) -> str:
        digest = blake2b(key=self._salts.salt_for(clues.event.timestamp_ms), digest_size=_ID_BYTES)
        # NUL stands between the parts: none of them can hold one, so no two visitors share a text.
        digest.update(f"{clues.website.website_id}\0{clues.address}\0{clues.user_agent}".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()


def _read(path: Path) -> dict[int, bytes]:
    try:
        stored = json.loads(path.read_bytes())
        salts = {int(day): bytes.fromhex(salt) for day, salt in stored.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
    return {day: salt for day, salt in salts.items() if len(salt) == _SALT_BYTES}


def _write(path: Path, salts: dict[int, bytes]) -> None:
    """Replace the file as a whole; it is never open to others, not even for a moment."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({str(day): salt.hex() for day, salt in sorted(salts.items())}, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
