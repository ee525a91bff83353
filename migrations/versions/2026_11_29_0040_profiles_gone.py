"""Told to those who have a profile open: that the customer is gone, and that an allowance was used.

Revision: 0040
After: 0039
"""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

FEW = 1000

GONE = "select id from older"
USED = """select (select customer_id from agreements where id = r.agreement_id) as id
        from (select distinct agreement_id from newer) r"""


def _function(name: str, rows: str, ids: str) -> str:
    """As those of other tables. Agreements are found by their keys, also by a plan that was made while there were
    none; of what a statement has changed there is no index, so that is read whole all the same."""
    return f"""
create function {name}() returns trigger language plpgsql set enable_seqscan = off as $$
begin
    if not exists (select from open_profiles) then
        return null;
    end if;
    if exists (select from {rows} offset {FEW}) then  -- of many the open ones are found together
        perform pg_notify('callfloor_profiles', o.customer_id::text) from (
            select distinct customer_id from open_profiles where until > now()) o
        where o.customer_id in ({ids});
    else  -- a few are each looked for by their key, however many are open
        perform pg_notify('callfloor_profiles', changed.id::text) from ({ids}) changed
        cross join lateral (
            select from open_profiles where customer_id = changed.id and until > now() limit 1) o;
    end if;
    return null;
end
$$
"""  # noqa: S608 - made of the constants above


TRIGGERS = (
    ("customers_profiles_delete", "customers", "delete", "old table as older", "tell_profiles_of_customers_older"),
    ("allowance_counts_profiles_insert", "allowance_counts", "insert", "new table as newer", "tell_profiles_of_uses"),
    ("allowance_counts_profiles_update", "allowance_counts", "update", "new table as newer", "tell_profiles_of_uses"),
)
FUNCTIONS = {"tell_profiles_of_customers_older": ("older", GONE), "tell_profiles_of_uses": ("newer", USED)}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name, (rows, ids) in FUNCTIONS.items():
        op.execute(_function(name, rows, ids))
    for name, table, event, referencing, function in TRIGGERS:
        op.execute(
            f"create trigger {name} after {event} on {table} referencing {referencing} "
            f"for each statement execute function {function}()"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name, table, *_ in TRIGGERS:
        op.execute(f"drop trigger {name} on {table}")
    for name in FUNCTIONS:
        op.execute(f"drop function {name}()")
