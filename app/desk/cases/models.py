"""Cases, what happened to each, and the contacts that are about them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.customers.record_models import WHO
from app.db.base import Base

PRIORITIES = ("low", "normal", "high", "urgent")
STATUSES = ("new", "open", "pending", "on_hold", "solved", "closed")
LIVE = "status in ('new', 'open', 'pending', 'on_hold')"


class Case(Base):
    """Something that a customer wants of the bank, or the bank of them. It is of whoever it was opened for, also when
    they are merged into another later; without a customer it is of somebody who was erased, and only counts.

    `status` is new, open (somebody works on it), pending (waits for the customer), on_hold (waits for others), solved
    or closed. `owner` sees to it, or anybody of `team_id`. `contact_id`, `alert_id` and `follows_id` are what it was
    opened from: a contact, an alert, a case that is closed. `due_because` says by whom `due_at` was set: `hand`, or the
    clause of an agreement.
    """

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint(f"priority in {PRIORITIES}", name="priority_known"),
        CheckConstraint(f"status in {STATUSES}", name="status_known"),
        CheckConstraint("(status in ('solved', 'closed')) = (solved_at is not null)", name="solved_at_known"),
        CheckConstraint("(status = 'closed') = (closed_at is not null)", name="closed_at_known"),
        Index("uq_cases_number", "number", unique=True),
        Index("uq_cases_alert_id", "alert_id", unique=True),
        Index(None, "follows_id"),
        Index(None, "customer_id", "opened_at"),
        Index(None, "due_at", "id"),
        Index(None, "status", "due_at", "id"),
        Index(None, "owner", "due_at"),
        Index(None, "team_id", "due_at"),
        Index("ix_cases_live", "due_at", "id", postgresql_where=text(LIVE)),
        Index("ix_cases_live_of_customer", "customer_id", "due_at", "id", postgresql_where=text(LIVE)),
        Index("ix_cases_closed", "closed_at", postgresql_where=text("status = 'closed'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    number: Mapped[str]
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    category: Mapped[str | None]
    subject: Mapped[str]
    description: Mapped[str | None]
    priority: Mapped[str] = mapped_column(server_default=text("'normal'"))
    status: Mapped[str] = mapped_column(server_default=text("'new'"))
    owner: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    team_id: Mapped[str | None] = mapped_column(ForeignKey("teams.id", ondelete="SET NULL"))
    due_at: Mapped[datetime | None]
    due_because: Mapped[str | None]
    resolution: Mapped[str | None]
    contact_id: Mapped[UUID | None]
    alert_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer_alerts.id", ondelete="SET NULL"))
    follows_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id", ondelete="SET NULL"))
    opened_at: Mapped[datetime]
    opened_by: Mapped[str | None]
    changed_at: Mapped[datetime]
    solved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))

    def is_overdue(self, now: datetime) -> bool:
        """Whether it should have been solved by now and is not."""
        return self.due_at is not None and self.due_at < now and self.solved_at is None


class CaseEntry(Base):
    """What happened to a case: who did what, when, how it stood afterwards, and what changed, each field from what to
    what. `text` is what somebody wrote with it. Rows are only ever added.

    The customer is the case's, named here so that an index has their entries in order.
    """

    __tablename__ = "case_entries"
    __table_args__ = (
        Index(None, "case_id", "id"),
        Index(None, "customer_id", "at", "id"),
        Index(
            "ix_case_entries_words",
            text("history_words(customer_id, text)"),
            postgresql_using="gin",
            postgresql_where=text("text is not null"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    customer_id: Mapped[UUID]
    at: Mapped[datetime]
    who: Mapped[str | None] = mapped_column(server_default=text(WHO))
    act: Mapped[str]
    status: Mapped[str]
    changes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    text: Mapped[str | None]


class CaseContact(Base):
    """That a contact is about a case. It may be of a month that is not kept any more."""

    __tablename__ = "case_contacts"
    __table_args__ = (Index(None, "contact_id"),)

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    who: Mapped[str | None] = mapped_column(server_default=text(WHO))
