"""Merging customers: a merged one points to who survives; proposals of duplicates; callers nobody knows yet.

Revision: 0024
After: 0023
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

WHO = "NULLIF(current_setting('callfloor.who'::text, true), ''::text)"
WHY = "NULLIF(current_setting('callfloor.why'::text, true), ''::text)"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("customers", sa.Column("merged_into", sa.Uuid(), nullable=True))
    op.create_foreign_key("fk_customers_merged_into_customers", "customers", "customers", ["merged_into"], ["id"])
    op.create_check_constraint(op.f("ck_customers_not_into_itself"), "customers", "merged_into <> id")
    op.create_index(
        "ix_customers_merged_into", "customers", ["merged_into"], postgresql_where=sa.text("merged_into is not null")
    )
    _merges()
    _proposals()
    op.create_table(
        "unknown_callers",
        sa.Column("interaction_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("interaction_id", name="pk_unknown_callers"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("unknown_callers", "duplicate_proposals", "customer_merges"):
        op.drop_table(table)
    op.drop_index("ix_customers_merged_into", "customers")
    op.drop_constraint("ck_customers_not_into_itself", "customers")
    op.drop_column("customers", "merged_into")


def _merges() -> None:
    op.create_table(
        "customer_merges",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("merged_id", sa.Uuid(), nullable=False),
        sa.Column("survivor_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("who", sa.Text(), server_default=sa.text(WHO), nullable=True),
        sa.Column("why", sa.Text(), server_default=sa.text(WHY), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("undone_because", sa.Text(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column], ["customers.id"], name=f"fk_customer_merges_{column}_customers", ondelete="CASCADE"
            )
            for column in ("merged_id", "survivor_id")
        ),
        sa.CheckConstraint("merged_id <> survivor_id", name="ck_customer_merges_two"),
        sa.PrimaryKeyConstraint("id", name="pk_customer_merges"),
    )
    op.create_index("ix_customer_merges_survivor_id", "customer_merges", ["survivor_id"])
    op.create_index(
        "uq_customer_merges_standing",
        "customer_merges",
        ["merged_id"],
        unique=True,
        postgresql_where=sa.text("undone_at is null"),
    )


def _proposals() -> None:
    op.create_table(
        "duplicate_proposals",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("one_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("reasons", JSONB(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column], ["customers.id"], name=f"fk_duplicate_proposals_{column}_customers", ondelete="CASCADE"
            )
            for column in ("one_id", "other_id")
        ),
        sa.CheckConstraint("one_id < other_id", name="ck_duplicate_proposals_ordered"),
        sa.CheckConstraint("status in ('open', 'dismissed', 'merged')", name="ck_duplicate_proposals_status_known"),
        sa.PrimaryKeyConstraint("id", name="pk_duplicate_proposals"),
    )
    op.create_index("ix_duplicate_proposals_other_id", "duplicate_proposals", ["other_id"])
    op.create_index("ix_duplicate_proposals_status_id", "duplicate_proposals", ["status", "id"])
    op.create_index("uq_duplicate_proposals_pair", "duplicate_proposals", ["one_id", "other_id"], unique=True)
