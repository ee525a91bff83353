"""Tiers and segments by rules: sets of rules, rounds through all customers, who is to be judged again, moves, and
overrides.

Who is to be judged again is noted by triggers, once a statement, and only where the active set of rules asks for what
has changed. The notes have no key but their own: the floor writes some of them, and must wait for nobody.

Revision: 0031
After: 0030
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.segments_0031 import DROP, FUNCTIONS, TRIGGERS, versions_of

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

WHO = "NULLIF(current_setting('callfloor.who'::text, true), ''::text)"
WHY = "NULLIF(current_setting('callfloor.why'::text, true), ''::text)"
TABLES = (
    "segment_rule_sets",
    "segment_rounds",
    "segment_changes",
    "customer_moves",
    "tier_overrides",
    "segment_overrides",
)
LIVE = sa.text("ended_at is null")
COUNTS = ("looked", "moved", "kept", "untold", "again")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "customers", sa.Column("computed_segments", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)
    )
    op.create_index("ix_customers_computed_segments", "customers", ["computed_segments"], postgresql_using="gin")
    _rule_sets()
    _rounds()
    _moves()
    _tier_overrides()
    _segment_overrides()
    _unaudited("insert into feed_sources (id, rank) values ('rules', 60) on conflict do nothing")
    for statement in (versions_of(computed=True), *FUNCTIONS, *TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statement in (*DROP, versions_of(computed=False)):
        op.execute(statement)
    _unaudited("delete from feed_sources where id = 'rules'")
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index("ix_customers_computed_segments", "customers")
    op.drop_column("customers", "computed_segments")


def _unaudited(statement: str) -> None:
    """A new database has no month of the audit log yet, and nobody has done this."""
    op.execute("alter table feed_sources disable trigger feed_sources_audit")
    op.execute(statement)
    op.execute("alter table feed_sources enable trigger feed_sources_audit")


def _text(*names: str, nullable: bool = False) -> Iterator[sa.Column[str]]:
    for name in names:
        yield sa.Column(name, sa.Text(), nullable=nullable)


def _at(*names: str) -> Iterator[sa.Column[datetime]]:
    for name in names:
        yield sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def _now(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def _set_by(name: str, setting: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=sa.text(setting), nullable=True)


def _rule_sets() -> None:
    op.create_table(
        "segment_rule_sets",
        sa.Column("number", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'draft'"), nullable=False),
        *_text("note", nullable=True),
        sa.Column("rules", JSONB(), nullable=False),
        sa.Column("asks", sa.ARRAY(sa.Text()), nullable=False),
        *_text("daily_at", "time_zone"),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("previewed_version", sa.Integer(), nullable=True),
        _set_by("created_by", WHO),
        _now("created_at"),
        *_at("activated_at", "retired_at"),
        *_text("activated_by", nullable=True),
        sa.CheckConstraint("state in ('draft', 'active', 'retired')", name="ck_segment_rule_sets_state_known"),
        sa.PrimaryKeyConstraint("number", name="pk_segment_rule_sets"),
    )
    op.create_index(
        "uq_segment_rule_sets_active",
        "segment_rule_sets",
        ["state"],
        unique=True,
        postgresql_where=sa.text("state = 'active'"),
    )


def _rounds() -> None:
    op.create_table(
        "segment_rounds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("rule_set", sa.Integer(), nullable=False),
        *_text("reason"),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.Uuid(), nullable=True),
        sa.Column("boundaries", JSONB(), nullable=True),
        *_at("ended_at"),
        *_text("ended", nullable=True),
        *(sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False) for name in COUNTS),
        sa.Column("untold_by", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_set"], ["segment_rule_sets.number"], name="fk_segment_rounds_rule_set_segment_rule_sets"
        ),
        sa.CheckConstraint("reason in ('activated', 'daily', 'asked')", name="ck_segment_rounds_reason_known"),
        sa.CheckConstraint("ended in ('done', 'superseded')", name="ck_segment_rounds_ended_known"),
        sa.PrimaryKeyConstraint("id", name="pk_segment_rounds"),
    )
    op.create_index("ix_segment_rounds_rule_set_id", "segment_rounds", ["rule_set", "id"])
    op.create_index(
        "uq_segment_rounds_open",
        "segment_rounds",
        ["rule_set"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_table(
        "segment_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_segment_changes"),
    )


def _moves() -> None:
    op.create_table(
        "customer_moves",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        _now("at"),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        *_text("part"),
        *_text("before", "after", nullable=True),
        _set_by("who", WHO),
        _set_by("why", WHY),
        *_text("source"),
        sa.Column("rule_set", sa.Integer(), nullable=True),
        *_text("rule", nullable=True),
        sa.Column("evidence", JSONB(), nullable=True),
        sa.CheckConstraint("part in ('tier', 'segment')", name="ck_customer_moves_part_known"),
        sa.PrimaryKeyConstraint("customer_id", "at", "id", name="pk_customer_moves"),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_customer_moves_at_id", "customer_moves", ["at", "id"])


def _override(table: str, *what: sa.Column[Any]) -> None:
    """A table of overrides of what these columns say."""
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        *what,
        *_text("reason"),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        _set_by("made_by", WHO),
        _now("made_at"),
        *_at("ended_at"),
        *_text("ended_by", "ended_because", nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=f"fk_{table}_customer_id_customers", ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "ended_because in ('until', 'taken_back', 'replaced')", name=op.f(f"ck_{table}_ended_because_known")
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_until", table, ["until"], postgresql_where=LIVE)
    op.create_index(f"ix_{table}_customer_id_id", table, ["customer_id", "id"])


def _tier_overrides() -> None:
    _override("tier_overrides", *_text("tier", "tier_before", "origin_before", nullable=True))
    op.create_index("uq_tier_overrides_live", "tier_overrides", ["customer_id"], unique=True, postgresql_where=LIVE)


def _segment_overrides() -> None:
    _override("segment_overrides", *_text("segment"), sa.Column("member", sa.Boolean(), nullable=False))
    op.create_index(
        "uq_segment_overrides_live",
        "segment_overrides",
        ["customer_id", "segment"],
        unique=True,
        postgresql_where=LIVE,
    )
