"""Credit bureaus, and every question about a customer that was asked of one.

Revision: 0027
After: 0024
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "credit_bureaus",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("how", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_credit_bureaus"),
    )
    op.execute(
        "create trigger credit_bureaus_audit after insert or update or delete on credit_bureaus "
        "for each row execute function write_audit_entry('credit_bureau', 'id', '')"
    )
    _checks()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("credit_checks")
    op.drop_table("credit_bureaus")


def _checks() -> None:
    op.create_table(
        "credit_checks",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("consent_id", sa.BigInteger(), nullable=True),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consent_origin", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), server_default=sa.text("'asking'"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("standing", sa.Text(), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("outcome in ('asking', 'answered', 'failed')", name="ck_credit_checks_outcome_known"),
        sa.CheckConstraint(
            "outcome <> 'answered' or num_nonnulls(score, standing) > 0", name="ck_credit_checks_answer_said"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_credit_checks_customer_id_customers", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["consent_id"],
            ["customer_consents.id"],
            name="fk_credit_checks_consent_id_customer_consents",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_credit_checks"),
    )
    op.create_index("ix_credit_checks_customer_id_asked_at_id", "credit_checks", ["customer_id", "asked_at", "id"])
    for name, columns, where, unique in (
        ("ix_credit_checks_standing", ["customer_id", "settled_at", "id"], "outcome = 'answered'", False),
        ("uq_credit_checks_asking", ["customer_id"], "outcome = 'asking'", True),
        ("ix_credit_checks_consent_id", ["consent_id"], "consent_id is not null", False),
    ):
        op.create_index(name, "credit_checks", columns, unique=unique, postgresql_where=sa.text(where))
