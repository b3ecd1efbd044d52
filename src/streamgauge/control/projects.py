"""Projects: the owners of everything else."""

from sqlalchemy import Connection, insert, select, update

from streamgauge.control.tables import projects
from streamgauge.kernel.access import Project
from streamgauge.kernel.refusal import Reason, Refusal

_NAME_CHARACTERS = 100


def create_project(connection: Connection, project_id: str, name: str, now_ms: int) -> Project:
    """Raises Refusal already_exists, invalid_parameter."""
    name = _valid_name(name)
    if find_project(connection, name) is not None:
        raise Refusal(Reason.ALREADY_EXISTS, f"A project named {name!r} exists already.", field="name")
    connection.execute(insert(projects).values(project_id=project_id, name=name, created_at_ms=now_ms))
    return Project(project_id, name)


def rename_project(connection: Connection, project_id: str, name: str) -> None:
    """Raises Refusal already_exists, invalid_parameter, not_found."""
    name = _valid_name(name)
    other = find_project(connection, name)
    if other is not None and other.project_id != project_id:
        raise Refusal(Reason.ALREADY_EXISTS, f"A project named {name!r} exists already.", field="name")
    if connection.execute(update(projects).where(projects.c.project_id == project_id).values(name=name)).rowcount == 0:
        raise Refusal(Reason.NOT_FOUND, "Project not found", field="id")


def find_project(connection: Connection, name: str) -> Project | None:
    row = connection.execute(select(projects).where(projects.c.name == name.strip())).one_or_none()
    return None if row is None else Project(row.project_id, row.name)


def list_projects(connection: Connection) -> list[Project]:
    rows = connection.execute(select(projects).order_by(projects.c.created_at_ms, projects.c.project_id))
    return [Project(row.project_id, row.name) for row in rows]


def _valid_name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= _NAME_CHARACTERS or not name.isprintable():
        raise Refusal(
            Reason.INVALID_PARAMETER,
            f"A project's name has 1 to {_NAME_CHARACTERS} printable characters.",
            field="name",
            expected=f"1 to {_NAME_CHARACTERS} printable characters",
        )
    return name
