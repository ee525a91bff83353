"""Cases, what happened to each, and the contacts that are about them; the case that an alert opened.

Revision: 0042
After: 0041
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

WHO = sa.text("nullif(current_setting('callfloor.who', true), '')")
LIVE = sa.text("status in ('new', 'open', 'pending', 'on_hold')")
TOLD = {"insert": "new table as newer", "update": "new table as newer", "delete": "old table as older"}
HIDDEN = "customer_id,subject,description,resolution,category"
"""What the audit log does not tell of a case, so that an erasure has nothing to take out of it."""


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, default: str | None = None, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=None if default is None else sa.text(default), nullable=nullable)


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        _text("number"),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        _text("category", nullable=True),
        _text("subject"),
        _text("description", nullable=True),
        _text("priority", "'normal'"),
        _text("status", "'new'"),
        _text("owner", nullable=True),
        _text("team_id", nullable=True),
        _at("due_at", nullable=True),
        _text("due_because", nullable=True),
        _text("resolution", nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("alert_id", sa.Uuid(), nullable=True),
        sa.Column("follows_id", sa.Uuid(), nullable=True),
        _at("opened_at"),
        _text("opened_by", nullable=True),
        _at("changed_at"),
        _at("solved_at", nullable=True),
        _at("closed_at", nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("priority in ('low', 'normal', 'high', 'urgent')", name="ck_cases_priority_known"),
        sa.CheckConstraint(
            "status in ('new', 'open', 'pending', 'on_hold', 'solved', 'closed')", name="ck_cases_status_known"
        ),
        sa.CheckConstraint(
            "(status in ('solved', 'closed')) = (solved_at is not null)", name="ck_cases_solved_at_known"
        ),
        sa.CheckConstraint("(status = 'closed') = (closed_at is not null)", name="ck_cases_closed_at_known"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_cases_customer_id_customers"),
        sa.ForeignKeyConstraint(["owner"], ["users.id"], name="fk_cases_owner_users", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_cases_team_id_teams", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["customer_alerts.id"], name="fk_cases_alert_id_customer_alerts", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["follows_id"], ["cases.id"], name="fk_cases_follows_id_cases", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
    )
    op.create_index("uq_cases_number", "cases", ["number"], unique=True)
    op.create_index("uq_cases_alert_id", "cases", ["alert_id"], unique=True)
    op.create_index("ix_cases_follows_id", "cases", ["follows_id"])
    op.create_index("ix_cases_customer_id_opened_at", "cases", ["customer_id", "opened_at"])
    op.create_index("ix_cases_due_at_id", "cases", ["due_at", "id"])
    op.create_index("ix_cases_owner_due_at", "cases", ["owner", "due_at"])
    op.create_index("ix_cases_team_id_due_at", "cases", ["team_id", "due_at"])
    op.create_index("ix_cases_live", "cases", ["due_at", "id"], postgresql_where=LIVE)
    op.create_index("ix_cases_live_of_customer", "cases", ["customer_id", "due_at", "id"], postgresql_where=LIVE)
    op.create_index("ix_cases_closed", "cases", ["closed_at"], postgresql_where=sa.text("status = 'closed'"))


def _entries() -> None:
    op.create_table(
        "case_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        _at("at"),
        sa.Column("who", sa.Text(), server_default=WHO, nullable=True),
        _text("act"),
        _text("status"),
        sa.Column("changes", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        _text("text", nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_entries_case_id_cases", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_case_entries"),
    )
    op.create_index("ix_case_entries_case_id_id", "case_entries", ["case_id", "id"])
    op.create_index("ix_case_entries_customer_id_at_id", "case_entries", ["customer_id", "at", "id"])
    op.create_index(
        "ix_case_entries_words",
        "case_entries",
        [sa.text("history_words(customer_id, text)")],
        postgresql_using="gin",
        postgresql_where=sa.text("text is not null"),
    )
    op.execute(
        "create trigger case_entries_append_only before update or delete on case_entries "
        "for each row execute function refuse_rewriting()"
    )
    op.create_table(
        "case_contacts",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        _at("at"),
        sa.Column("who", sa.Text(), server_default=WHO, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_contacts_case_id_cases", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", "contact_id", name="pk_case_contacts"),
    )
    op.create_index("ix_case_contacts_contact_id", "case_contacts", ["contact_id"])


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("create sequence case_numbers")
    _cases()
    _entries()
    op.add_column("customer_alerts", sa.Column("case_id", sa.Uuid(), nullable=True))
    op.execute(
        "create trigger cases_audit after insert or update on cases "
        f"for each row execute function write_audit_entry('case', 'id', '{HIDDEN}')"
    )
    for event, rows in TOLD.items():
        op.execute(
            f"create trigger cases_profiles_{event} after {event} on cases referencing {rows} "
            f"for each statement execute function tell_profiles_{rows.split()[-1]}()"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("customer_alerts", "case_id")
    for table in ("case_contacts", "case_entries", "cases"):
        op.drop_table(table)
    op.execute("drop sequence case_numbers")
