"""What a caller was predicted to wait stands beside what they did wait, so that the prediction's error can be read.

Revision: 0012
After: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("queue_visits", sa.Column("estimated_wait_seconds", sa.Double(), nullable=True))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("queue_visits", "estimated_wait_seconds")
