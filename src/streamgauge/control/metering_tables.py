"""The tables of metering: meters, features, customers, limits, alerts, closed periods, webhooks. Rules as in `control.tables`."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from streamgauge.control.tables import metadata


def _project() -> Column[str]:
    return Column("project_id", String(64), ForeignKey("projects.project_id"), nullable=False, index=True)


def _times() -> tuple[Column[int], Column[int]]:
    return Column("created_at_ms", BigInteger, nullable=False), Column("updated_at_ms", BigInteger, nullable=False)


meters = Table(
    "meters",
    metadata,
    Column("meter_id", String(64), primary_key=True),
    _project(),
    Column("name", String(255), nullable=False),
    Column("event_name", String(255), nullable=False),
    Column("measure", Text, nullable=False),
    Column("filters", Text, nullable=False),
    Column("reset_usage", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    *_times(),
)
"""measure: a JSON kernel Measure; filters: a JSON list of kernel Filters."""

features = Table(
    "features",
    metadata,
    Column("feature_id", String(64), primary_key=True),
    _project(),
    Column("name", String(255), nullable=False),
    Column("lookup_key", String(255), nullable=False),
    Column("type", String(16), nullable=False),
    Column("description", Text, nullable=False),
    Column("meter_id", String(64), nullable=False, index=True),
    Column("metadata", Text, nullable=False),
    Column("unit_singular", String(255), nullable=False),
    Column("unit_plural", String(255), nullable=False),
    Column("reporting_unit", Text),
    Column("alert_settings", Text, nullable=False),
    Column("group_id", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    *_times(),
    Index("ix_features_lookup_key", "project_id", "lookup_key"),
)
"""metadata, reporting_unit, alert_settings: JSON. A lookup key is unique among the published features of a project."""

customers = Table(
    "customers",
    metadata,
    Column("customer_id", String(64), primary_key=True),
    Column("project_id", String(64), ForeignKey("projects.project_id"), nullable=False),
    Column("external_id", String(512), nullable=False),
    Column("name", String(255), nullable=False),
    Column("email", String(320), nullable=False),
    Column("contact", String(20), nullable=False),
    Column("address", Text, nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("metadata", Text, nullable=False),
    Column("parent_id", String(64), nullable=False),
    *_times(),
    Index("ix_customers_created", "project_id", "created_at_ms", "customer_id"),
    Index("ix_customers_parent", "project_id", "parent_id", "created_at_ms", "customer_id"),
)
"""address, metadata: JSON. parent_id: "" for none."""

customer_ids = Table(
    "customer_ids",
    metadata,
    Column("project_id", String(64), ForeignKey("projects.project_id"), primary_key=True),
    Column("external_id", String(512), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.customer_id"), nullable=False, index=True),
)
"""Every id under which events name a customer, its external_id and its aliases: each belongs to one customer of the project."""

entitlements = Table(
    "entitlements",
    metadata,
    Column("entitlement_id", String(64), primary_key=True),
    _project(),
    Column("customer_id", String(64), ForeignKey("customers.customer_id"), nullable=False),
    Column("feature_id", String(64), ForeignKey("features.feature_id"), nullable=False, index=True),
    Column("period", String(16), nullable=False),
    Column("soft_limit", String(60)),
    Column("hard_limit", String(60)),
    Column("billing_anchor_ms", BigInteger),
    Column("is_enabled", Boolean, nullable=False),
    *_times(),
    UniqueConstraint("customer_id", "feature_id"),
)
"""Limits are exact decimals as texts."""

alert_settings = Table(
    "alert_settings",
    metadata,
    Column("alert_setting_id", String(64), primary_key=True),
    _project(),
    Column("entity_type", String(32), nullable=False),
    Column("entity_id", String(64), nullable=False, index=True),
    Column("customer_id", String(64), nullable=False),
    Column("config", Text, nullable=False),
    *_times(),
)
"""config: the JSON object of thresholds. customer_id: "" when it is about every customer."""

alert_logs = Table(
    "alert_logs",
    metadata,
    Column("alert_log_id", String(64), primary_key=True),
    _project(),
    Column("alert_setting_id", String(64), nullable=False),
    Column("entity_type", String(32), nullable=False),
    Column("entity_id", String(64), nullable=False),
    Column("customer_id", String(512), nullable=False),
    Column("state", String(16), nullable=False),
    Column("previous_state", String(16), nullable=False),
    Column("value", String(80), nullable=False),
    Column("threshold", String(80), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Index("ix_alert_logs_state", "alert_setting_id", "customer_id"),
)
"""One row per change of state of (setting, customer); the latest is the state in force."""

closed_periods = Table(
    "closed_periods",
    metadata,
    Column("period_id", String(64), primary_key=True),
    _project(),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("closed_at_ms", BigInteger, nullable=False),
    Column("closed_by", String(64), nullable=False),
)
"""Those of one project do not overlap, and are never opened again."""

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("endpoint_id", String(64), primary_key=True),
    _project(),
    Column("url", Text, nullable=False),
    Column("secret", String(80), nullable=False),
    Column("event_types", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    *_times(),
)
"""event_types: a JSON list; empty means all. secret: kept as it is, because every delivery is signed with it."""

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("delivery_id", String(64), primary_key=True),
    _project(),
    Column("endpoint_id", String(64), ForeignKey("webhook_endpoints.endpoint_id"), nullable=False, index=True),
    Column("message_id", String(64), nullable=False),
    Column("event_type", String(64), nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at_ms", BigInteger),
    Column("last_status", Integer),
    Column("last_error", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("finished_at_ms", BigInteger),
    Index("ix_webhook_deliveries_due", "state", "next_attempt_at_ms"),
)
"""state: pending, delivered or dead."""
