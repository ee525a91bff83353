"""${message}

Revision: ${up_revision}
After: ${down_revision | comma,n}
Made: ${create_date}
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    # A statement that waits for a lock makes everybody after it wait too: give up soon, run the migration again.
    # Several steps are better than one long lock: nullable first, backfill apart, index concurrently (how is told, and
    # asked of every migration, in tests/architecture/test_indexes_beside_writers.py).
    op.execute("SET LOCAL lock_timeout = '5s'")
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    ${downgrades if downgrades else "pass"}
