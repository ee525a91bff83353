"""Skills, agents, queues and wrap-up codes.

Revision: 0002
After: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _skills()
    _agents()
    _agent_skills()
    _queues()
    _queue_skills()
    _wrap_up_codes()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("wrap_up_codes", "queue_skills", "queues", "agent_skills", "agents", "skills"):
        op.drop_table(table)


def _skills() -> None:
    op.create_table(
        "skills",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_skills"),
    )


def _agents() -> None:
    op.create_table(
        "agents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["users.id"], name="fk_agents_id_users", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_agents"),
        sa.UniqueConstraint("address", name="uq_agents_address"),
    )


def _agent_skills() -> None:
    op.create_table(
        "agent_skills",
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("skill_id", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("level between 1 and 5", name="ck_agent_skills_level_range"),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name="fk_agent_skills_agent_id_agents", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["skill_id"], ["skills.id"], name="fk_agent_skills_skill_id_skills", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("agent_id", "skill_id", name="pk_agent_skills"),
    )


def _queues() -> None:
    op.create_table(
        "queues",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("bonus_seconds", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("offer_seconds", sa.Double(), server_default=sa.text("20"), nullable=False),
        sa.Column("wrap_up_seconds", sa.Double(), server_default=sa.text("30"), nullable=False),
        sa.Column("decline_keeps_ready", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("language_level", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("default_language", sa.Text(), nullable=True),
        sa.Column("service_level_seconds", sa.Double(), server_default=sa.text("20"), nullable=False),
        sa.Column("short_abandon_seconds", sa.Double(), server_default=sa.text("5"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("language_level between 0 and 5", name="ck_queues_language_level_range"),
        sa.CheckConstraint("offer_seconds > 0 and wrap_up_seconds >= 0", name="ck_queues_durations_sane"),
        sa.PrimaryKeyConstraint("id", name="pk_queues"),
    )


def _queue_skills() -> None:
    op.create_table(
        "queue_skills",
        sa.Column("queue_id", sa.Text(), nullable=False),
        sa.Column("skill_id", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("level between 1 and 5", name="ck_queue_skills_level_range"),
        sa.ForeignKeyConstraint(
            ["queue_id"], ["queues.id"], name="fk_queue_skills_queue_id_queues", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["skill_id"], ["skills.id"], name="fk_queue_skills_skill_id_skills", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("queue_id", "skill_id", name="pk_queue_skills"),
    )


def _wrap_up_codes() -> None:
    op.create_table(
        "wrap_up_codes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wrap_up_codes"),
    )
