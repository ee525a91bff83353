"""Responses that are due are settled by customer, whatever has become of their agreement; what is judged in
the commit of a contact, and told in the pop, is planned once. Reads of who is erased are let go. Wishes and
configurations are told to those who have the profile open.

Revision: 0039
After: 0038
"""

import sqlalchemy as sa
from alembic import op

from migrations.agreements_0028 import APPLY, CHANGED, IN_FORCE, RECORDED
from migrations.judging_0028 import DUE

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

# A plan by keys costs less than making it: one that counts days of service hours four times as much. Where a connection
# plans anew each time, contacts would be recorded so much more slowly.
ENTRIES = ("entitle_recorded()", "entitle_changed()", "entitlement_now(uuid, timestamptz, text)")
SETTINGS = ("plan_cache_mode", "enable_seqscan")
OWNED = "owner is not null and done_at is null"
OPEN = "done_at is null and kind = 'response'"

COMPARING = ("note_changed_customers()", "note_moves()")
"""They join what rows are to what they were; a plan of the time when one row had changed would go through all pairs."""

SETTLE = """
create function settle_responses(contact interactions) returns void language plpgsql as $$
begin
    -- somebody spoke with the customer: what waited for that is done. Found first, then changed by their keys: a plan
    -- that is made while there is nothing may else read everything that is due, for good
    update dues set done_at = contact.ended_at, done_by = contact.agent_id, done_in = contact.id
    where id = any(array(
        select x.id from customer_family(contact.customer_id) f (member) cross join lateral (
            select * from dues where customer_id = f.member and done_at is null and kind = 'response'
              and started_at <= contact.started_at offset 0) x));
end
$$
"""


RELEASED = """
create or replace function refuse_rewriting() returns trigger language plpgsql as $$
begin  -- an erasure and retention let go of them
    if tg_op = 'DELETE' and current_setting('callfloor.erasing', true) = 'on' then
        return old;
    end if;
    raise exception 'rows of % are only ever added', tg_table_name using errcode = 'restrict_violation';
end
$$
"""


SHOWN = ("customer_preferences", "product_configurations")
"""Tables of parts of the profile, whose changes are told to those who have it open."""

EACH = {"insert": "new table as newer", "update": "new table as newer", "delete": "old table as older"}


def _replaced(function: str) -> str:
    return function.replace("create function", "create or replace function", 1)


APPEND_ONLY = RELEASED.replace(RELEASED[RELEASED.index("    if tg_op") : RELEASED.index("    raise")], "")


def _part(function: str, begin: str, end: str) -> str:
    start = function.index(begin)
    return function[start : function.index(end, start)]


_OF_ITS_OWN = _part(APPLY, "    if answered then  -- somebody", "    if contact.direction")
APPLIED = _replaced(APPLY.replace(_OF_ITS_OWN, ""))
RECORDED_NOW = _replaced(
    RECORDED.replace(
        "    -- in one order",
        """    perform settle_responses(n) from (
        select * from newer where outcome = 'answered' and customer_id is not null
        order by customer_id, started_at, id) n;
    -- in one order""",
    )
)
CHANGED_NOW = _replaced(
    CHANGED.replace(
        "begin\n",
        """begin
    if new.outcome = 'answered' then
        perform settle_responses(new);
    end if;
""",
    )
)
IN_FORCE_NOW = _replaced(
    IN_FORCE.replace(
        "b.status = 'active' and", "b.status = 'active' and b.clauses <> '[]' and"
    )  # none covers everything
)
DUE_NOW = _replaced(DUE.replace("array[7, 60, 800]", "array[2, 14, 120, 800]"))


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in (SETTLE, APPLIED, RECORDED_NOW, CHANGED_NOW, DUE_NOW, IN_FORCE_NOW, RELEASED):
        op.execute(statement)
    for entry in ENTRIES:
        op.execute(f"alter function {entry} set plan_cache_mode = force_generic_plan")
        op.execute(f"alter function {entry} set enable_seqscan = off")
    for function in COMPARING:
        op.execute(f"alter function {function} set enable_nestloop = off")
    for table in SHOWN:
        for event, rows in EACH.items():
            op.execute(
                f"create trigger {table}_profiles_{event} after {event} on {table} referencing {rows} "
                f"for each statement execute function tell_profiles_{rows.split()[-1]}()"
            )
    op.drop_index("ix_dues_unanswered", "dues")
    op.create_index("ix_dues_unanswered", "dues", ["customer_id"], postgresql_where=sa.text(OPEN))
    op.create_index("ix_dues_of_owner", "dues", ["owner", "due_at", "id"], postgresql_where=sa.text(OWNED))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_dues_of_owner", "dues")
    op.drop_index("ix_dues_unanswered", "dues")
    op.create_index("ix_dues_unanswered", "dues", ["agreement_id"], postgresql_where=sa.text(OPEN))
    for function in COMPARING:
        op.execute(f"alter function {function} reset enable_nestloop")
    for table in SHOWN:
        for event in EACH:
            op.execute(f"drop trigger {table}_profiles_{event} on {table}")
    for entry in ENTRIES:
        for setting in SETTINGS:
            op.execute(f"alter function {entry} reset {setting}")
    for function in (APPLY, RECORDED, CHANGED, DUE, IN_FORCE, APPEND_ONLY):
        op.execute(_replaced(function))
    op.execute("drop function settle_responses(interactions)")
