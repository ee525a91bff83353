"""Which platform a source is, and what is needed to steer its calls.

Revision: 0018
After: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TEXTS = ("account", "public_url", "caller_id", "emergency_number")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("cti_sources", sa.Column("platform", sa.Text(), server_default=sa.text("'generic'"), nullable=False))
    for name in TEXTS:
        op.add_column("cti_sources", sa.Column(name, sa.Text(), nullable=True))
    spoken = sa.text("'{en,zh}'::text[]")
    op.add_column("cti_sources", sa.Column("languages", sa.ARRAY(sa.Text()), server_default=spoken, nullable=False))
    op.create_check_constraint(
        op.f("ck_cti_sources_platform_known"), "cti_sources", "platform in ('generic', 'twilio')"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_constraint("ck_cti_sources_platform_known", "cti_sources")
    op.drop_column("cti_sources", "languages")
    for name in reversed(TEXTS):
        op.drop_column("cti_sources", name)
    op.drop_column("cti_sources", "platform")
