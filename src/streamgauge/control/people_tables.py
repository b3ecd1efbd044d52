"""The tables of people. Secrets are stored as hashes alone: argon2 of passwords, SHA-256 of random tokens."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, String, Table, Text

from streamgauge.control.tables import metadata

users = Table(
    "users",
    metadata,
    Column("user_id", String(64), primary_key=True),
    Column("email", String(320), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("password", Text),
    Column("owns_server", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
)

memberships = Table(
    "memberships",
    metadata,
    Column("project_id", String(64), ForeignKey("projects.project_id"), primary_key=True),
    Column("user_id", String(64), ForeignKey("users.user_id"), primary_key=True, index=True),
    Column("role", String(16), nullable=False),
    Column("joined_at_ms", BigInteger, nullable=False),
)
"""Whoever owns the server is an owner of every project, with a row or without."""

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("user_id", String(64), ForeignKey("users.user_id"), nullable=False, index=True),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("used_at_ms", BigInteger, nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    Column("invitation_id", String(64), primary_key=True),
    Column("project_id", String(64), ForeignKey("projects.project_id"), nullable=False, index=True),
    Column("email", String(320), nullable=False),
    Column("role", String(16), nullable=False),
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("invited_by", String(64), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False),
)

password_links = Table(
    "password_links",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("user_id", String(64), ForeignKey("users.user_id"), nullable=False, index=True),
    Column("expires_at_ms", BigInteger, nullable=False),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("entry_id", String(64), primary_key=True),
    Column("project_id", String(64), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", String(64), nullable=False),
    Column("actor_name", String(320), nullable=False),
    Column("action", String(64), nullable=False),
    Column("target", String(512), nullable=False),
    Column("detail", Text, nullable=False),
)
"""project_id: "" for what belongs to no project (signing in)."""
Index("ix_audit_entries_project_id", audit_entries.c.project_id, audit_entries.c.entry_id)
