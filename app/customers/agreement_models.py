"""What customers were promised, and what came of it: agreements, what each contact was entitled to, allowances that are
counted, and what is due.

What is written with a contact has no foreign keys: they would lock rows of customers and agreements, and the floor
would wait for whoever edits them.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Computed, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.customers.record_models import WHO
from app.db.base import Base

STATUSES = ("draft", "active", "suspended", "ended")
STARTS = "(valid_from::timestamp without time zone AT TIME ZONE time_zone)"
ENDS = "((valid_until + 1)::timestamp without time zone AT TIME ZONE time_zone)"
_OPEN = text("done_at is null")


class Agreement(Base):
    """What the bank has promised a customer for a `product` or plan, from `valid_from` to the end of `valid_until` by
    the clocks of `time_zone`; `starts_at` and `ends_at` are those instants.

    `covers` names kinds of ties: who is the customer's `employee`, say, is covered, too. `clauses` are those of
    `app.customers.agreements.clauses`. Only an `active` one counts.

    One that a feed keeps is that of `source` by its `external_id`; `held_by` (written by a trigger) is who else has
    changed it since: another source, or `hand`. `details` is what the feed tells beyond.
    """

    __tablename__ = "agreements"
    __table_args__ = (
        CheckConstraint("status in ('draft', 'active', 'suspended', 'ended')", name="status_known"),
        CheckConstraint("valid_until >= valid_from", name="ends_after_it_starts"),
        CheckConstraint("jsonb_typeof(clauses) = 'array'", name="clauses_are_a_list"),
        Index("uq_agreements_external_id", "source", "external_id", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), index=True)
    product: Mapped[str]
    name: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=text("'active'"))
    time_zone: Mapped[str]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    starts_at: Mapped[datetime | None] = mapped_column(Computed(STARTS, persisted=True))
    ends_at: Mapped[datetime | None] = mapped_column(Computed(ENDS, persisted=True))
    covers: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    clauses: Mapped[list[Any]]
    source: Mapped[str | None]
    external_id: Mapped[str | None]
    held_by: Mapped[str | None]
    details: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Entitlement(Base):
    """What one agreement said of one contact when it was recorded. `covered` is null where the agreement could not be
    read; `fault` says why."""

    __tablename__ = "entitlements"
    __table_args__ = (Index(None, "agreement_id"), {"postgresql_partition_by": "RANGE (started_at)"})

    interaction_id: Mapped[UUID] = mapped_column(primary_key=True)
    agreement_id: Mapped[UUID] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    product: Mapped[str]
    covered: Mapped[bool | None]
    promises: Mapped[list[Any]]
    fault: Mapped[str | None]
    decided_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class AllowanceCount(Base):
    """How much of a clause's allowance has been used in the period that begins on `period`."""

    __tablename__ = "allowance_counts"
    __table_args__ = (CheckConstraint("used >= 0", name="used_sane"),)

    agreement_id: Mapped[UUID] = mapped_column(primary_key=True)
    clause_id: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[date] = mapped_column(primary_key=True)
    used: Mapped[int]


class AllowanceUse(Base):
    """One use of an allowance, counted once by its `reference`: the id of a contact, or what somebody gave. `number` is
    which of its period it is."""

    __tablename__ = "allowance_uses"
    __table_args__ = (Index(None, "at", postgresql_using="brin"),)

    agreement_id: Mapped[UUID] = mapped_column(primary_key=True)
    clause_id: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    period: Mapped[date]
    number: Mapped[int | None]
    recorded_by: Mapped[str | None] = mapped_column(server_default=text(WHO))


class Due(Base):
    """Something that an agreement requires after a contact: which clause, until when, and who did it. `owner` is whom
    it is for (the named manager); `done_in` the contact by which it was done."""

    __tablename__ = "dues"
    __table_args__ = (
        CheckConstraint("kind in ('response', 'resolution', 'follow_up', 'manager_notice')", name="kind_known"),
        Index("uq_dues_clause", "interaction_id", "agreement_id", "clause_id", "kind", unique=True),
        Index(None, "due_at", "id"),
        Index(None, "customer_id", "due_at", "id"),
        Index(None, "customer_id", "started_at", "id"),
        Index("ix_dues_open", "due_at", "id", postgresql_where=_OPEN),
        Index("ix_dues_open_of_customer", "customer_id", postgresql_where=_OPEN),
        Index("ix_dues_unanswered", "customer_id", postgresql_where=text("done_at is null and kind = 'response'")),
        Index(
            "ix_dues_of_owner", "owner", "due_at", "id", postgresql_where=text("owner is not null and done_at is null")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    kind: Mapped[str]
    due_at: Mapped[datetime]
    customer_id: Mapped[UUID]
    interaction_id: Mapped[UUID]
    started_at: Mapped[datetime]
    agreement_id: Mapped[UUID]
    clause_id: Mapped[str]
    clause_text: Mapped[str]
    owner: Mapped[str | None]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]
    done_in: Mapped[UUID | None]
    note: Mapped[str | None]
