"""Bureaus as administrators set them up, and every question that was ever asked of one, with its answer."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base

OUTCOMES = ("asking", "answered", "failed")


class CreditBureau(Base):
    """A bureau; `how` holds the rest of `app.credit.port.Bureau`."""

    __tablename__ = "credit_bureaus"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    how: Mapped[dict[str, Any]]


class CreditCheck(Base):
    """One question about a customer: who asked it, why, on the strength of which consent; and what came of it.

    `outcome` is asking (one at a time of a customer), answered or failed with `error`. The newest that was answered is
    the standing; the rest is its history. Rows are only added, and settled once.
    """

    __tablename__ = "credit_checks"
    __table_args__ = (
        CheckConstraint(f"outcome in {OUTCOMES}", name="outcome_known"),
        CheckConstraint("outcome <> 'answered' or num_nonnulls(score, standing) > 0", name="answer_said"),
        Index("ix_credit_checks_customer_id_asked_at_id", "customer_id", "asked_at", "id"),
        Index(None, "asked_at"),
        Index(
            "ix_credit_checks_standing",
            "customer_id",
            "settled_at",
            "id",
            postgresql_where=text("outcome = 'answered'"),
        ),
        Index("uq_credit_checks_asking", "customer_id", unique=True, postgresql_where=text("outcome = 'asking'")),
        Index("ix_credit_checks_consent_id", "consent_id", postgresql_where=text("consent_id is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    source: Mapped[str]
    asked_at: Mapped[datetime]
    asked_by: Mapped[str]
    reason: Mapped[str]
    consent_id: Mapped[int | None] = mapped_column(ForeignKey("customer_consents.id", ondelete="SET NULL"))
    consent_at: Mapped[datetime]
    consent_origin: Mapped[str]
    outcome: Mapped[str] = mapped_column(server_default=text("'asking'"))
    settled_at: Mapped[datetime | None]
    score: Mapped[float | None]
    standing: Mapped[str | None]
    valid_until: Mapped[datetime | None]
    error: Mapped[str | None]
