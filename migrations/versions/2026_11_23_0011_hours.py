"""Business hours, and which of them a queue keeps.

Revision: 0011
After: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "business_hours",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("weekly", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("subdivision", sa.Text(), nullable=True),
        sa.Column("exceptions", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "subdivision is null or country is not null", name=op.f("ck_business_hours_subdivision_of_country")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_business_hours"),
    )
    op.execute(
        "create trigger business_hours_configuration after insert or update or delete or truncate on business_hours "
        "for each statement execute function raise_configuration_version()"
    )
    op.add_column("queues", sa.Column("hours_id", sa.Text(), nullable=True))
    op.create_foreign_key(
        "fk_queues_hours_id_business_hours", "queues", "business_hours", ["hours_id"], ["id"], ondelete="RESTRICT"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("queues", "hours_id")
    op.drop_table("business_hours")
