"""The shared history, partitioned by month.

Revision: 0005
After: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _interactions()
    _interaction_entries()
    _queue_visits()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("queue_visits", "interaction_entries", "interactions"):
        op.drop_table(table)


def _interactions() -> None:
    op.create_table(
        "interactions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("from_raw", sa.Text(), nullable=True),
        sa.Column("to_raw", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("tier_id", sa.Text(), nullable=True),
        sa.Column("queue_id", sa.Text(), nullable=True),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("wait_seconds", sa.Double(), nullable=False),
        sa.Column("talk_seconds", sa.Double(), nullable=False),
        sa.Column("hold_seconds", sa.Double(), nullable=False),
        sa.Column("wrap_up_seconds", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("wrap_up_code", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("legs", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.PrimaryKeyConstraint("id", "started_at", name="pk_interactions"),
        postgresql_partition_by="RANGE (started_at)",
    )
    op.create_index(
        "ix_interactions_customer_id_started_at_id",
        "interactions",
        ["customer_id", "started_at", "id"],
        unique=False,
    )
    op.create_index("ix_interactions_ended_at", "interactions", ["ended_at"])
    op.create_index("ix_interactions_source_id_call_id", "interactions", ["source_id", "call_id"])


def _interaction_entries() -> None:
    op.create_table(
        "interaction_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("interaction_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id", "started_at", name="pk_interaction_entries"),
        postgresql_partition_by="RANGE (started_at)",
    )
    op.create_index(
        "ix_interaction_entries_interaction_id_at_id",
        "interaction_entries",
        ["interaction_id", "at", "id"],
        unique=False,
    )


def _queue_visits() -> None:
    op.create_table(
        "queue_visits",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("interaction_id", sa.Uuid(), nullable=False),
        sa.Column("queue_id", sa.Text(), nullable=False),
        sa.Column("tier_id", sa.Text(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("wait_seconds", sa.Double(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", "started_at", name="pk_queue_visits"),
        postgresql_partition_by="RANGE (started_at)",
    )
    op.create_index("ix_queue_visits_queue_id_entered_at", "queue_visits", ["queue_id", "entered_at"])
