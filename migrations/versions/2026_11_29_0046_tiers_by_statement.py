"""The tier of new customers is looked up once a statement, indexes leave out what is never looked for in them, and
that parts are of new customers is found sooner: the first load of millions paid for all that with each row.

Indexes are made again, which takes some 20 µs a customer; customers are read meanwhile, not written.

Revision: 0046
After: 0045
"""

from importlib import import_module

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

KEY = "fk_customers_tier_id_tiers"
INDEXES = (
    ("ix_customers_search", "customers using gin (search)", "search is not null"),
    ("ix_customers_computed_segments", "customers using gin (computed_segments)", "computed_segments <> '{}'"),
    ("ix_customer_numbers_raw", "customer_numbers using btree (raw)", "e164 is null"),
)

# the lock is what the database's own check takes: whoever removes a tier is waited for, and waits for the commit
CHECK_TIERS = f"""
create function check_tiers_of_customers() returns trigger language plpgsql as $$
declare
    named text[];
    held text[];
    missing text;
begin
    if tg_level = 'ROW' then
        named := array[new.tier_id];
    else
        named := array(select distinct tier_id from newer where tier_id is not null);
    end if;
    if cardinality(named) = 0 then
        return null;
    end if;
    held := array(select id from tiers where id = any(named) order by id for key share);
    missing := (select min(id) from unnest(named) id where id <> all(held));
    if missing is not null then
        raise foreign_key_violation using constraint = '{KEY}', schema = tg_table_schema, table = tg_table_name,
            message = 'insert or update on table "customers" violates foreign key constraint "{KEY}"',
            detail = format('Key (tier_id)=(%s) is not present in table "tiers".', missing);
    end if;
    return null;
end
$$
"""  # noqa: S608 - made of the constant above

# with an older snapshot, customers who were classed since would be overlooked
CHECK_CUSTOMERS = f"""
create function check_customers_of_tiers() returns trigger language plpgsql as $$
begin
    if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
        raise feature_not_supported using
            message = 'a tier is removed or gets another id in a transaction that is READ COMMITTED only',
            table = tg_table_name, schema = tg_table_schema;
    end if;
    if exists (select from tiers where id = old.id) then
        return null;
    end if;
    perform from customers where tier_id = old.id limit 1 for key share;
    if found then
        raise foreign_key_violation using constraint = '{KEY}', schema = tg_table_schema, table = 'customers',
            message = 'update or delete on table "tiers" violates foreign key constraint "{KEY}" on table "customers"',
            detail = format('Key (id)=(%s) is still referenced from table "customers".', old.id);
    end if;
    return null;
end
$$
"""  # noqa: S608 - made of the constant above

# a condition costs an update that changes no tier next to nothing, other than a join of what rows were and are
TRIGGERS = (
    (
        "customers_tiers_insert",
        "customers",
        "after insert on customers referencing new table as newer for each statement "
        "execute function check_tiers_of_customers()",
    ),
    (
        "customers_tiers_update",
        "customers",
        "after update on customers for each row when (new.tier_id is distinct from old.tier_id "
        "and new.tier_id is not null) execute function check_tiers_of_customers()",
    ),
    (
        "tiers_customers_delete",
        "tiers",
        "after delete on tiers for each row execute function check_customers_of_tiers()",
    ),
    (
        "tiers_customers_update",
        "tiers",
        "after update on tiers for each row when (new.id <> old.id) execute function check_customers_of_tiers()",
    ),
)

# customers are looked up in the order of their keys, each once; the join looks for each part, or reads all customers
PARTS: str = import_module("migrations.versions.2026_11_29_0038_record_kept")._functions(anew=True)[0]
INSERTED = "    if tg_op = 'INSERT' then\n"
PARTS_QUICKLY = PARTS.replace(
    INSERTED,
    f"""{INSERTED}        if not exists (
            select from customers where id = any(array(select customer_id from newer)) and version > 1
        ) then
            return null;
        end if;
""",  # noqa: S608 - made of the constant above
    1,
)


def _index(name: str, what: str, where: str = "true") -> None:
    """Make an index anew; who reads has the one before until the end."""
    op.execute(f"create index {name}_anew on {what}" + ("" if where == "true" else f" where {where}"))
    op.execute(f"drop index {name}")
    op.execute(f"alter index {name}_anew rename to {name}")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name, what, where in INDEXES:
        _index(name, what, where)
    op.execute(CHECK_TIERS)
    op.execute(CHECK_CUSTOMERS)
    op.execute(PARTS_QUICKLY)
    for name, _, how in TRIGGERS:
        op.execute(f"create trigger {name} {how}")
    # who dumps, truncates or reads the tables still sees what refers to what
    op.execute(f"alter table customers alter constraint {KEY} not enforced")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(f"alter table customers alter constraint {KEY} enforced")
    for name, table, _ in TRIGGERS:
        op.execute(f"drop trigger {name} on {table}")
    op.execute("drop function check_tiers_of_customers")
    op.execute("drop function check_customers_of_tiers")
    op.execute(PARTS)
    for name, what, _ in INDEXES:
        _index(name, what)
