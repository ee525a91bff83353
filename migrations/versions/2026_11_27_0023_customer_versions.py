"""Who changed what of a customer, when and why: partitioned by month, written by triggers, one statement a statement.

A row's making is told by its own columns (`created_by`, `created_because`), so a load of millions writes nothing here.
What a part of a new customer is made of belongs to version 1 and is not told again; a change raises the version first,
so what its parts become is told under the new one. The search column is derived and left out.

Revision: 0023
After: 0022
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

WHO = "NULLIF(current_setting('callfloor.who'::text, true), ''::text)"
WHY = "NULLIF(current_setting('callfloor.why'::text, true), ''::text)"

TOLD = (
    "external_id",
    "name",
    "latin_name",
    "tier_id",
    "language",
    "preferred_agent",
    "active",
    "kind",
    "relationship_manager",
    "segments",
    "provisional",
)
"""Columns of customers that are compared, beside `attributes`, whose own nulls must be kept."""

# table: (what it is called, the column that names one, columns that say nothing, when it is told)
PARTS = {
    "customer_numbers": ("number", "raw", "id,customer_id", "insert update delete"),
    "customer_emails": ("email", "address", "id,customer_id", "insert update delete"),
    "customer_addresses": ("address", "lines", "id,customer_id", "insert update delete"),
    "customer_external_ids": ("external_id", "external_id", "customer_id", "insert delete"),
    "customer_ties": ("tie", "kind", "id,customer_id", "insert update delete"),
    "customer_notes": ("note", "id", "id,customer_id", "insert update delete"),
    "customer_holdings": ("holding", "external_id", "id,updated_at", "update delete"),
}
ROWS = {
    "insert": "referencing new table as newer",
    "update": "referencing new table as newer old table as older",
    "delete": "referencing old table as older",
}

PAIRS = ",\n            ".join(
    f"'{name}', case when o.{name} is distinct from n.{name} then jsonb_build_array(o.{name}, n.{name}) end"
    for name in TOLD
)

WRITE = f"""
create function write_customer_versions() returns trigger language plpgsql as $$
begin
    insert into customer_versions (customer_id, version, part, changes)
    select n.id, n.version, 'customer', told.changes
    from newer n join older o on o.id = n.id cross join lateral (
        select jsonb_strip_nulls(jsonb_build_object(
            {PAIRS}
        )) || case when o.attributes is distinct from n.attributes
            then jsonb_build_object('attributes', jsonb_build_array(o.attributes, n.attributes))
            else '{{}}' end as changes
    ) told
    where told.changes <> '{{}}';
    return null;
end
$$
"""  # noqa: S608 - made of the constants above

WRITE_PART = """
create function write_customer_part_versions() returns trigger language plpgsql as $$
declare
    silent text[] := string_to_array(tg_argv[2], ',');
begin
    if tg_op = 'INSERT' then
        insert into customer_versions (customer_id, version, part, item, changes)
        select c.id, c.version, tg_argv[0], to_jsonb(n) ->> tg_argv[1], told.changes
        from newer n join customers c on c.id = n.customer_id and c.version > 1 cross join lateral (
            select jsonb_object_agg(key, jsonb_build_array(null, value)) as changes
            from jsonb_each(to_jsonb(n) - silent) where value <> 'null'
        ) told;
    elsif tg_op = 'DELETE' then
        insert into customer_versions (customer_id, version, part, item, changes)
        select c.id, c.version, tg_argv[0], to_jsonb(o) ->> tg_argv[1], told.changes
        from older o join customers c on c.id = o.customer_id cross join lateral (
            select jsonb_object_agg(key, jsonb_build_array(value, null)) as changes
            from jsonb_each(to_jsonb(o) - silent) where value <> 'null'
        ) told;
    else
        insert into customer_versions (customer_id, version, part, item, changes)
        select c.id, c.version, tg_argv[0], to_jsonb(n) ->> tg_argv[1], told.changes
        from newer n join older o on o.id = n.id join customers c on c.id = n.customer_id cross join lateral (
            select jsonb_object_agg(key, jsonb_build_array(before.value, after.value)) as changes
            from jsonb_each(to_jsonb(o) - silent) before join jsonb_each(to_jsonb(n) - silent) after using (key)
            where before.value <> after.value
        ) told
        where told.changes is not null;
    end if;
    return null;
end
$$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "customer_versions",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=True),
        sa.Column("who", sa.Text(), server_default=sa.text(WHO), nullable=True),
        sa.Column("why", sa.Text(), server_default=sa.text(WHY), nullable=True),
        sa.Column("changes", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "version", "id", "at", name="pk_customer_versions"),
        postgresql_partition_by="RANGE (at)",
    )
    op.execute(WRITE)
    op.execute(
        f"create trigger customers_versions after update on customers {ROWS['update']} "
        "for each statement execute function write_customer_versions()"
    )
    op.execute(WRITE_PART)
    for table, (part, name, silent, when) in PARTS.items():
        for event in when.split():
            op.execute(
                f"create trigger {table}_versions_{event} after {event} on {table} {ROWS[event]} "
                f"for each statement execute function write_customer_part_versions('{part}', '{name}', '{silent}')"
            )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("drop trigger customers_versions on customers")
    op.execute("drop function write_customer_versions()")
    op.execute("drop function write_customer_part_versions() cascade")
    op.drop_table("customer_versions")
