"""Changes told to other systems: subscriptions, events and deliveries, and the triggers that tell of customers.

Everything goes through `announce_changes`. Triggers look first whether anybody wants to know, once a statement, so that
a load of millions costs nothing more where nobody does.

Revision: 0029
After: 0027
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TABLES = ("webhook_subscriptions", "webhook_events", "webhook_deliveries", "webhook_lanes", "webhook_places")

WANTED = """
create function change_wanted(kind text) returns boolean language sql stable as $$
    select exists (
        select from webhook_subscriptions where kind = any(events) or split_part(kind, '.', 1) || '.*' = any(events))
$$
"""

ANNOUNCE = """
create function announce_changes(kind text, subjects text[], told jsonb[], keys text[] default null)
returns void language plpgsql as $$
begin
    if not change_wanted(kind) then
        return;
    end if;
    with event as (
        insert into webhook_events (type, subject, data, key)
        select kind, u.subject, u.data, u.key
        from unnest(subjects, told, coalesce(keys, array_fill(null::text, array[cardinality(subjects)])))
             with ordinality as u (subject, data, key, place)
        order by u.place
        on conflict (key) do nothing
        returning id, subject
    )
    insert into webhook_deliveries (subscription_id, event_id, subject)
    select s.id, e.id, e.subject
    from event e
    join webhook_subscriptions s on kind = any(s.events) or split_part(kind, '.', 1) || '.*' = any(s.events)
    order by e.id;
end
$$
"""

# what is told is thin: an id and a version to read by, and no name, number or address
TOLD = """jsonb_build_object('customer_id', n.id, 'external_id', n.external_id, 'kind', n.kind, 'version', n.version,
            'provisional', n.provisional, 'who', nullif(current_setting('callfloor.who', true), ''),
            'why', nullif(current_setting('callfloor.why', true), ''))"""

CUSTOMERS = f"""
create function announce_customers() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if change_wanted('customer.created') then
            perform announce_changes('customer.created', array_agg('customer:' || n.id order by n.id),
                                     array_agg({TOLD} order by n.id)) from newer n having count(*) > 0;
        end if;
    elsif change_wanted('customer.changed') then
        perform announce_changes('customer.changed', array_agg('customer:' || n.id order by n.id),
                                 array_agg({TOLD} order by n.id))
        from newer n join older o on o.id = n.id where n.version <> o.version having count(*) > 0;
    end if;
    return null;
end
$$
"""

MERGES = """
create function announce_merges() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' or (old.undone_at is null and new.undone_at is not null) then
        perform announce_changes(
            case tg_op when 'INSERT' then 'customer.merged' else 'customer.unmerged' end,
            array['customer:' || new.survivor_id],
            array[jsonb_build_object('customer_id', new.survivor_id, 'merged_id', new.merged_id,
                                     'who', nullif(current_setting('callfloor.who', true), ''),
                                     'why', nullif(current_setting('callfloor.why', true), ''))]);
    end if;
    return null;
end
$$
"""

TRIGGERS = (
    "create trigger customers_announce_insert after insert on customers referencing new table as newer "
    "for each statement execute function announce_customers()",
    "create trigger customers_announce_update after update on customers "
    "referencing new table as newer old table as older for each statement execute function announce_customers()",
    "create trigger customer_merges_announce after insert or update on customer_merges "
    "for each row execute function announce_merges()",
    "create trigger webhook_subscriptions_audit after insert or update or delete on webhook_subscriptions "
    "for each row execute function write_audit_entry('subscription', 'id', 'secrets')",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _subscriptions()
    _deliveries()
    for statement in (WANTED, ANNOUNCE, CUSTOMERS, MERGES, *TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for trigger, table in (
        ("customers_announce_insert", "customers"),
        ("customers_announce_update", "customers"),
        ("customer_merges_announce", "customer_merges"),
    ):
        op.execute(f"drop trigger {trigger} on {table}")
    for function in ("announce_merges", "announce_customers", "announce_changes", "change_wanted"):
        op.execute(f"drop function {function}")
    for table in reversed(TABLES):
        op.drop_table(table)


def _subscriptions() -> None:
    op.create_table(
        "webhook_subscriptions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("secrets", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("paused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("paused_because", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "cardinality(secrets) between 1 and 2", name=op.f("ck_webhook_subscriptions_one_or_two_secrets")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_subscriptions"),
    )
    op.create_table(
        "webhook_lanes",
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        _of_subscription("webhook_lanes"),
        sa.PrimaryKeyConstraint("subscription_id", name="pk_webhook_lanes"),
    )
    op.create_table(
        "webhook_places",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("ahead", sa.BigInteger(), nullable=True),
        sa.Column("horizon", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("source", name="pk_webhook_places"),
    )


def _of_subscription(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_subscription_id_webhook_subscriptions"
    return sa.ForeignKeyConstraint(["subscription_id"], ["webhook_subscriptions.id"], name=name, ondelete="CASCADE")


def _deliveries() -> None:
    op.create_table(
        "webhook_events",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("data", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_events"),
        sa.UniqueConstraint("key", name="uq_webhook_events_key"),
    )
    op.create_index("ix_webhook_events_at", "webhook_events", ["at"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'pending'"), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_status", sa.SmallInteger(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status in ('pending', 'delivered', 'dead')", name="ck_webhook_deliveries_status_known"),
        _of_subscription("webhook_deliveries"),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["webhook_events.id"],
            name="fk_webhook_deliveries_event_id_webhook_events",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
    )
    for name, columns, where in (
        ("ix_webhook_deliveries_due", ["subscription_id", "id"], "status = 'pending'"),
        ("ix_webhook_deliveries_order", ["subscription_id", "subject", "id"], "status = 'pending'"),
        ("ix_webhook_deliveries_subscription_id_status_id", ["subscription_id", "status", "id"], None),
        ("ix_webhook_deliveries_settled_at", ["settled_at"], "status <> 'pending'"),
        ("ix_webhook_deliveries_event_id", ["event_id"], None),
    ):
        op.create_index(name, "webhook_deliveries", columns, postgresql_where=None if where is None else sa.text(where))
