"""How customers want to be served, and how their products are set up: preferences, product models, configurations.

Revision: 0032
After: 0031
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

WHO = "NULLIF(current_setting('callfloor.who'::text, true), ''::text)"
SOURCE = "NULLIF(current_setting('callfloor.source'::text, true), ''::text)"
TABLES = ("customer_preferences", "products", "product_versions", "product_configurations")

KEEP_VERSION = """
create function keep_product_version() returns trigger language plpgsql as $$
begin
    if old.state = 'draft' then
        return case tg_op when 'DELETE' then old else new end;
    end if;
    if tg_op = 'UPDATE' and old.state = 'published' and new.state = 'retired'
        and to_jsonb(new) - '{state,retired_at}'::text[] = to_jsonb(old) - '{state,retired_at}'::text[] then
        return new;
    end if;
    raise integrity_constraint_violation using
        message = format('version %s of the product %s has been published and stays as it is',
                         old.number, old.product_id),
        constraint = 'product_versions_immutable';
end
$$
"""

# table: (what a part is called, the column that names one, columns that say nothing)
PARTS = {
    "customer_preferences": ("preference", "name", "id,customer_id,said,recorded_by"),
    "product_configurations": ("configuration", "id", "id,customer_id,brief,created_at,updated_at,updated_by"),
}
ROWS = {
    "insert": "referencing new table as newer",
    "update": "referencing new table as newer old table as older",
    "delete": "referencing old table as older",
}
AUDITED = {"products": ("product", "id"), "product_versions": ("product_version", "product_id,number")}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _preferences()
    _products()
    _configurations()
    op.execute(KEEP_VERSION)
    op.execute(
        "create trigger product_versions_immutable before update or delete on product_versions "
        "for each row execute function keep_product_version()"
    )
    for table, (kind, key) in AUDITED.items():
        op.execute(
            f"create trigger {table}_audit after insert or update or delete on {table} "
            f"for each row execute function write_audit_entry('{kind}', '{key}', '')"
        )
    for table, (part, name, silent) in PARTS.items():
        for event, rows in ROWS.items():
            op.execute(
                f"create trigger {table}_versions_{event} after {event} on {table} {rows} "
                f"for each statement execute function write_customer_part_versions('{part}', '{name}', '{silent}')"
            )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("drop function keep_product_version()")


def _preferences() -> None:
    op.create_table(
        "customer_preferences",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", JSONB(), nullable=False),
        sa.Column("said", JSONB(), nullable=True),
        sa.Column("source", sa.Text(), server_default=sa.text(SOURCE), nullable=True),
        _now("at"),
        sa.Column("recorded_by", sa.Text(), server_default=sa.text(WHO), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_customer_preferences_customer_id_customers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_customer_preferences"),
    )
    op.create_index("uq_customer_preferences_name", "customer_preferences", ["customer_id", "name"], unique=True)


def _products() -> None:
    op.create_table(
        "products",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("names", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_because", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        _now("created_at"),
        sa.CheckConstraint("(withdrawn_at is null) = (withdrawn_because is null)", name="ck_products_withdrawal_whole"),
        sa.PrimaryKeyConstraint("id", name="pk_products"),
    )
    op.create_table(
        "product_versions",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("model", JSONB(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        _now("created_at"),
        _now("updated_at"),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('draft', 'published', 'retired')", name="ck_product_versions_state_known"),
        sa.CheckConstraint("number > 0", name="ck_product_versions_number_positive"),
        sa.CheckConstraint(
            "(state = 'draft') = (published_at is null) and (state = 'retired') = (retired_at is not null)",
            name="ck_product_versions_times_fit",
        ),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name="fk_product_versions_product_id_products"),
        sa.PrimaryKeyConstraint("product_id", "number", name="pk_product_versions"),
    )
    for state in ("draft", "published"):
        only = sa.text(f"state = '{state}'")
        name = f"uq_product_versions_{state}"
        op.create_index(name, "product_versions", ["product_id"], unique=True, postgresql_where=only)


def _configurations() -> None:
    table = "product_configurations"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("holding_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("choices", JSONB(), nullable=False),
        sa.Column("values", JSONB(), nullable=False),
        sa.Column("brief", JSONB(), nullable=False),
        _now("created_at"),
        _now("updated_at"),
        sa.Column("updated_by", sa.Text(), server_default=sa.text(WHO), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=f"fk_{table}_customer_id_customers", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["holding_id"],
            ["customer_holdings.id"],
            name=f"fk_{table}_holding_id_customer_holdings",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id", "number"],
            ["product_versions.product_id", "product_versions.number"],
            name=f"fk_{table}_product_id_number_product_versions",
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    op.create_index("uq_product_configurations_holding", table, ["holding_id"], unique=True)
    op.create_index("ix_product_configurations_customer_id", table, ["customer_id"])
    op.create_index("ix_product_configurations_product_id_number_id", table, ["product_id", "number", "id"])


def _now(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
