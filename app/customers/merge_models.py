"""Merges of customers, proposals of duplicates, and callers whom nobody knows yet."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.customers.record_models import WHO, WHY
from app.db.base import Base

STANDING = "undone_at is null"


def _customer() -> Mapped[UUID]:
    return mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))


class CustomerMerge(Base):
    """That `merged_id` was merged into `survivor_id`. One that was taken back stays and says so.

    Standing merges form trees: `customers.merged_into` is the root of a customer's tree, kept so that a look-up need
    not climb it.
    """

    __tablename__ = "customer_merges"
    __table_args__ = (
        CheckConstraint("merged_id <> survivor_id", name="two"),
        Index(None, "survivor_id"),
        Index("uq_customer_merges_standing", "merged_id", unique=True, postgresql_where=text(STANDING)),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    merged_id: Mapped[UUID] = _customer()
    survivor_id: Mapped[UUID] = _customer()
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    who: Mapped[str | None] = mapped_column(server_default=text(WHO))
    why: Mapped[str | None] = mapped_column(server_default=text(WHY))
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]
    undone_because: Mapped[str | None]


class DuplicateProposal(Base):
    """That two customers may be one: `status` is open, dismissed or merged. A pair is proposed once for good."""

    __tablename__ = "duplicate_proposals"
    __table_args__ = (
        CheckConstraint("one_id < other_id", name="ordered"),
        CheckConstraint("status in ('open', 'dismissed', 'merged')", name="status_known"),
        Index(None, "other_id"),
        Index(None, "status", "id"),
        Index("uq_duplicate_proposals_pair", "one_id", "other_id", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    one_id: Mapped[UUID] = _customer()
    other_id: Mapped[UUID] = _customer()
    score: Mapped[float]
    reasons: Mapped[list[Any]]
    status: Mapped[str] = mapped_column(server_default=text("'open'"))
    found_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    why: Mapped[str | None]


class UnknownCaller(Base):
    """A contact of a number that nobody known had, until a provisional customer is made of it. Written by the floor in
    the commit that ends the contact."""

    __tablename__ = "unknown_callers"

    interaction_id: Mapped[UUID] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    number: Mapped[str]
