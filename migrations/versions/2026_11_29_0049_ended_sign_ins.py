"""Whether a sign-in has ended is asked at each request and each second for all open sockets: by an index of revoked
refresh tokens alone, as a sign-in that stands for days has a thousand others. And an API key may end by itself.

Revision: 0049
After: 0047
"""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision: str | None = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index(
        "ix_refresh_tokens_revoked", "refresh_tokens", ["family"], postgresql_where=sa.text("revoked_at is not null")
    )
    op.add_column("api_keys", sa.Column("expires_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # a key would be good for ever: whoever has it gets a new one
    op.execute("update api_keys set revoked_at = coalesce(revoked_at, now()) where expires_at is not null")
    op.drop_column("api_keys", "expires_at")
    op.drop_index("ix_refresh_tokens_revoked", "refresh_tokens")
