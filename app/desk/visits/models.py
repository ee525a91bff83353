"""Visits at customers' places, and what happened to each."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Identity, Index, column, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.customers.record_models import WHO
from app.db.base import Base

STATUSES = "'requested', 'scheduled', 'dispatched', 'en_route', 'on_site', 'completed', 'cancelled', 'no_access'"
LIVE = "status in ('requested', 'scheduled', 'dispatched', 'en_route', 'on_site')"
ON_DUTY = "status in ('scheduled', 'dispatched', 'en_route', 'on_site')"
OPEN_END = "'9999-01-01 00:00:00+00'::timestamptz"
APART = "engineer_apart"


class FieldVisit(Base):
    """That somebody comes to a customer, or is to come: why (`purpose`), where (`site_…`, as it was when it was
    booked), when (`starts_at` up to `ends_at`, by the clocks of `time_zone`; null until there is an appointment) and
    who (`engineer`, an agent). `outcome` is what came of it once it is over: what was done, or why not.

    `listed_at` puts them in order: by their beginning, those without an appointment last. No engineer has two at once
    (an exclusion constraint). Of somebody who was erased the row stays without whose it was, so that it counts.
    """

    __tablename__ = "field_visits"
    __table_args__ = (
        CheckConstraint(f"status in ({STATUSES})", name="status_known"),
        CheckConstraint("ends_at > starts_at", name="ends_after_it_starts"),
        CheckConstraint(
            "(starts_at is null) = (ends_at is null) and (starts_at is null) = (time_zone is null)", name="window_whole"
        ),
        CheckConstraint("status in ('requested', 'cancelled') or starts_at is not null", name="window_there"),
        ExcludeConstraint(
            (column("engineer"), "="),
            (func.tstzrange(column("starts_at"), column("ends_at")), "&&"),
            name=APART,
            using="gist",
            where=text(f"engineer is not null and {ON_DUTY}"),
        ),
        Index(None, "customer_id", "listed_at", "id"),
        Index(None, "engineer", "listed_at", "id"),
        Index(None, "status", "listed_at", "id"),
        Index(None, "case_id"),
        Index("ix_field_visits_live", "listed_at", "id", postgresql_where=text(LIVE)),
        Index("ix_field_visits_closed_at", "closed_at", postgresql_where=text("closed_at is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id", ondelete="SET NULL"))
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id", ondelete="SET NULL"))
    status: Mapped[str]
    purpose: Mapped[str]
    site_kind: Mapped[str | None]
    site_lines: Mapped[str]
    site_city: Mapped[str | None]
    site_postal_code: Mapped[str | None]
    site_country: Mapped[str | None]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    time_zone: Mapped[str | None]
    listed_at: Mapped[datetime] = mapped_column(Computed(f"COALESCE(starts_at, {OPEN_END})", persisted=True))
    engineer: Mapped[str | None] = mapped_column(ForeignKey("agents.id", ondelete="SET NULL"))
    outcome: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    booked_at: Mapped[datetime]
    booked_by: Mapped[str | None] = mapped_column(server_default=text(WHO))
    closed_at: Mapped[datetime | None]


class FieldVisitEntry(Base):
    """What happened to a visit: who did what, when, and how it stood afterwards. `note` is what they wrote: the purpose
    of one that was booked, the outcome of one that was completed. `changes` tells fields as [before, after], and the
    allowances that a visit used up. Rows are only ever added: a trigger refuses anything else, but that an erasure and
    retention delete them."""

    __tablename__ = "field_visit_entries"
    __table_args__ = (
        Index(None, "visit_id", "id"),
        Index(None, "customer_id", "at", "id"),
        Index(
            "ix_field_visit_entries_words",
            text("history_words(customer_id, note)"),
            postgresql_using="gin",
            postgresql_where=text("note is not null"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("field_visits.id", ondelete="CASCADE"))
    customer_id: Mapped[UUID]
    at: Mapped[datetime]
    who: Mapped[str | None] = mapped_column(server_default=text(WHO))
    act: Mapped[str]
    status: Mapped[str]
    engineer: Mapped[str | None]
    changes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    note: Mapped[str | None]
