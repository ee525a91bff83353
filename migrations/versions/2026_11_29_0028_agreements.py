"""Agreements of customers, and the check of what a contact is entitled to: by triggers, in the commit that records it.

What is written with a contact has no foreign keys: they would lock rows of customers and agreements, and the floor
would wait for whoever edits them.

Revision: 0028
After: 0024
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.agreements_0028 import DROP, FUNCTIONS, MONTHS, TRIGGERS

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

WHO = "NULLIF(current_setting('callfloor.who'::text, true), ''::text)"
STARTS = "(valid_from::timestamp without time zone AT TIME ZONE time_zone)"
ENDS = "((valid_until + 1)::timestamp without time zone AT TIME ZONE time_zone)"
TABLES = ("agreements", "entitlements", "allowance_counts", "allowance_uses", "dues")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _agreements()
    _entitlements()
    _allowances()
    _dues()
    for statement in (*FUNCTIONS, *TRIGGERS, MONTHS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in DROP:
        op.execute(statement)
    for table in reversed(TABLES):
        op.drop_table(table)


def _agreements() -> None:
    op.create_table(
        "agreements",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), sa.Computed(STARTS, persisted=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), sa.Computed(ENDS, persisted=True), nullable=True),
        sa.Column("covers", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("clauses", JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status in ('draft', 'active', 'suspended', 'ended')", name="ck_agreements_status_known"),
        sa.CheckConstraint("valid_until >= valid_from", name="ck_agreements_ends_after_it_starts"),
        sa.CheckConstraint("jsonb_typeof(clauses) = 'array'", name="ck_agreements_clauses_are_a_list"),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_agreements_customer_id_customers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_agreements"),
    )
    op.create_index("ix_agreements_customer_id", "agreements", ["customer_id"])


def _entitlements() -> None:
    op.create_table(
        "entitlements",
        sa.Column("interaction_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("covered", sa.Boolean(), nullable=True),
        sa.Column("promises", JSONB(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("interaction_id", "agreement_id", "started_at", name="pk_entitlements"),
        postgresql_partition_by="RANGE (started_at)",
    )
    op.create_index("ix_entitlements_agreement_id", "entitlements", ["agreement_id"])


def _allowances() -> None:
    op.create_table(
        "allowance_counts",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("clause_id", sa.Text(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.CheckConstraint("used >= 0", name="ck_allowance_counts_used_sane"),
        sa.PrimaryKeyConstraint("agreement_id", "clause_id", "period", name="pk_allowance_counts"),
    )
    op.create_table(
        "allowance_uses",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("clause_id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("recorded_by", sa.Text(), server_default=sa.text(WHO), nullable=True),
        sa.PrimaryKeyConstraint("agreement_id", "clause_id", "reference", name="pk_allowance_uses"),
    )


def _dues() -> None:
    op.create_table(
        "dues",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("interaction_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("clause_id", sa.Text(), nullable=False),
        sa.Column("clause_text", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("done_in", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind in ('response', 'resolution', 'follow_up', 'manager_notice')", name="ck_dues_kind_known"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_dues"),
    )
    op.create_index("uq_dues_clause", "dues", ["interaction_id", "agreement_id", "clause_id", "kind"], unique=True)
    op.create_index("ix_dues_due_at_id", "dues", ["due_at", "id"])
    op.create_index("ix_dues_customer_id_due_at_id", "dues", ["customer_id", "due_at", "id"])
    op.create_index("ix_dues_open", "dues", ["due_at", "id"], postgresql_where=sa.text("done_at is null"))
    open_ = sa.text("done_at is null")
    op.create_index("ix_dues_open_of_customer", "dues", ["customer_id"], postgresql_where=open_)
    unanswered = sa.text("done_at is null and kind = 'response'")
    op.create_index("ix_dues_unanswered", "dues", ["agreement_id"], postgresql_where=unanswered)
