"""Metering: meters, features, customers, limits, alerts, closed periods, webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _meters()
    _features()
    _customers()
    _customer_ids()
    _entitlements()
    _alert_settings()
    _alert_logs()
    _closed_periods()
    _webhook_endpoints()
    _webhook_deliveries()


def _meters() -> None:
    op.create_table(
        "meters",
        sa.Column("meter_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("event_name", sa.String(255), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.Column("reset_usage", sa.String(32), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.project_id"], name=op.f("fk_meters_project_id")),
        sa.PrimaryKeyConstraint("meter_id", name=op.f("pk_meters")),
    )
    op.create_index(op.f("ix_meters_project_id"), "meters", ["project_id"])


def _features() -> None:
    op.create_table(
        "features",
        sa.Column("feature_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("lookup_key", sa.String(255), nullable=False),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("meter_id", sa.String(64), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("unit_singular", sa.String(255), nullable=False),
        sa.Column("unit_plural", sa.String(255), nullable=False),
        sa.Column("reporting_unit", sa.Text(), nullable=True),
        sa.Column("alert_settings", sa.Text(), nullable=False),
        sa.Column("group_id", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.project_id"], name=op.f("fk_features_project_id")),
        sa.PrimaryKeyConstraint("feature_id", name=op.f("pk_features")),
    )
    op.create_index("ix_features_lookup_key", "features", ["project_id", "lookup_key"])
    op.create_index(op.f("ix_features_meter_id"), "features", ["meter_id"])
    op.create_index(op.f("ix_features_project_id"), "features", ["project_id"])


def _customers() -> None:
    op.create_table(
        "customers",
        sa.Column("customer_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("external_id", sa.String(512), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("contact", sa.String(20), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.String(64), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.project_id"], name=op.f("fk_customers_project_id")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customers")),
    )
    op.create_index("ix_customers_created", "customers", ["project_id", "created_at_ms", "customer_id"])
    op.create_index("ix_customers_parent", "customers", ["project_id", "parent_id", "created_at_ms", "customer_id"])


def _customer_ids() -> None:
    op.create_table(
        "customer_ids",
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("external_id", sa.String(512), nullable=False),
        sa.Column("customer_id", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name=op.f("fk_customer_ids_customer_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.project_id"], name=op.f("fk_customer_ids_project_id")),
        sa.PrimaryKeyConstraint("project_id", "external_id", name=op.f("pk_customer_ids")),
    )
    op.create_index(op.f("ix_customer_ids_customer_id"), "customer_ids", ["customer_id"])


def _entitlements() -> None:
    op.create_table(
        "entitlements",
        sa.Column("entitlement_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("customer_id", sa.String(64), nullable=False),
        sa.Column("feature_id", sa.String(64), nullable=False),
        sa.Column("period", sa.String(16), nullable=False),
        sa.Column("soft_limit", sa.String(60), nullable=True),
        sa.Column("hard_limit", sa.String(60), nullable=True),
        sa.Column("billing_anchor_ms", sa.BigInteger(), nullable=True),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name=op.f("fk_entitlements_customer_id")),
        sa.ForeignKeyConstraint(["feature_id"], ["features.feature_id"], name=op.f("fk_entitlements_feature_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.project_id"], name=op.f("fk_entitlements_project_id")),
        sa.PrimaryKeyConstraint("entitlement_id", name=op.f("pk_entitlements")),
        sa.UniqueConstraint("customer_id", "feature_id", name=op.f("uq_entitlements_customer_id")),
    )
    op.create_index(op.f("ix_entitlements_feature_id"), "entitlements", ["feature_id"])
    op.create_index(op.f("ix_entitlements_project_id"), "entitlements", ["project_id"])


def _alert_settings() -> None:
    op.create_table(
        "alert_settings",
        sa.Column("alert_setting_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("entity_type", sa.String(32), nullable=False),
        sa.Column("entity_id", sa.String(64), nullable=False),
        sa.Column("customer_id", sa.String(64), nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.project_id"], name=op.f("fk_alert_settings_project_id")),
        sa.PrimaryKeyConstraint("alert_setting_id", name=op.f("pk_alert_settings")),
    )
    op.create_index(op.f("ix_alert_settings_entity_id"), "alert_settings", ["entity_id"])
    op.create_index(op.f("ix_alert_settings_project_id"), "alert_settings", ["project_id"])


def _alert_logs() -> None:
    op.create_table(
        "alert_logs",
        sa.Column("alert_log_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("alert_setting_id", sa.String(64), nullable=False),
        sa.Column("entity_type", sa.String(32), nullable=False),
        sa.Column("entity_id", sa.String(64), nullable=False),
        sa.Column("customer_id", sa.String(512), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("previous_state", sa.String(16), nullable=False),
        sa.Column("value", sa.String(80), nullable=False),
        sa.Column("threshold", sa.String(80), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.project_id"], name=op.f("fk_alert_logs_project_id")),
        sa.PrimaryKeyConstraint("alert_log_id", name=op.f("pk_alert_logs")),
    )
    op.create_index("ix_alert_logs_state", "alert_logs", ["alert_setting_id", "customer_id"])
    op.create_index(op.f("ix_alert_logs_project_id"), "alert_logs", ["project_id"])


def _closed_periods() -> None:
    op.create_table(
        "closed_periods",
        sa.Column("period_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("closed_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed_by", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.project_id"], name=op.f("fk_closed_periods_project_id")),
        sa.PrimaryKeyConstraint("period_id", name=op.f("pk_closed_periods")),
    )
    op.create_index(op.f("ix_closed_periods_project_id"), "closed_periods", ["project_id"])


def _webhook_endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("endpoint_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.String(80), nullable=False),
        sa.Column("event_types", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.project_id"], name=op.f("fk_webhook_endpoints_project_id")),
        sa.PrimaryKeyConstraint("endpoint_id", name=op.f("pk_webhook_endpoints")),
    )
    op.create_index(op.f("ix_webhook_endpoints_project_id"), "webhook_endpoints", ["project_id"])


def _webhook_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("delivery_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("endpoint_id", sa.String(64), nullable=False),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("event_type", sa.String(64), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("finished_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhook_endpoints.endpoint_id"], name=op.f("fk_webhook_deliveries_endpoint_id")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.project_id"], name=op.f("fk_webhook_deliveries_project_id")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_webhook_deliveries")),
    )
    op.create_index("ix_webhook_deliveries_due", "webhook_deliveries", ["state", "next_attempt_at_ms"])
    op.create_index(op.f("ix_webhook_deliveries_endpoint_id"), "webhook_deliveries", ["endpoint_id"])
    op.create_index(op.f("ix_webhook_deliveries_project_id"), "webhook_deliveries", ["project_id"])
