"""An index by which old delivered orders are found without reading the whole outbox every hour.

Revision: 0009
After: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INDEX = "ix_outbox_delivered"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    delivered = sa.text("status = 'delivered'")
    op.create_index(INDEX, "outbox", ["floor", "settled_at"], postgresql_where=delivered)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index(INDEX, "outbox")
