"""Lists of cases and visits of one status are read by an index: of those that are solved, completed or that nobody was
at home for, a page read all there are.

Revision: 0045
After: 0044
"""

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index("ix_cases_status_due_at_id", "cases", ["status", "due_at", "id"])
    op.create_index("ix_field_visits_status_listed_at_id", "field_visits", ["status", "listed_at", "id"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_field_visits_status_listed_at_id", "field_visits")
    op.drop_index("ix_cases_status_due_at_id", "cases")
