"""What is told of changes of customers: consents among the versions, who changed a note, who first told of a holding;
and triggers that cost as much as what a statement changed.

A function keeps the plan of a statement, and of a transition table also how many rows it had when it was planned: after
the change of one row, a bulk of n would be compared n times n. So these statements are planned anew each time.

Taking back a merge amid a line of them is told of whoever survives the line: theirs is the record that has changed.

Revision: 0038
After: 0037
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

WHO = "NULLIF(current_setting('callfloor.who'::text, true), ''::text)"

ROWS = {
    "insert": "referencing new table as newer",
    "update": "referencing new table as newer old table as older",
    "delete": "referencing old table as older",
}

LIVE = "('open', 'acknowledged')"

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


def _own(*, anew: bool) -> str:
    """Versions of the customer's own row: the function as it is, which columns it tells of whatever they are."""
    body = op.get_bind().scalar(sa.text("select prosrc from pg_proc where proname = 'write_customer_versions'"))
    statement = str(body).partition("begin")[2].rpartition("return null;")[0].strip().removesuffix(";")
    if not anew:
        statement = statement.removeprefix("execute $told$").removesuffix("$told$")
    return f"""
create or replace function write_customer_versions() returns trigger language plpgsql as $$
begin
    {_run(statement, anew=anew)};
    return null;
end
$$
"""


def _merges(survivor: str) -> str:
    """`survivor` is whom the merged one is, or was, read through."""
    return f"""
create or replace function announce_merges() returns trigger language plpgsql as $$
declare
    survivor uuid := {survivor};
begin
    if tg_op = 'INSERT' or (old.undone_at is null and new.undone_at is not null) then
        perform announce_changes(
            case tg_op when 'INSERT' then 'customer.merged' else 'customer.unmerged' end,
            array['customer:' || survivor],
            array[jsonb_build_object('customer_id', survivor, 'merged_id', new.merged_id,
                                     'who', nullif(current_setting('callfloor.who', true), ''),
                                     'why', nullif(current_setting('callfloor.why', true), ''))]);
    end if;
    return null;
end
$$
"""


ROOT = "(select coalesce(merged_into, id) from customers where id = new.survivor_id)"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in (_own(anew=True), *_functions(anew=True)):
        op.execute(statement)
    op.execute(_merges(ROOT))
    op.add_column("customer_holdings", sa.Column("created_by", sa.Text(), nullable=True))
    # set apart from adding: a default that is computed would make PostgreSQL write the whole table anew
    op.execute(f"alter table customer_holdings alter column created_by set default {WHO}")
    op.add_column("customer_notes", sa.Column("changed_by", sa.Text(), nullable=True))
    op.add_column("customer_notes", sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    _note_triggers("id,customer_id,changed_by,changed_at")
    op.execute(
        "create trigger customer_consents_versions_insert after insert on customer_consents "
        "referencing new table as newer for each statement "
        "execute function write_customer_part_versions('consent', 'channel', 'id,customer_id')"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in (_own(anew=False), *_functions(anew=False)):
        op.execute(statement)
    op.execute(_merges("new.survivor_id"))
    op.execute("drop trigger customer_consents_versions_insert on customer_consents")
    _note_triggers("id,customer_id")
    for table, column in (
        ("customer_notes", "changed_at"),
        ("customer_notes", "changed_by"),
        ("customer_holdings", "created_by"),
    ):
        op.drop_column(table, column)


def _note_triggers(silent: str) -> None:
    for event, rows in ROWS.items():
        op.execute(
            f"create or replace trigger customer_notes_versions_{event} after {event} on customer_notes {rows} "
            f"for each statement execute function write_customer_part_versions('note', 'id', '{silent}')"
        )
