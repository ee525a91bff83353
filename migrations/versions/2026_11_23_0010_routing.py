"""Teams, and the rest of what a queue can say: alternatives, names, loosening steps, selection, strict tiers, overflow.

Revision: 0010
After: 0009
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SELECTIONS = "'longest_idle', 'most_skilled', 'least_skilled', 'least_occupied', 'round_robin'"
CHECKS = {
    "ck_queues_selection_known": f"selection in ({SELECTIONS})",
    "ck_queues_offer_agents_range": "offer_agents between 1 and 10",
    "ck_queues_wrap_up_ends_known": "wrap_up_ends in ('automatic', 'by_agent')",
    "ck_queues_limits_sane": "preferred_seconds >= 0 and last_agent_seconds >= 0",
}
LISTS = ("one_of", "agents", "teams", "excluded", "steps", "overflow")


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("selection", sa.Text(), server_default=sa.text("'longest_idle'"), nullable=False),
        sa.Column("strict_tiers", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("offer_agents", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("wrap_up_ends", sa.Text(), server_default=sa.text("'automatic'"), nullable=False),
        sa.Column("preferred_seconds", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_agent_seconds", sa.Double(), server_default=sa.text("0"), nullable=False),
        *(sa.Column(name, postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False) for name in LISTS),
    ]


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "teams",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_teams"),
    )
    op.execute(
        "create trigger teams_configuration after insert or update or delete or truncate on teams "
        "for each statement execute function raise_configuration_version()"
    )
    op.add_column("agents", sa.Column("team_id", sa.Text(), nullable=True))
    op.create_foreign_key("fk_agents_team_id_teams", "agents", "teams", ["team_id"], ["id"])
    op.create_index("ix_agents_team_id", "agents", ["team_id"])
    op.add_column("customers", sa.Column("preferred_agent", sa.Text(), nullable=True))
    op.create_foreign_key(
        "fk_customers_preferred_agent_agents", "customers", "agents", ["preferred_agent"], ["id"], ondelete="SET NULL"
    )
    op.create_index(
        "ix_customers_preferred_agent", "customers", ["preferred_agent"], postgresql_where="preferred_agent is not null"
    )
    for column in _columns():
        op.add_column("queues", column)
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(name), "queues", condition)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for column in _columns():
        op.drop_column("queues", column.name)
    op.drop_column("customers", "preferred_agent")
    op.drop_column("agents", "team_id")
    op.drop_table("teams")
