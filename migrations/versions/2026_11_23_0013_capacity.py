"""How many contacts of which channel an agent can have at once, and whether channels may meet.

Revision: 0013
After: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    one_call = sa.text("""'{"voice": 1}'::jsonb""")
    op.add_column("agents", sa.Column("capacity", postgresql.JSONB(), server_default=one_call, nullable=False))
    op.add_column("agents", sa.Column("blending", sa.Text(), server_default=sa.text("'exclusive'"), nullable=False))
    op.create_check_constraint(op.f("ck_agents_blending_known"), "agents", "blending in ('exclusive', 'mixed')")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("agents", "blending")
    op.drop_column("agents", "capacity")
