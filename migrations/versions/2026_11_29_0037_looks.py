"""What rules of usage must still be held against: events that were kept and not looked at yet, customers who have
changed in what rules ask of them, and what held in a quiet time. Merging leaves one alert of a rule live.

Revision: 0037
After: 0036
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

LIVE = "('open', 'acknowledged')"
ASKED = ("tier_id", "kind", "language", "segments")

CHANGED = f"({', '.join(f'n.{name}' for name in ASKED)}) is distinct from ({', '.join(f'o.{name}' for name in ASKED)})"
MERGED = "n.merged_into is distinct from o.merged_into"

LOOK_AGAIN = f"""
create function look_again_at_customers() returns trigger language plpgsql
set plan_cache_mode = force_custom_plan as $$
declare
    always boolean := true; -- a statement with a parameter is planned for as many rows as there are each time
    watched boolean := exists (select from usage_rules where enabled);
    asking boolean := watched and exists (select from usage_rules where enabled and condition like '%customer%');
begin
    if watched then
        insert into usage_looks (customer_id)
        select distinct who.id from newer n join older o on o.id = n.id cross join lateral (
            select n.id where asking and {CHANGED}
            union all select n.id where n.active and not o.active
            union all select unnest(array[n.id, n.merged_into, o.merged_into]) where {MERGED}
        ) who where who.id is not null order by 1;
    end if;
    -- counted: of `exists` the planner expects to find one early, and goes through all pairs where there is none
    if (select count(*) from newer n join older o on o.id = n.id where {MERGED} and always) = 0 then
        return null;
    end if;
    with roots as (
        select distinct n.merged_into as root from newer n join older o on o.id = n.id
        where n.merged_into is not null and {MERGED} and always
    ), members as (
        select root, root as id from roots
        union all select r.root, c.id from roots r join customers c on c.merged_into = r.root
    ), live as materialized (
        select a.id, row_number() over same as place, first_value(a.id) over same as kept
        from members m join customer_alerts a on a.customer_id = m.id and a.state in {LIVE}
        window same as (partition by m.root, a.rule_id
                        order by a.state <> 'acknowledged', a.callback is null, a.opened_at, a.id)
    ), closed as (
        update customer_alerts a set state = 'expired', closed_at = now()
        from live l where a.id = l.id and l.place > 1 and a.state in {LIVE} returning a.id, a.owner, a.count, l.kept
    ), grown as (
        update customer_alerts a set count = a.count + more.count
        from (select kept, sum(count)::int as count from closed group by kept) more where a.id = more.kept
    )
    insert into customer_alert_entries (alert_id, at, who, act, state, owner, note)
    select id, now(), null, 'merged', 'expired', owner, kept::text from closed;
    return null;
end
$$
"""  # noqa: S608 - made of the constants above


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    at = sa.DateTime(timezone=True)
    op.create_table(
        "usage_looks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", at, server_default=sa.text("'-infinity'"), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("instants", sa.ARRAY(at), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_usage_looks_customer_id_customers", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["usage_rules.id"], name="fk_usage_looks_rule_id_usage_rules", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_usage_looks"),
    )
    op.create_index("ix_usage_looks_due_at_id", "usage_looks", ["due_at", "id"])
    op.create_index("ix_usage_looks_customer_id", "usage_looks", ["customer_id"])
    op.create_index(
        "uq_usage_looks_rule",
        "usage_looks",
        ["rule_id", "customer_id"],
        unique=True,
        postgresql_where=sa.text("rule_id is not null"),
    )
    op.execute(LOOK_AGAIN)
    op.execute(
        "create trigger customers_look_again after update on customers referencing new table as newer "
        "old table as older for each statement execute function look_again_at_customers()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("drop trigger customers_look_again on customers")
    op.execute("drop function look_again_at_customers")
    op.drop_table("usage_looks")
