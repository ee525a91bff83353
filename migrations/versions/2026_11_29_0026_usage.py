"""Usage events, partitioned by month, the rules about them, and alerts.

Revision: 0026
After: 0024
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

WHO = "NULLIF(current_setting('callfloor.who'::text, true), ''::text)"
SEVERITIES = "severity in ('low', 'medium', 'high', 'critical')"
LIVE = "state in ('open', 'acknowledged')"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _events()
    _rules()
    _alerts()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in (
        "customer_alert_entries",
        "customer_alerts",
        "usage_sweeps",
        "usage_rules",
        "usage_event_ids",
        "usage_events",
    ):
        op.drop_table(table)


def _at(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _events() -> None:
    op.create_table(
        "usage_events",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        _text("kind"),
        _at("counts_at"),
        _text("source"),
        _text("event_id"),
        _at("at"),
        _at("received_at"),
        sa.Column("ahead", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("details", JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("customer_id", "kind", "counts_at", "source", "event_id", name="pk_usage_events"),
        postgresql_partition_by="RANGE (counts_at)",
    )
    order = sa.text("(counts_at at time zone 'UTC')")
    op.create_index("ix_usage_events_order", "usage_events", ["kind", order, "customer_id"])
    op.create_table(
        "usage_event_ids",
        _text("source"),
        _text("event_id"),
        _at("counts_at"),
        sa.PrimaryKeyConstraint("source", "event_id", name="pk_usage_event_ids"),
    )
    op.create_index("ix_usage_event_ids_counts_at", "usage_event_ids", ["counts_at"], postgresql_using="brin")


def _rules() -> None:
    op.create_table(
        "usage_rules",
        _text("id"),
        _text("name"),
        _text("condition"),
        _text("severity"),
        _text("advice", nullable=True),
        _text("owner", nullable=True),
        sa.Column("due_seconds", sa.Double(), nullable=False),
        sa.Column("expire_seconds", sa.Double(), nullable=False),
        sa.Column("quiet_seconds", sa.Double(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(SEVERITIES, name="ck_usage_rules_severity_known"),
        sa.ForeignKeyConstraint(["owner"], ["users.id"], name="fk_usage_rules_owner_users", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_usage_rules"),
    )
    op.create_index("ix_usage_rules_owner", "usage_rules", ["owner"])
    op.execute(
        "create trigger usage_rules_audit after insert or update or delete on usage_rules "
        "for each row execute function write_audit_entry('usage_rule', 'id', '')"
    )
    op.create_table(
        "usage_sweeps",
        _text("rule_id"),
        _at("looked_until"),
        sa.Column("looked_customer", sa.Uuid(), nullable=True),
        sa.Column("everybody_after", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["usage_rules.id"], name="fk_usage_sweeps_rule_id_usage_rules", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rule_id", name="pk_usage_sweeps"),
    )


def _alerts() -> None:
    op.create_table(
        "customer_alerts",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        _text("rule_id"),
        _text("severity"),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        _text("owner", nullable=True),
        _at("opened_at"),
        _at("matched_at"),
        _at("due_at"),
        _at("expires_at"),
        _at("closed_at", nullable=True),
        sa.Column("count", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("evidence", JSONB(), nullable=False),
        sa.Column("callback", sa.Uuid(), nullable=True),
        sa.CheckConstraint(SEVERITIES, name="ck_customer_alerts_severity_known"),
        sa.CheckConstraint(
            "state in ('open', 'acknowledged', 'done', 'expired')", name="ck_customer_alerts_state_known"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_customer_alerts_customer_id_customers", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["rule_id"], ["usage_rules.id"], name="fk_customer_alerts_rule_id_usage_rules"),
        sa.ForeignKeyConstraint(["owner"], ["users.id"], name="fk_customer_alerts_owner_users", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_customer_alerts"),
    )
    op.create_index(
        "uq_customer_alerts_live",
        "customer_alerts",
        ["rule_id", "customer_id"],
        unique=True,
        postgresql_where=sa.text(LIVE),
    )
    op.create_index("ix_customer_alerts_live", "customer_alerts", ["due_at", "id"], postgresql_where=sa.text(LIVE))
    for columns in (("customer_id", "opened_at"), ("rule_id", "due_at"), ("owner", "due_at"), ("due_at", "id")):
        op.create_index(f"ix_customer_alerts_{'_'.join(columns)}", "customer_alerts", list(columns))
    op.create_index(
        "ix_customer_alerts_expires_at",
        "customer_alerts",
        ["expires_at"],
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "customer_alert_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        _at("at"),
        sa.Column("who", sa.Text(), server_default=sa.text(WHO), nullable=True),
        _text("act"),
        _text("state"),
        _text("owner", nullable=True),
        _text("note", nullable=True),
        sa.ForeignKeyConstraint(
            ["alert_id"],
            ["customer_alerts.id"],
            name="fk_customer_alert_entries_alert_id_customer_alerts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_customer_alert_entries"),
    )
    op.create_index("ix_customer_alert_entries_alert_id_id", "customer_alert_entries", ["alert_id", "id"])
