"""One row whose version every change of what the floor decides by raises, whoever makes it.

Revision: 0007
After: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WATCHED = (
    "agent_skills", "agents", "cti_sources", "dialled_numbers", "queue_skills", "queues", "skills", "tiers",
    "wrap_up_codes",
)  # fmt: skip

RAISE_VERSION = """
create function raise_configuration_version() returns trigger language plpgsql as $$
begin
    update configuration set version = version + 1 where id = 1;
    return null;
end
$$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "configuration",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_configuration_single_row"),
        sa.PrimaryKeyConstraint("id", name="pk_configuration"),
    )
    op.execute("insert into configuration (id, version) values (1, 0)")
    op.execute(RAISE_VERSION)
    for table in WATCHED:
        # statement-level: one raise a statement, so an import of a thousand agents does not raise a thousand times
        op.execute(
            f"create trigger {table}_configuration after insert or update or delete or truncate on {table} "
            "for each statement execute function raise_configuration_version()"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in WATCHED:
        op.execute(f"drop trigger {table}_configuration on {table}")
    op.execute("drop function raise_configuration_version()")
    op.drop_table("configuration")
