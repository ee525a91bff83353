"""Field visits and what happened to each. No engineer has two at once: the database refuses it.

Revision: 0043
After: 0042
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

WHO = "NULLIF(current_setting('callfloor.who'::text, true), ''::text)"
STATUSES = "'requested', 'scheduled', 'dispatched', 'en_route', 'on_site', 'completed', 'cancelled', 'no_access'"
LIVE = "status in ('requested', 'scheduled', 'dispatched', 'en_route', 'on_site')"
ON_DUTY = "status in ('scheduled', 'dispatched', 'en_route', 'on_site')"
LISTED_AT = "COALESCE(starts_at, '9999-01-01 00:00:00+00'::timestamptz)"
HIDDEN = "customer_id,purpose,site_kind,site_lines,site_city,site_postal_code,site_country,outcome"
"""What the audit log does not tell of a visit, so that an erasure has nothing to take out of it."""

LET_GO = """
do $$ begin
    drop extension btree_gist;
exception
    when undefined_object or insufficient_privilege or dependent_objects_still_exist then null;
end $$"""
"""It may have been there before: then others use it, or only its owner may drop it."""

EACH = {"insert": "new table as newer", "update": "new table as newer", "delete": "old table as older"}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # trusted: whoever may create in the database may create it
    op.execute("create extension if not exists btree_gist")
    _visits()
    _entries()
    op.execute(
        "create trigger field_visits_audit after insert or update on field_visits "
        f"for each row execute function write_audit_entry('visit', 'id', '{HIDDEN}')"
    )
    for event, rows in EACH.items():
        op.execute(
            f"create trigger field_visits_profiles_{event} after {event} on field_visits referencing {rows} "
            f"for each statement execute function tell_profiles_{rows.split()[-1]}()"
        )
    op.execute(
        "create trigger field_visit_entries_append_only before update or delete on field_visit_entries "
        "for each row execute function refuse_rewriting()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("field_visit_entries")
    op.drop_table("field_visits")
    op.execute(LET_GO)


def _at(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _visits() -> None:
    op.create_table(
        "field_visits",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        _text("status"),
        _text("purpose"),
        _text("site_kind", nullable=True),
        _text("site_lines"),
        _text("site_city", nullable=True),
        _text("site_postal_code", nullable=True),
        _text("site_country", nullable=True),
        _at("starts_at", nullable=True),
        _at("ends_at", nullable=True),
        _text("time_zone", nullable=True),
        sa.Column("listed_at", sa.DateTime(timezone=True), sa.Computed(LISTED_AT, persisted=True), nullable=False),
        _text("engineer", nullable=True),
        _text("outcome", nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        _at("booked_at"),
        sa.Column("booked_by", sa.Text(), server_default=sa.text(WHO), nullable=True),
        _at("closed_at", nullable=True),
        sa.CheckConstraint(f"status in ({STATUSES})", name="ck_field_visits_status_known"),
        sa.CheckConstraint("ends_at > starts_at", name="ck_field_visits_ends_after_it_starts"),
        sa.CheckConstraint(
            "(starts_at is null) = (ends_at is null) and (starts_at is null) = (time_zone is null)",
            name="ck_field_visits_window_whole",
        ),
        sa.CheckConstraint(
            "status in ('requested', 'cancelled') or starts_at is not null", name="ck_field_visits_window_there"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_field_visits_customer_id_customers", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_field_visits_case_id_cases", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["engineer"], ["agents.id"], name="fk_field_visits_engineer_agents", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_field_visits"),
    )
    op.execute(
        "alter table field_visits add constraint engineer_apart exclude using gist "
        f"(engineer with =, tstzrange(starts_at, ends_at) with &&) where (engineer is not null and {ON_DUTY})"
    )
    for columns in (("customer_id", "listed_at", "id"), ("engineer", "listed_at", "id"), ("case_id",)):
        op.create_index(f"ix_field_visits_{'_'.join(columns)}", "field_visits", list(columns))
    op.create_index("ix_field_visits_live", "field_visits", ["listed_at", "id"], postgresql_where=sa.text(LIVE))
    closed = sa.text("closed_at is not null")
    op.create_index("ix_field_visits_closed_at", "field_visits", ["closed_at"], postgresql_where=closed)


def _entries() -> None:
    op.create_table(
        "field_visit_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        _at("at"),
        sa.Column("who", sa.Text(), server_default=sa.text(WHO), nullable=True),
        _text("act"),
        _text("status"),
        _text("engineer", nullable=True),
        sa.Column("changes", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        _text("note", nullable=True),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["field_visits.id"], name="fk_field_visit_entries_visit_id_field_visits", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_field_visit_entries"),
    )
    op.create_index("ix_field_visit_entries_visit_id_id", "field_visit_entries", ["visit_id", "id"])
    op.create_index("ix_field_visit_entries_customer_id_at_id", "field_visit_entries", ["customer_id", "at", "id"])
    op.create_index(
        "ix_field_visit_entries_words",
        "field_visit_entries",
        [sa.text("history_words(customer_id, note)")],
        postgresql_using="gin",
        postgresql_where=sa.text("note is not null"),
    )
