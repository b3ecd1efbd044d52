"""The tables of the control plane. Times are milliseconds since 1970, UTC. Alembic (migrations/) makes them; a test compares.

Written with SQLAlchemy Core, not the ORM: rows become the kernel's frozen values at once, and Core alone needs less memory.
"""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Integer, MetaData, String, Table, Text, text

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
    Column("last_used_at_ms", BigInteger),
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
    Column("name", String(255), nullable=False, server_default=text("''")),
    Column("allowed_origins", Text, nullable=False, server_default="[]"),
    Column("identity", String(16), nullable=False, server_default="daily"),
    Column("updated_at_ms", BigInteger, nullable=False, server_default="0"),
)
"""allowed_origins: a JSON list of texts."""

former_websites = Table(
    "former_websites",
    metadata,
    Column("website_id", String(128), primary_key=True),
    Column("project_id", String(64), ForeignKey("projects.project_id"), nullable=False),
    Column("deleted_at_ms", BigInteger, nullable=False),
)
"""Ids of deleted websites. Their events stay stored, so that an id stays with its project for good."""

conversion_events = Table(
    "conversion_events",
    metadata,
    Column("conversion_event_id", String(64), primary_key=True),
    Column("website_id", String(128), ForeignKey("websites.website_id"), nullable=False, index=True),
    Column("name", String(255), nullable=False),
    Column("event_name", String(255), nullable=False),
    Column("conditions", Text, nullable=False),
    Column("page", Text),
    Column("value", String(40)),
    Column("currency", String(3), nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
)
"""conditions: a JSON list of kernel Conditions; page: a JSON PageMatch. value: an exact decimal as text."""

rate_loads = Table(
    "rate_loads",
    metadata,
    Column("load_id", Integer, primary_key=True),
    Column("loaded_at_ms", BigInteger, nullable=False),
)
"""One row per load of exchange rates, so that a directory is read again without the rates when they did not change."""

exchange_rates = Table(
    "exchange_rates",
    metadata,
    Column("base", String(3), primary_key=True),
    Column("quote", String(3), primary_key=True),
    Column("date", String(10), primary_key=True),
    Column("rate", String(40), nullable=False),
)
"""From `date` on, one unit of `base` is worth `rate` units of `quote`. rate: an exact decimal as text."""

dashboards = Table(
    "dashboards",
    metadata,
    Column("dashboard_id", String(64), primary_key=True),
    Column("project_id", String(64), ForeignKey("projects.project_id"), nullable=False, index=True),
    Column("name", String(255), nullable=False),
    Column("description", Text),
    Column("widgets", Text, nullable=False),
    Column("share_token", String(64), unique=True),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
)
"""widgets: a JSON list of kernel Widgets. share_token: NULL when the dashboard is not shared."""
