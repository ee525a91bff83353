"""Telephone platforms and dialled numbers.

Revision: 0003
After: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _cti_sources()
    _dialled_numbers()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("dialled_numbers", "cti_sources"):
        op.drop_table(table)


def _cti_sources() -> None:
    op.create_table(
        "cti_sources",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secrets", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("command_url", sa.Text(), nullable=True),
        sa.Column("default_queue", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["default_queue"], ["queues.id"], name="fk_cti_sources_default_queue_queues", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_cti_sources"),
    )


def _dialled_numbers() -> None:
    op.create_table(
        "dialled_numbers",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("queue_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["queue_id"], ["queues.id"], name="fk_dialled_numbers_queue_id_queues", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["cti_sources.id"], name="fk_dialled_numbers_source_id_cti_sources", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source_id", "number", name="pk_dialled_numbers"),
    )
