"""Feeds: which systems feed customers and how they rank, their runs, and who set what last of a customer.

A trigger notes the origin of a field when it changes, so that hands, SQL and feeds are all seen. A new row costs it
nothing: what it has is of its `source`.

Revision: 0025
After: 0024
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

SOURCE = "NULLIF(current_setting('callfloor.source'::text, true), ''::text)"
WHO = "NULLIF(current_setting('callfloor.who'::text, true), ''::text)"
TRACKED = (
    "name",
    "latin_name",
    "tier_id",
    "language",
    "preferred_agent",
    "active",
    "kind",
    "relationship_manager",
    "segments",
)
"""Columns of customers of which the origin is known, beside each of the `attributes`."""

COUNTS = ("made", "changed", "unchanged", "kept", "refused", "repeated")

NOTE = f"""
create function note_origins() returns trigger language plpgsql as $$
declare
    author text := coalesce({SOURCE}, 'hand');
    changed text[] := array_remove(array[
        {", ".join(f"case when old.{name} is distinct from new.{name} then '{name}' end" for name in TRACKED)}
    ], null);
begin
    if old.attributes is distinct from new.attributes then
        changed := changed || array(
            select 'attribute.' || key from jsonb_object_keys(old.attributes || new.attributes) as keys (key)
            where old.attributes -> key is distinct from new.attributes -> key);
    end if;
    if author = new.source then
        new.origins := new.origins - changed;
    else
        new.origins := new.origins || jsonb_object(changed, array_fill(author, array[cardinality(changed)]));
    end if;
    return new;
end
$$
"""  # noqa: S608 - made of the constants above

_OLD, _NEW = (", ".join(f"{row}.{name}" for name in (*TRACKED, "attributes")) for row in ("old", "new"))


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _sources()
    _runs()
    op.add_column("customers", sa.Column("source", sa.Text(), nullable=True))
    # set apart from adding: a default that is computed would make PostgreSQL write the whole table anew
    op.execute(f"alter table customers alter column source set default {SOURCE}")
    op.add_column("customers", sa.Column("origins", JSONB(), server_default=sa.text("'{}'"), nullable=False))
    op.execute(NOTE)
    op.execute(
        "create trigger customers_origins before update on customers for each row "
        f"when (({_OLD}) is distinct from ({_NEW})) execute function note_origins()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("drop trigger customers_origins on customers")
    op.execute("drop function note_origins()")
    for column in ("origins", "source"):
        op.drop_column("customers", column)
    for table in ("feed_runs", "feed_sources"):
        op.drop_table(table)


def _sources() -> None:
    op.create_table(
        "feed_sources",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), server_default=sa.text("50"), nullable=False),
        sa.Column("secrets", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("mappings", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feed_sources"),
    )
    op.execute("insert into feed_sources (id, rank) values ('hand', 100)")
    op.execute(
        "create trigger feed_sources_audit after insert or update or delete on feed_sources "
        "for each row execute function write_audit_entry('feed_source', 'id', 'secrets')"
    )


def _runs() -> None:
    op.create_table(
        "feed_runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("mapping", JSONB(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'running'"), nullable=False),
        *(sa.Column(count, sa.BigInteger(), server_default=sa.text("0"), nullable=False) for count in COUNTS),
        sa.Column("started_by", sa.Text(), server_default=sa.text(WHO), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["feed_sources.id"], name="fk_feed_runs_source_feed_sources"),
        sa.CheckConstraint("state in ('running', 'done', 'superseded')", name="ck_feed_runs_state_known"),
        sa.PrimaryKeyConstraint("id", name="pk_feed_runs"),
    )
    op.create_index("ix_feed_runs_source_feed_state", "feed_runs", ["source", "feed", "state"])
    op.create_index("ix_feed_runs_started_at", "feed_runs", ["started_at"])
