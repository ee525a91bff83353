"""Triggers of customers and alerts cost as much as what a statement changed.

A function keeps the plan of a statement, and of a transition table also how many rows it had when it was planned: after
the change of one row, a bulk of n would be compared n times n. So these statements are planned anew each time.

Revision: 0038
After: 0030
"""

from alembic import op

revision = "0038"
down_revision = "0030"
branch_labels = None
depends_on = None

WHO = "NULLIF(current_setting('callfloor.who'::text, true), ''::text)"

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

LIVE = "('open', 'acknowledged')"

_PAIRS = ",\n            ".join(
    f"'{name}', case when o.{name} is distinct from n.{name} then jsonb_build_array(o.{name}, n.{name}) end"
    for name in TOLD
)
_OWN = f"""
    insert into customer_versions (customer_id, version, part, changes)
    select n.id, n.version, 'customer', told.changes
    from newer n join older o on o.id = n.id cross join lateral (
        select jsonb_strip_nulls(jsonb_build_object(
            {_PAIRS}
        )) || case when o.attributes is distinct from n.attributes
            then jsonb_build_object('attributes', jsonb_build_array(o.attributes, n.attributes))
            else '{{}}' end as changes
    ) told
    where told.changes <> '{{}}'"""  # noqa: S608 - made of the constants above
_PART = """
    insert into customer_versions (customer_id, version, part, item, changes)
    select c.id, c.version, $1, to_jsonb(n) ->> $2, told.changes
    from newer n join older o on o.id = n.id join customers c on c.id = n.customer_id cross join lateral (
        select jsonb_object_agg(key, jsonb_build_array(before.value, after.value)) as changes
        from jsonb_each(to_jsonb(o) - $3) before join jsonb_each(to_jsonb(n) - $3) after using (key)
        where before.value <> after.value
    ) told
    where told.changes is not null"""
_CUSTOMER = """jsonb_build_object('customer_id', n.id, 'external_id', n.external_id, 'kind', n.kind,
            'version', n.version, 'provisional', n.provisional,
            'who', nullif(current_setting('callfloor.who', true), ''),
            'why', nullif(current_setting('callfloor.why', true), ''))"""
_ALERT = """jsonb_build_object('alert_id', n.id, 'customer_id', n.customer_id, 'rule', n.rule_id,
            'severity', n.severity, 'state', n.state, 'owner', n.owner, 'due_at', n.due_at)"""
_PAIR = "newer n join older o on o.id = n.id"


def _announced(kind: str, whose: str, told: str, source: str) -> str:
    return f"""
        select announce_changes('{kind}', array_agg('customer:' || n.{whose} order by n.id),
                                array_agg({told} order by n.id))
        from {source} having count(*) > 0"""  # noqa: S608 - made of the constants above


CREATED = _announced("customer.created", "id", _CUSTOMER, "newer n")
CHANGED = _announced("customer.changed", "id", _CUSTOMER, f"{_PAIR} where n.version <> o.version")
RAISED = _announced("alert.raised", "customer_id", _ALERT, "newer n")
ALTERED = _announced(
    "alert.changed",
    "customer_id",
    _ALERT,
    f"""{_PAIR} where n.state in {LIVE}
            and (n.state, n.owner, n.due_at, n.severity) is distinct from (o.state, o.owner, o.due_at, o.severity)""",
)
CLOSED = _announced("alert.closed", "customer_id", _ALERT, f"{_PAIR} where n.state not in {LIVE} and o.state in {LIVE}")


def _run(statement: str, *given: str, anew: bool) -> str:
    """In PL/pgSQL: the statement with $1, $2, ... given, planned anew each time or once a connection."""
    if anew:
        return f"execute $told${statement}$told$" + (f" using {', '.join(given)}" if given else "")
    for place, value in enumerate(given, 1):
        statement = statement.replace(f"${place}", value)
    return statement.strip().replace("select announce", "perform announce", 1)


def _functions(*, anew: bool) -> tuple[str, ...]:
    return (
        f"""
create or replace function write_customer_versions() returns trigger language plpgsql as $$
begin
    {_run(_OWN, anew=anew)};
    return null;
end
$$
""",
        f"""
create or replace function write_customer_part_versions() returns trigger language plpgsql as $$
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
        {_run(_PART, "tg_argv[0]", "tg_argv[1]", "silent", anew=anew)};
    end if;
    return null;
end
$$
""",  # noqa: S608 - made of the constants above
        f"""
create or replace function announce_customers() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if change_wanted('customer.created') then
            {_run(CREATED, anew=False)};
        end if;
    elsif change_wanted('customer.changed') then
        {_run(CHANGED, anew=anew)};
    end if;
    return null;
end
$$
""",
        f"""
create or replace function announce_alerts() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if change_wanted('alert.raised') then
            {_run(RAISED, anew=False)};
        end if;
    else
        if change_wanted('alert.changed') then
            {_run(ALTERED, anew=anew)};
        end if;
        if change_wanted('alert.closed') then
            {_run(CLOSED, anew=anew)};
        end if;
    end if;
    return null;
end
$$
""",
    )


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in _functions(anew=True):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in _functions(anew=False):
        op.execute(statement)
