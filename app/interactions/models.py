"""The shared history: one row a contact, its timeline, and its stay in each queue.

All three are partitioned by month of `started_at` (the contact's arrival), so `(id, started_at)` names a row.
Written by the floor's journal in the commit that ends the contact; `interaction_entries` only ever grows.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base

BY_MONTH = {"postgresql_partition_by": "RANGE (started_at)"}


class Interaction(Base):
    """The durable record of one contact. Durations are seconds, summed over legs (each leg's own are in `legs`)."""

    __tablename__ = "interactions"
    __table_args__ = (
        Index(None, "customer_id", "started_at", "id"),
        Index(None, "source_id", "call_id"),
        Index(None, "ended_at"),
        Index("ix_interactions_unknown", "from_raw", postgresql_where=text("customer_id is null")),
        Index(
            "ix_interactions_words",
            text("history_words(customer_id, note)"),
            postgresql_using="gin",
            postgresql_where=text("note is not null"),
        ),
        BY_MONTH,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(primary_key=True)
    ended_at: Mapped[datetime]
    channel: Mapped[str]
    direction: Mapped[str]
    source_id: Mapped[str]
    call_id: Mapped[str]
    from_raw: Mapped[str | None]
    to_raw: Mapped[str | None]
    customer_id: Mapped[UUID | None]
    tier_id: Mapped[str | None]
    queue_id: Mapped[str | None]
    agent_id: Mapped[str | None]
    outcome: Mapped[str]  # answered | abandoned | failed | swept | unrouted
    cause: Mapped[str | None]
    wait_seconds: Mapped[float]
    talk_seconds: Mapped[float]
    hold_seconds: Mapped[float]
    wrap_up_seconds: Mapped[float] = mapped_column(server_default=text("0"))
    wrap_up_code: Mapped[str | None]
    note: Mapped[str | None]
    legs: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))


class InteractionEntry(Base):
    """One thing that happened during (or was added after) an interaction. Append-only.

    `customer_id` is set of notes, which are part of the customer's history; the floor writes none.
    """

    __tablename__ = "interaction_entries"
    __table_args__ = (
        Index(None, "interaction_id", "at", "id"),
        Index("ix_interaction_entries_notes", "customer_id", "at", "id", postgresql_where=text("kind = 'note'")),
        Index(
            "ix_interaction_entries_words",
            text("history_words(customer_id, data ->> 'text')"),
            postgresql_using="gin",
            postgresql_where=text("kind = 'note'"),
        ),
        BY_MONTH,
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(primary_key=True)
    interaction_id: Mapped[UUID]
    at: Mapped[datetime]
    kind: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    customer_id: Mapped[UUID | None]


AT_HOME = ("called_back", "callback_failed")
"""Outcomes of the stay of a callback, while its customer waited at home; their own stay ended as `callback`."""


class QueueVisit(Base):
    """One stay of a contact in one queue, the unit that queue reports count."""

    __tablename__ = "queue_visits"
    __table_args__ = (
        Index(None, "queue_id", "entered_at"),
        Index("ix_queue_visits_interaction_id", "interaction_id", "started_at"),
        BY_MONTH,
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(primary_key=True)
    interaction_id: Mapped[UUID]
    queue_id: Mapped[str]
    tier_id: Mapped[str | None]
    entered_at: Mapped[datetime]
    left_at: Mapped[datetime]
    outcome: Mapped[str]  # answered | abandoned | one of AT_HOME | any other: it left the queue for elsewhere
    wait_seconds: Mapped[float]
    agent_id: Mapped[str | None]
    estimated_wait_seconds: Mapped[float | None]
