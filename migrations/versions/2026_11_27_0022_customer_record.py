"""The customer's record: kinds, ids of other systems, e-mail and postal addresses, consents, ties, holdings, notes,
and the declared schema of attributes.

Revision: 0022
After: 0021
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

WHO = "NULLIF(current_setting('callfloor.who'::text, true), ''::text)"
WHY = "NULLIF(current_setting('callfloor.why'::text, true), ''::text)"
TABLES = (
    "customer_external_ids",
    "customer_emails",
    "customer_addresses",
    "customer_consents",
    "customer_ties",
    "customer_holdings",
    "customer_notes",
    "attribute_definitions",
)
OF_CUSTOMERS = ("kind", "relationship_manager", "segments", "provisional", "created_by", "created_because")
OF_NUMBERS = ("extension", "shared", "source", "valid_from", "valid_until")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _customers()
    _found_by()
    _reached_by()
    _known_of()
    _attributes()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("delete from customers where provisional")
    op.execute("alter table customers alter column search set statistics -1")
    op.drop_constraint("ck_customers_kind_known", "customers")
    for name in OF_CUSTOMERS:
        op.drop_column("customers", name)
    for name in OF_NUMBERS:
        op.drop_column("customer_numbers", name)


def _customers() -> None:
    for column in (
        sa.Column("kind", sa.Text(), server_default=sa.text("'person'"), nullable=False),
        sa.Column("relationship_manager", sa.Text(), nullable=True),
        sa.Column("segments", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("provisional", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("created_because", sa.Text(), nullable=True),
    ):
        op.add_column("customers", column)
    # set apart from adding: a default that is computed would make PostgreSQL write the whole table anew
    op.execute(f"alter table customers alter column created_by set default {WHO}")
    op.execute(f"alter table customers alter column created_because set default {WHY}")
    # words of names are many: with fewer of them known, the planner walks half the table for a rare one
    op.execute("alter table customers alter column search set statistics 500")
    op.create_check_constraint(op.f("ck_customers_kind_known"), "customers", "kind in ('person', 'company')")
    for column in (
        sa.Column("extension", sa.Text(), nullable=True),
        sa.Column("shared", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        *_sourced(),
    ):
        op.add_column("customer_numbers", column)


def _sourced() -> list[sa.Column[Any]]:
    return [
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
    ]


def _serial(table: str) -> list[sa.schema.SchemaItem]:
    key = sa.PrimaryKeyConstraint("id", name=f"pk_{table}")
    return [sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False), key]


def _owned(table: str, column: str = "customer_id") -> list[sa.schema.SchemaItem]:
    name = f"fk_{table}_{column}_customers"
    return [
        sa.Column(column, sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint([column], ["customers.id"], name=name, ondelete="CASCADE"),
    ]


def _found_by() -> None:
    op.create_table(
        "customer_external_ids",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        *_owned("customer_external_ids"),
        sa.PrimaryKeyConstraint("system", "external_id", name="pk_customer_external_ids"),
    )
    op.create_index("ix_customer_external_ids_customer_id", "customer_external_ids", ["customer_id"])
    op.create_table(
        "customer_emails",
        *_serial("customer_emails"),
        *_owned("customer_emails"),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        *_sourced(),
    )
    op.create_index("ix_customer_emails_address", "customer_emails", ["address"])
    op.create_index("uq_customer_emails_address", "customer_emails", ["customer_id", "address"], unique=True)


def _reached_by() -> None:
    op.create_table(
        "customer_addresses",
        *_serial("customer_addresses"),
        *_owned("customer_addresses"),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("postal_code", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        *_sourced(),
    )
    op.create_index("ix_customer_addresses_customer_id", "customer_addresses", ["customer_id"])
    op.create_table(
        "customer_consents",
        *_serial("customer_consents"),
        *_owned("customer_consents"),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), server_default=sa.text(WHO), nullable=True),
    )
    op.create_index(
        "ix_customer_consents_customer_id_channel_at", "customer_consents", ["customer_id", "channel", "at"]
    )


def _known_of() -> None:
    op.create_table(
        "customer_ties",
        *_serial("customer_ties"),
        *_owned("customer_ties"),
        *_owned("customer_ties", "other_id"),
        sa.Column("kind", sa.Text(), nullable=False),
        *_sourced(),
        sa.CheckConstraint("customer_id <> other_id", name="ck_customer_ties_two"),
    )
    op.create_index("ix_customer_ties_other_id", "customer_ties", ["other_id"])
    op.create_index("uq_customer_ties_kind", "customer_ties", ["customer_id", "other_id", "kind"], unique=True)
    op.create_table(
        "customer_holdings",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        *_owned("customer_holdings"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("last_four", sa.Text(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("details", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind in ('account', 'card', 'loan', 'fund', 'insurance')", name="ck_customer_holdings_kind_known"
        ),
        sa.CheckConstraint("last_four ~ '^[0-9]{4}$'", name="ck_customer_holdings_last_four_digits"),
        sa.PrimaryKeyConstraint("id", name="pk_customer_holdings"),
    )
    op.create_index("ix_customer_holdings_customer_id", "customer_holdings", ["customer_id"])
    op.create_index("uq_customer_holdings_external_id", "customer_holdings", ["source", "external_id"], unique=True)
    op.create_table(
        "customer_notes",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        *_owned("customer_notes"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("pinned", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_customer_notes"),
    )
    op.create_index("ix_customer_notes_customer_id", "customer_notes", ["customer_id"])


def _attributes() -> None:
    op.create_table(
        "attribute_definitions",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("limits", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint(
            "type in ('text', 'number', 'whole_number', 'boolean', 'date', 'choice')",
            name="ck_attribute_definitions_type_known",
        ),
        sa.PrimaryKeyConstraint("name", name="pk_attribute_definitions"),
    )
    op.execute(
        "create trigger attribute_definitions_audit after insert or update or delete on attribute_definitions "
        "for each row execute function write_audit_entry('attribute', 'name', '')"
    )
