"""The tables of the control plane. Times are milliseconds since 1970, UTC. Alembic (migrations/) makes them; a test compares.

Written with SQLAlchemy Core, not the ORM: rows become the kernel's frozen values at once, and Core alone needs less memory.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, MetaData, String, Table

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

generation = Table(
    "generation",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="single"), primary_key=True, autoincrement=False),
    Column("value", BigInteger, nullable=False),
)
"""One row whose value every write raises, so that other processes see cheaply whether anything changed."""

projects = Table(
    "projects",
    metadata,
    Column("project_id", String(64), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("created_at_ms", BigInteger, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("key_id", String(64), primary_key=True),
    Column("project_id", String(64), ForeignKey("projects.project_id"), nullable=False, index=True),
    Column("secret_sha256", String(64), nullable=False, unique=True),
    Column("prefix", String(16), nullable=False),
    Column("plan", String(32), nullable=False),
    Column("scopes", String(64), nullable=False),
    Column("door", String(16), nullable=False),
    Column("label", String(100), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger),
    Column("revoked_at_ms", BigInteger),
    Column("replaced_by", String(64), ForeignKey("keys.key_id")),
)
"""revoked_at_ms may lie in the future: a rotated key works until its grace ends. replaced_by: the key that took its place."""

websites = Table(
    "websites",
    metadata,
    Column("website_id", String(128), primary_key=True),
    Column("project_id", String(64), ForeignKey("projects.project_id"), nullable=False, index=True),
    Column("domain", String(253), nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
)
