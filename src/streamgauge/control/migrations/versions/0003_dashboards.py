"""Dashboards."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dashboards",
        sa.Column("dashboard_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("widgets", sa.Text(), nullable=False),
        sa.Column("share_token", sa.String(64), nullable=True),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.project_id"], name=op.f("fk_dashboards_project_id")),
        sa.PrimaryKeyConstraint("dashboard_id", name=op.f("pk_dashboards")),
        sa.UniqueConstraint("share_token", name=op.f("uq_dashboards_share_token")),
    )
    op.create_index(op.f("ix_dashboards_project_id"), "dashboards", ["project_id"])
