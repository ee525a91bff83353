"""Phones that answer for their agents, and what platforms tell of phones.

Revision: 0020
After: 0019
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("agents", sa.Column("auto_accept", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_table(
        "live_phones",
        sa.Column("floor", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", postgresql.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("floor", "address", name="pk_live_phones"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("live_phones")
    op.drop_column("agents", "auto_accept")
