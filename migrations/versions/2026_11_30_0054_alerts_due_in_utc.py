"""When an alert is due is told to other systems as every other instant is: in UTC, with milliseconds. It was written as
the database shows it, with the offset of whoever changed it.

Revision: 0054
After: 0053
"""

from importlib import import_module

from alembic import op

revision = "0054"
down_revision: str | None = "0053"
branch_labels = None
depends_on = None

BEFORE: str = import_module("migrations.versions.2026_11_29_0038_record_kept")._functions(anew=True)[2]
DUE = "'due_at', n.due_at)"
AFTER = BEFORE.replace(DUE, """'due_at', to_char(n.due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))""")

# what is made anew has no search path; as in 0048
FINDS_TABLES = """
do $$
begin
    execute format('alter function announce_alerts() set search_path = %I, pg_temp', current_schema());
end
$$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(AFTER)
    op.execute(FINDS_TABLES)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(BEFORE)
    op.execute(FINDS_TABLES)
