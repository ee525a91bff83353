"""Who comes into a segment by rules is looked at again by rules of usage; a contact that gets its customer or its
outcome later has them judged as one that is recorded with both.

Revision: 0041
After: 0040
"""

from importlib import import_module

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

LOOKS = import_module("migrations.versions.2026_11_29_0037_looks")
ASKED = (*LOOKS.ASKED, "computed_segments")
CHANGED = f"({', '.join(f'n.{name}' for name in ASKED)}) is distinct from ({', '.join(f'o.{name}' for name in ASKED)})"

LATER = """
create function note_changed_contact() returns trigger language plpgsql as $$
begin
    if exists (select from segment_rule_sets where state = 'active' and 'contacts' = any(asks)) then
        insert into segment_changes (customer_id) values (new.customer_id);
    end if;
    return null;
end
$$
"""


def _replaced(function: str) -> str:
    return function.replace("create function", "create or replace function", 1)


LOOK_AGAIN = _replaced(LOOKS.LOOK_AGAIN.replace(LOOKS.CHANGED, CHANGED))


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(LOOK_AGAIN)
    # a plan of the time when one row had changed would go through all pairs of what rows are and were
    op.execute("alter function look_again_at_customers() set enable_nestloop = off")
    op.execute(LATER)
    op.execute(
        "create trigger interactions_judged_later after update of customer_id, outcome on interactions for each row "
        "when (new.customer_id is not null and (old.customer_id is null or old.outcome <> new.outcome)) "
        "execute function note_changed_contact()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("drop trigger interactions_judged_later on interactions")
    op.execute("drop function note_changed_contact()")
    op.execute(_replaced(LOOKS.LOOK_AGAIN))
