"""Asterisk servers are sources, too: how such a switch dials numbers.

Revision: 0021
After: 0020
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE cti_sources ADD COLUMN dial text")
    op.execute("ALTER TABLE cti_sources DROP CONSTRAINT ck_cti_sources_platform_known")
    op.execute(
        "ALTER TABLE cti_sources ADD CONSTRAINT ck_cti_sources_platform_known "
        "CHECK (platform in ('generic', 'twilio', 'asterisk_ari'))"
    )


def downgrade() -> None:
    op.execute("DELETE FROM cti_sources WHERE platform = 'asterisk_ari'")
    op.execute("ALTER TABLE cti_sources DROP CONSTRAINT ck_cti_sources_platform_known")
    op.execute(
        "ALTER TABLE cti_sources ADD CONSTRAINT ck_cti_sources_platform_known CHECK (platform in ('generic', 'twilio'))"
    )
    op.execute("ALTER TABLE cti_sources DROP COLUMN dial")
