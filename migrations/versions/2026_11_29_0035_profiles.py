"""Reads of profiles, written down; and changes of customers whose profile is open somewhere, notified as they commit.

A notification takes a lock that all commits of a database share, so nothing is notified but what somebody looks at: a
statement that changes customers looks first whether any profile is open, and a load of millions costs nothing more.

Revision: 0035
After: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

NEWER = "referencing new table as newer"
OLDER = "referencing old table as older"
EACH = {"insert": NEWER, "update": NEWER, "delete": OLDER}

OF_CUSTOMER = {
    "customer_numbers": "insert update delete",
    "customer_emails": "insert update delete",
    "customer_addresses": "insert update delete",
    "customer_external_ids": "insert update delete",
    "customer_notes": "insert update delete",
    "customer_consents": "insert delete",
    "customer_holdings": "insert update delete",
    "customer_alerts": "insert update delete",
    "credit_checks": "insert update delete",
    "agreements": "insert update delete",
    "dues": "insert update delete",
    "interactions": "insert update",
}
"""Tables that name their customer in `customer_id`, and what is told of them."""

OTHERS = {
    "customers": ("update", ("id",)),
    "customer_ties": ("insert update delete", ("customer_id", "other_id")),
    "customer_merges": ("insert update", ("merged_id", "survivor_id")),
}


FEW = 1000


def _function(name: str, rows: str, columns: tuple[str, ...]) -> str:
    ids = " union ".join(f"select {column} as id from {rows}" for column in columns)  # noqa: S608
    return f"""
create function {name}() returns trigger language plpgsql as $$
begin
    if not exists (select from open_profiles) then
        return null;
    end if;
    if exists (select from {rows} offset {FEW}) then  -- of many the open ones are found together
        perform pg_notify('callfloor_profiles', o.customer_id::text) from (
            select distinct customer_id from open_profiles where until > now()) o
        where exists (select from ({ids}) changed where changed.id = o.customer_id);
    else  -- a few are each looked for by their key, however many are open
        perform pg_notify('callfloor_profiles', changed.id::text) from ({ids}) changed
        cross join lateral (
            select from open_profiles where customer_id = changed.id and until > now() limit 1) o;
    end if;
    return null;
end
$$
"""  # noqa: S608 - made of the constants below


FUNCTIONS = {
    f"{name}_{rows}": _function(f"{name}_{rows}", rows, columns)
    for name, columns in (
        ("tell_profiles", ("customer_id",)),
        ("tell_profiles_of_customers", ("id",)),
        ("tell_profiles_of_customer_ties", ("customer_id", "other_id")),
        ("tell_profiles_of_customer_merges", ("merged_id", "survivor_id")),
    )
    for rows in ("newer", "older")
    if not (rows == "older" and name.endswith(("customers", "merges")))
}

APPEND_ONLY = """
create function refuse_rewriting() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are only ever added', tg_table_name using errcode = 'restrict_violation';
end
$$
"""


def _triggers() -> list[tuple[str, str, str, str]]:
    """(name, table, event, function) of each."""
    made = [
        (f"{table}_profiles_{event}", table, event, "tell_profiles")
        for table, events in OF_CUSTOMER.items()
        for event in events.split()
    ]
    return made + [
        (f"{table}_profiles_{event}", table, event, f"tell_profiles_of_{table}")
        for table, (events, _) in OTHERS.items()
        for event in events.split()
    ]


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "profile_reads",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("in_hand", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", "at", name="pk_profile_reads"),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_profile_reads_customer_id_at_id", "profile_reads", ["customer_id", "at", "id"])
    op.create_index("ix_profile_reads_who_at", "profile_reads", ["who", "at"])
    op.execute(APPEND_ONLY)
    op.execute(
        "create trigger profile_reads_append_only before update or delete on profile_reads "
        "for each row execute function refuse_rewriting()"
    )
    op.create_table(
        "open_profiles",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("process", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "process", name="pk_open_profiles"),
        prefixes=["UNLOGGED"],
    )
    for function in FUNCTIONS.values():
        op.execute(function)
    for name, table, event, function in _triggers():
        rows = "older" if event == "delete" else "newer"
        op.execute(
            f"create trigger {name} after {event} on {table} {EACH[event]} "
            f"for each statement execute function {function}_{rows}()"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name, table, _, _ in _triggers():
        op.execute(f"drop trigger {name} on {table}")
    for function in FUNCTIONS:
        op.execute(f"drop function {function}()")
    op.drop_table("open_profiles")
    op.drop_table("profile_reads")
    op.execute("drop function refuse_rewriting()")
