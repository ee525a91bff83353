"""An API key may be bound to the sources that it feeds: one that leaks speaks for no other system. Keys that there are
may name any source, as before.

Revision: 0047
After: 0046
"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("api_keys", sa.Column("sources", sa.ARRAY(sa.Text())))
    op.create_check_constraint(op.f("ck_api_keys_sources_some"), "api_keys", "cardinality(sources) > 0")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # a key would be let loose on all sources: whoever has it gets a new one
    op.execute("update api_keys set revoked_at = coalesce(revoked_at, now()) where sources is not null")
    op.drop_constraint(op.f("ck_api_keys_sources_some"), "api_keys")
    op.drop_column("api_keys", "sources")
