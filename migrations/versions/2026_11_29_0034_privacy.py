"""Legal holds, erasures, and policies of retention; and that the audit log lets go of what is erased.

Revision: 0034
After: 0033
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

TABLES = ("erased_keys", "erasure_rests", "erasures", "legal_holds", "retention_policies", "retention_runs")

# who erases says so in the transaction; nobody comes by it by mistake
KEEP_ENTRY = """
create or replace function keep_audit_entry() returns trigger language plpgsql as $$
begin
    {unless}raise integrity_constraint_violation using
        message = 'an entry of the audit log is neither changed nor removed', constraint = 'audit_entries_stay';
end
$$
"""
UNLESS = """if current_setting('callfloor.erasing', true) = 'on' then
        return case tg_op when 'DELETE' then old else new end;
    end if;
    """

HELD = """
create function held_customers(at timestamptz) returns setof uuid language sql stable as $$
    select distinct f from legal_holds h cross join lateral customer_family(h.customer_id) f
    where h.lifted_at is null and (h.until is null or h.until > at)
$$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _holds()
    op.execute(HELD)
    _erasures()
    _retention()
    op.execute(KEEP_ENTRY.format(unless=UNLESS))
    unknown = sa.text("customer_id is null")
    op.create_index("ix_interactions_unknown", "interactions", ["from_raw"], postgresql_where=unknown)
    op.create_index("ix_customers_provisional", "customers", ["id"], postgresql_where=sa.text("provisional"))
    op.create_index("ix_customers_inactive", "customers", ["id"], postgresql_where=sa.text("not active"))
    op.create_index("ix_webhook_events_subject", "webhook_events", ["subject"])
    op.create_index("ix_credit_checks_asked_at", "credit_checks", ["asked_at"])
    op.create_index("ix_allowance_uses_at", "allowance_uses", ["at"], postgresql_using="brin")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for index, table in (
        ("ix_allowance_uses_at", "allowance_uses"),
        ("ix_credit_checks_asked_at", "credit_checks"),
        ("ix_webhook_events_subject", "webhook_events"),
        ("ix_customers_inactive", "customers"),
        ("ix_customers_provisional", "customers"),
        ("ix_interactions_unknown", "interactions"),
    ):
        op.drop_index(index, table)
    op.execute(KEEP_ENTRY.format(unless=""))
    op.execute("drop function held_customers")
    for table in TABLES:
        op.drop_table(table)


def _at(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False)


def _lifted() -> list[sa.Column[Any]]:
    return [_at("lifted_at", nullable=True), _text("lifted_by", nullable=True), _text("lifted_because", nullable=True)]


def _holds() -> None:
    op.create_table(
        "legal_holds",
        _id(),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        _text("reason"),
        _text("set_by"),
        _at("set_at"),
        _at("until", nullable=True),
        *_lifted(),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_legal_holds_customer_id_customers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_legal_holds"),
    )
    op.create_index("ix_legal_holds_customer_id", "legal_holds", ["customer_id"])
    standing = sa.text("lifted_at is null")
    op.create_index("ix_legal_holds_standing", "legal_holds", ["id"], postgresql_where=standing)


def _erasures() -> None:
    op.create_table(
        "erasures",
        _id(),
        sa.Column("subject", sa.Uuid(), nullable=False),
        _at("at"),
        _text("who"),
        _text("ground"),
        _text("reason"),
        sa.Column("counts", JSONB(), nullable=False),
        _at("finished_at", nullable=True),
        *_lifted(),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
    op.create_index("uq_erasures_subject", "erasures", ["subject"], unique=True)
    unfinished = sa.text("finished_at is null")
    op.create_index("ix_erasures_unfinished", "erasures", ["id"], postgresql_where=unfinished)
    op.create_table(
        "erasure_rests",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("erasure_id", sa.Uuid(), nullable=False),
        _at("due_at"),
        sa.ForeignKeyConstraint(
            ["erasure_id"], ["erasures.id"], name="fk_erasure_rests_erasure_id_erasures", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", name="pk_erasure_rests"),
    )
    op.create_index("ix_erasure_rests_due_at", "erasure_rests", ["due_at"])
    op.create_index("ix_erasure_rests_erasure_id", "erasure_rests", ["erasure_id"])
    # no foreign key: customers, where keys are asked for, are a room below erasures
    op.create_table(
        "erased_keys",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _text("kind"),
        sa.Column("erasure_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_erased_keys"),
    )
    op.create_index("ix_erased_keys_erasure_id", "erased_keys", ["erasure_id"])


def _retention() -> None:
    op.create_table(
        "retention_policies",
        _text("kind"),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        _text("changed_by"),
        _at("changed_at"),
        _at("done_until", nullable=True),
        sa.CheckConstraint("days > 0", name=op.f("ck_retention_policies_days_positive")),
        sa.PrimaryKeyConstraint("kind", name="pk_retention_policies"),
    )
    op.create_table(
        "retention_runs",
        _id(),
        _at("at"),
        _text("kind"),
        _at("cutoff"),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("months", sa.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_retention_runs"),
    )
    op.create_index("ix_retention_runs_at_id", "retention_runs", ["at", "id"])
