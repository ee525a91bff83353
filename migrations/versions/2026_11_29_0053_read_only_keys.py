"""An API key may be one that reads and changes nothing: for reports and other systems that only look.

Revision: 0053
After: 0049
"""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision: str | None = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("api_keys", sa.Column("read_only", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.create_check_constraint("looks_or_feeds", "api_keys", "not read_only or sources is null")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # a key would write: whoever has it gets a new one
    op.execute("update api_keys set revoked_at = coalesce(revoked_at, now()) where read_only")
    op.drop_constraint("looks_or_feeds", "api_keys", type_="check")
    op.drop_column("api_keys", "read_only")
