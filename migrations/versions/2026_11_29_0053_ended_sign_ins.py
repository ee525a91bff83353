"""Whether a sign-in has ended is asked at each request and each second for all open sockets: by an index of revoked
refresh tokens alone, as a sign-in that stands for days has a thousand others.

Revision: 0053
After: 0047
"""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index(
        "ix_refresh_tokens_revoked", "refresh_tokens", ["family"], postgresql_where=sa.text("revoked_at is not null")
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_refresh_tokens_revoked", "refresh_tokens")
