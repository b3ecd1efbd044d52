"""Websites get a name, origins and an identity, conversion events and a memory of deleted ids; exchange rates."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _extend_websites()
    op.create_table(
        "former_websites",
        sa.Column("website_id", sa.String(128), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("deleted_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.project_id"], name=op.f("fk_former_websites_project_id")),
        sa.PrimaryKeyConstraint("website_id", name=op.f("pk_former_websites")),
    )
    _create_conversion_events()
    op.create_table(
        "rate_loads",
        sa.Column("load_id", sa.Integer(), nullable=False),
        sa.Column("loaded_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("load_id", name=op.f("pk_rate_loads")),
    )
    op.create_table(
        "exchange_rates",
        sa.Column("base", sa.String(3), nullable=False),
        sa.Column("quote", sa.String(3), nullable=False),
        sa.Column("date", sa.String(10), nullable=False),
        sa.Column("rate", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("base", "quote", "date", name=op.f("pk_exchange_rates")),
    )


def _extend_websites() -> None:
    op.add_column("websites", sa.Column("name", sa.String(255), nullable=False, server_default=sa.text("''")))
    op.add_column("websites", sa.Column("allowed_origins", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("websites", sa.Column("identity", sa.String(16), nullable=False, server_default="daily"))
    op.add_column("websites", sa.Column("updated_at_ms", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE websites SET name = domain, updated_at_ms = created_at_ms")


def _create_conversion_events() -> None:
    op.create_table(
        "conversion_events",
        sa.Column("conversion_event_id", sa.String(64), nullable=False),
        sa.Column("website_id", sa.String(128), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("event_name", sa.String(255), nullable=False),
        sa.Column("conditions", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=True),
        sa.Column("value", sa.String(40), nullable=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["website_id"], ["websites.website_id"], name=op.f("fk_conversion_events_website_id")),
        sa.PrimaryKeyConstraint("conversion_event_id", name=op.f("pk_conversion_events")),
    )
    op.create_index(op.f("ix_conversion_events_website_id"), "conversion_events", ["website_id"])
