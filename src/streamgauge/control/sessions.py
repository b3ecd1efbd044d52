"""Sessions: browsers in which a person is signed in.

Promises
- Known from memory: a request of a session costs no look at the disk. A session that was ended is refused from then on.
- A session ends IDLE_MS after it was used last, and MOST_MS after it began. Its token is stored as a hash alone.
Limit: when it was used last reaches the disk now and then (`note_use`); after a crash it may seem idle for that much longer.
"""

import threading
from collections.abc import Mapping

from sqlalchemy import delete, insert, select, update

from streamgauge.control.database import Database
from streamgauge.control.directory import digest_of
from streamgauge.control.people import new_token
from streamgauge.control.people_tables import sessions
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.people import Session

DAY_MS = 86_400_000
IDLE_MS = 14 * DAY_MS
MOST_MS = 60 * DAY_MS
MOST_OF_USER = 50
_NOTED_AFTER_MS = 60_000


class Sessions:
    """The sessions of everybody. Safe to use from several threads; `find` never waits."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._unnoted: set[str] = set()
        with database.reading() as connection:
            self._sessions: Mapping[str, Session] = {
                row.token_sha256: Session(row.user_id, row.created_at_ms, row.used_at_ms)
                for row in connection.execute(select(sessions))
            }

    def find(self, token: str, now_ms: int) -> Session | None:
        """The living session of the token, now used; None when there is none."""
        name = digest_of(token).hex()
        session = self._sessions.get(name)
        if session is None or session.ends_at_ms(IDLE_MS, MOST_MS) <= now_ms:
            return None
        if now_ms - session.used_at_ms >= _NOTED_AFTER_MS:
            session = Session(session.user_id, session.created_at_ms, now_ms)
            with self._lock:
                if name in self._sessions:
                    self._sessions = {**self._sessions, name: session}
                    self._unnoted.add(name)
        return session

    def start(self, user_id: str) -> str:
        """A new session's token, which nobody can get a second time. The oldest of more than MOST_OF_USER ends."""
        token, now_ms = new_token(), self._clock.now_ms()
        name = digest_of(token).hex()
        with self._lock, self._database.recording() as connection:
            values = {"token_sha256": name, "user_id": user_id, "created_at_ms": now_ms, "used_at_ms": now_ms}
            connection.execute(insert(sessions).values(values))
            kept = {**self._sessions, name: Session(user_id, now_ms, now_ms)}
            own = sorted((one.used_at_ms, key) for key, one in kept.items() if one.user_id == user_id)
            dead = {key for _, key in own[:-MOST_OF_USER]}
            dead |= {key for key, one in kept.items() if one.ends_at_ms(IDLE_MS, MOST_MS) <= now_ms}
            for key in dead:
                connection.execute(delete(sessions).where(sessions.c.token_sha256 == key))
            self._sessions = {key: one for key, one in kept.items() if key not in dead}
        return token

    def end(self, token: str) -> None:
        """Ending one that has ended does nothing."""
        name = digest_of(token).hex()
        with self._lock, self._database.recording() as connection:
            self._sessions = {key: one for key, one in self._sessions.items() if key != name}
            connection.execute(delete(sessions).where(sessions.c.token_sha256 == name))

    def end_all(self, user_id: str) -> None:
        """All of a person, as when the password is changed."""
        with self._lock, self._database.recording() as connection:
            self._sessions = {key: one for key, one in self._sessions.items() if one.user_id != user_id}
            connection.execute(delete(sessions).where(sessions.c.user_id == user_id))

    def note_use(self) -> None:
        """Write down when sessions were used, where that is not written yet."""
        with self._lock:
            names, self._unnoted = self._unnoted, set()
            found = {name: self._sessions[name].used_at_ms for name in names if name in self._sessions}
        if found:
            with self._database.recording() as connection:
                for name, used_at_ms in found.items():
                    connection.execute(update(sessions).where(sessions.c.token_sha256 == name).values(used_at_ms=used_at_ms))
