"""Subscriptions, the events that somebody wants, and each one's way to each subscriber.

Events and deliveries are written in the transaction of the change (`announce_changes`, migration 0029), so what is not
committed is never told and what is committed always is. They are rows until they are settled; settled ones go after a
month.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Identity, Index, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base

STATUSES = ("pending", "delivered", "dead")


class WebhookSubscription(Base):
    """Who is told: `events` are types or all of a kind (`customer.*`). Every secret signs, so that a receiver may go
    over from the older to the newer one at any moment. While it is `paused` its deliveries wait."""

    __tablename__ = "webhook_subscriptions"
    __table_args__ = (CheckConstraint("cardinality(secrets) between 1 and 2", name="one_or_two_secrets"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    url: Mapped[str]
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    secrets: Mapped[list[str]] = mapped_column(ARRAY(Text))
    paused: Mapped[bool] = mapped_column(server_default=text("false"))
    paused_because: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class WebhookEvent(Base):
    """Something that somebody wants to know. `subject` is what it is about, in whose order it is told; `key` names what
    must be told once however often it is found."""

    __tablename__ = "webhook_events"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    at: Mapped[datetime] = mapped_column(server_default=text("now()"), index=True)
    type: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    key: Mapped[str | None] = mapped_column(unique=True)
    data: Mapped[dict[str, Any]]


class WebhookDelivery(Base):
    """One event on its way to one subscriber: `pending` until it is taken, or `dead` after the last attempt."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint(f"status in {STATUSES}", name="status_known"),
        Index("ix_webhook_deliveries_due", "subscription_id", "id", postgresql_where=text("status = 'pending'")),
        Index(
            "ix_webhook_deliveries_order",
            "subscription_id",
            "subject",
            "id",
            postgresql_where=text("status = 'pending'"),
        ),
        Index(None, "subscription_id", "status", "id"),
        Index("ix_webhook_deliveries_settled_at", "settled_at", postgresql_where=text("status <> 'pending'")),
        Index(None, "event_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    subscription_id: Mapped[str] = mapped_column(ForeignKey("webhook_subscriptions.id", ondelete="CASCADE"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_events.id", ondelete="CASCADE"))
    subject: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    next_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    last_status: Mapped[int | None] = mapped_column(SmallInteger)
    last_error: Mapped[str | None]
    settled_at: Mapped[datetime | None]


class WebhookLane(Base):
    """Which process delivers to a subscription, and until when it may without saying so again."""

    __tablename__ = "webhook_lanes"

    subscription_id: Mapped[str] = mapped_column(
        ForeignKey("webhook_subscriptions.id", ondelete="CASCADE"), primary_key=True
    )
    owner: Mapped[str]
    until: Mapped[datetime]


class WebhookPlace(Base):
    """Up to where the journal of a floor (or, as `entries`, the timelines of contacts) has been read for subscribers.

    `ahead` and `horizon` say which timeline entries will all be there once no transaction before `horizon` runs.
    """

    __tablename__ = "webhook_places"

    source: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(BigInteger)
    ahead: Mapped[int | None] = mapped_column(BigInteger)
    horizon: Mapped[int | None] = mapped_column(BigInteger)
