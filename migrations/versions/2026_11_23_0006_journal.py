"""The floor's journal: heads, live state, events, inbox, outbox.

Revision: 0006
After: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _floors()
    _live_contacts()
    _live_agents()
    _events()
    _inbox()
    _outbox()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("outbox", "inbox", "events", "live_agents", "live_contacts", "floors"):
        op.drop_table(table)


def _floors() -> None:
    op.create_table(
        "floors",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_floors"),
    )


def _live_contacts() -> None:
    op.create_table(
        "live_contacts",
        sa.Column("floor", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("state", JSONB(), nullable=False),
        sa.Column("profile", JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("floor", "id", name="pk_live_contacts"),
    )
    op.create_index("ix_live_contacts_customer_id", "live_contacts", ["customer_id"])


def _live_agents() -> None:
    op.create_table(
        "live_agents",
        sa.Column("floor", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("state", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("floor", "id", name="pk_live_agents"),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("floor", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("data", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("floor", "seq", "at", name="pk_events"),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index(
        "ix_events_contact_id",
        "events",
        ["contact_id"],
        unique=False,
        postgresql_where=sa.text("contact_id is not null"),
    )
    op.create_index(
        "ix_events_floor_agent_id_seq",
        "events",
        ["floor", "agent_id", "seq"],
        unique=False,
        postgresql_where=sa.text("agent_id is not null"),
    )


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("floor", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("floor", "scope", "id", name="pk_inbox"),
    )
    op.create_index("ix_inbox_at", "inbox", ["at"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("floor", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("payload", JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'pending'"), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status in ('pending', 'delivered', 'failed')", name="ck_outbox_status_known"),
        sa.PrimaryKeyConstraint("floor", "id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_pending", "outbox", ["floor", "id"], postgresql_where=sa.text("status <> 'delivered'"))
