"""An account that is switched off leaves the floor, as an agent who is made inactive does.

Revision: 0014
After: 0013
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # not on every update: a sign-in writes to users, and the floor does not decide by that
    op.execute(
        "create trigger users_configuration after update of active on users "
        "for each statement execute function raise_configuration_version()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("drop trigger users_configuration on users")
