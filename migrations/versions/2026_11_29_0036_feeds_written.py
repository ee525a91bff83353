"""Feeds: agreements have the id by which a source knows them, and who has changed them since (noted by a trigger, so
that hands, SQL and feeds are all seen); customers say by a hash whether they are as their feed wrote them last, and may
wait for what their names are found by.

Revision: 0036
After: 0035
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

TOLD = ("product", "name", "status", "time_zone", "valid_from", "valid_until", "covers", "clauses", "details")
SOURCE = "NULLIF(current_setting('callfloor.source'::text, true), ''::text)"
NOTE = f"""
create function note_agreement_holder() returns trigger language plpgsql as $$
begin
    new.held_by := nullif(coalesce({SOURCE}, 'hand'), new.source);
    return new;
end
$$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("customers", sa.Column("fed", sa.BigInteger(), nullable=True))
    op.alter_column("customers", "search", nullable=True)
    op.create_index("ix_customers_unnamed", "customers", ["id"], postgresql_where=sa.text("search is null"))
    # the unique index begins with the customer, too
    op.drop_index("ix_customer_numbers_customer_id", "customer_numbers")
    for name in ("source", "external_id", "held_by"):
        op.add_column("agreements", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("agreements", sa.Column("details", JSONB(), nullable=True))
    op.create_index("uq_agreements_external_id", "agreements", ["source", "external_id"], unique=True)
    old, new = (", ".join(f"{row}.{name}" for name in TOLD) for row in ("old", "new"))
    op.execute(NOTE)
    op.execute(
        "create trigger agreements_holder before update on agreements for each row "
        f"when (new.source is not null and ({old}) is distinct from ({new})) execute function note_agreement_holder()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("drop trigger agreements_holder on agreements")
    op.execute("drop function note_agreement_holder()")
    op.drop_index("uq_agreements_external_id", "agreements")
    for name in ("details", "held_by", "external_id", "source"):
        op.drop_column("agreements", name)
    op.create_index("ix_customer_numbers_customer_id", "customer_numbers", ["customer_id"])
    op.drop_index("ix_customers_unnamed", "customers")
    op.execute("update customers set search = '{}' where search is null")
    op.alter_column("customers", "search", nullable=False)
    op.drop_column("customers", "fed")
