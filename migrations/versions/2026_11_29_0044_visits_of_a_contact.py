"""The stays in queues of one contact are found by an index: a call of which it is told late that it was answered puts
them right in the floor's own commit, which would otherwise read the whole month.

Revision: 0044
After: 0043
"""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index("ix_queue_visits_interaction_id", "queue_visits", ["interaction_id", "started_at"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_queue_visits_interaction_id", "queue_visits")
