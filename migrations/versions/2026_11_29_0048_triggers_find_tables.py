"""Functions of triggers find their tables whatever the search path of whoever writes: `pg_restore` has none, and a
data-only restore stopped at the first row that is audited.

Revision: 0048
After: 0047
"""

from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

# of the schema that the tables are in; what a session makes for itself is looked for last
EACH = """
do $$
declare
    each regprocedure;
begin
    for each in
        select oid from pg_proc where prorettype = 'trigger'::regtype and pronamespace = current_schema()::regnamespace
        and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = pg_proc.oid
                        and d.deptype = 'e')
    loop
        execute format('alter function %s {change}', each {values});
    end loop;
end
$$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(EACH.format(change="set search_path = %I, pg_temp", values=", current_schema()"))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(EACH.format(change="reset search_path", values=""))
