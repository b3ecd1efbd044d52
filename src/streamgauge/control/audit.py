"""The audit log: who changed what, and when. Entries are added and read, never changed.

Limit: of each project the newest KEPT entries stay; older ones give way, a few at a time.
"""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from streamgauge.control.database import Database
from streamgauge.control.people_tables import audit_entries as entries
from streamgauge.kernel.clock import Clock
from streamgauge.kernel.identifiers import IdMint
from streamgauge.kernel.people import AuditEntry

KEPT = 100_000
_TIDIED_EVERY = 500
_LONGEST_DETAIL = 1_000


class Audit:
    """The log of all projects. For use by several threads."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._mint = IdMint(clock)
        self._added = 0

    def add(self, project_id: str, actor: tuple[str, str, str], action: str, target: str = "", detail: str = "") -> None:
        """actor: kind (user, key or server), id, name. project_id: "" for what belongs to none."""
        kind, actor_id, name = actor
        with self._database.recording() as connection:
            connection.execute(
                insert(entries).values(
                    entry_id=self._mint.mint("aud"),
                    project_id=project_id,
                    at_ms=self._clock.now_ms(),
                    actor_kind=kind,
                    actor_id=actor_id[:64],
                    actor_name=name[:320],
                    action=action,
                    target=target[:512],
                    detail=detail[:_LONGEST_DETAIL],
                )
            )
            self._added += 1
            if self._added % _TIDIED_EVERY == 0:
                mine = select(entries.c.entry_id).where(entries.c.project_id == project_id)
                last = connection.execute(mine.order_by(entries.c.entry_id.desc()).offset(KEPT).limit(1)).scalar()
                if last is not None:
                    connection.execute(delete(entries).where(entries.c.project_id == project_id, entries.c.entry_id <= last))

    def entries(self, project_ids: Sequence[str], limit: int, before: str | None = None) -> list[AuditEntry]:
        """The newest first; before: the id of the entry after which to go on."""
        query = select(entries).where(entries.c.project_id.in_(project_ids))
        if before is not None:
            query = query.where(entries.c.entry_id < before)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(entries.c.entry_id.desc()).limit(limit)).all()
        return [AuditEntry(*row) for row in rows]
