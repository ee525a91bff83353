"""Usage events, the rules about them, and the alerts that these have given."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.customers.record_models import WHO
from app.db.base import Base

SEVERITIES = ("low", "medium", "high", "critical")
IN_ORDER = "(counts_at at time zone 'UTC')"
LIVE = "state in ('open', 'acknowledged')"


class UsageEvent(Base):
    """That a customer used something, as the system `source` told it. Partitioned by month of `counts_at`.

    `at` is what the system said. `counts_at` is when it counts: never later than it came, so what a wrong clock puts
    into the future (`ahead`) is of its time of arrival. The customer is the one who was named, also when they are
    merged into another later.

    The primary key is the way of every look at a customer, the other index that of what passes through all customers in
    order of time. It is of an expression, so that the planner cannot take it for the first: where it thinks that little
    has happened lately it would, and read what all customers did for each of them.
    """

    __tablename__ = "usage_events"
    __table_args__ = (
        Index("ix_usage_events_order", "kind", text(IN_ORDER), "customer_id"),
        {"postgresql_partition_by": "RANGE (counts_at)"},
    )

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    counts_at: Mapped[datetime] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    ahead: Mapped[bool] = mapped_column(server_default=text("false"))
    value: Mapped[float | None]
    details: Mapped[dict[str, Any] | None]


class UsageEventId(Base):
    """That an event is known, so that it counts once however often it is told, and at whatever instant. A key of a
    partitioned table could not say that."""

    __tablename__ = "usage_event_ids"
    __table_args__ = (Index(None, "counts_at", postgresql_using="brin"),)

    source: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    counts_at: Mapped[datetime]


class UsageRule(Base):
    """What usage gives an alert, and what the alert is like. A rule that is not `enabled` gives none.

    `advice` is what whoever takes the alert reads; `owner` whose it is, null: the customer's own agent's. An alert is
    due after `due_seconds`, expires after `expire_seconds` if nobody takes it, and when one is over none follows for
    `quiet_seconds`.
    """

    __tablename__ = "usage_rules"
    __table_args__ = (CheckConstraint(f"severity in {SEVERITIES}", name="severity_known"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    condition: Mapped[str]
    severity: Mapped[str]
    advice: Mapped[str | None]
    owner: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    due_seconds: Mapped[float]
    expire_seconds: Mapped[float]
    quiet_seconds: Mapped[float]
    enabled: Mapped[bool] = mapped_column(server_default=text("false"))
    version: Mapped[int] = mapped_column(server_default=text("1"))


class UsageSweep(Base):
    """How far the sweep has come with a rule that is enabled: with what became true by time passing up to
    (`looked_until`, `looked_customer`), and, since the rule is new, with everybody up to `everybody_after`."""

    __tablename__ = "usage_sweeps"

    rule_id: Mapped[str] = mapped_column(ForeignKey("usage_rules.id", ondelete="CASCADE"), primary_key=True)
    looked_until: Mapped[datetime]
    looked_customer: Mapped[UUID | None]
    everybody_after: Mapped[UUID | None]


class UsageLook(Base):
    """What rules must still be held against from `due_at` on: new events of a kind at `instants`; else the customer as
    they are then, by one rule (what held in its quiet time), or by all (they have changed in what rules ask of them,
    which a trigger on customers writes)."""

    __tablename__ = "usage_looks"
    __table_args__ = (
        Index(None, "due_at", "id"),
        Index(
            "uq_usage_looks_rule", "rule_id", "customer_id", unique=True, postgresql_where=text("rule_id is not null")
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), index=True)
    due_at: Mapped[datetime] = mapped_column(server_default=text("'-infinity'"))
    rule_id: Mapped[str | None] = mapped_column(ForeignKey("usage_rules.id", ondelete="CASCADE"))
    kind: Mapped[str | None]
    instants: Mapped[list[datetime] | None] = mapped_column(ARRAY(DateTime(timezone=True)))


class CustomerAlert(Base):
    """That a rule holds for a customer. At most one of a rule and a customer is live; what holds again counts there.

    `state` is open, acknowledged, done or expired. `matched_at` is the latest instant at which the rule held, and
    `evidence` what its windows came to then. `callback` is the contact of the floor by which they are called back,
    `case_id` the case that it opened.
    """

    __tablename__ = "customer_alerts"
    __table_args__ = (
        CheckConstraint(f"severity in {SEVERITIES}", name="severity_known"),
        CheckConstraint("state in ('open', 'acknowledged', 'done', 'expired')", name="state_known"),
        Index("uq_customer_alerts_live", "rule_id", "customer_id", unique=True, postgresql_where=text(LIVE)),
        Index("ix_customer_alerts_live", "due_at", "id", postgresql_where=text(LIVE)),
        Index(None, "customer_id", "opened_at"),
        Index(None, "rule_id", "due_at"),
        Index(None, "owner", "due_at"),
        Index(None, "due_at", "id"),
        Index("ix_customer_alerts_expires_at", "expires_at", postgresql_where=text("state = 'open'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    rule_id: Mapped[str] = mapped_column(ForeignKey("usage_rules.id"))
    severity: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    owner: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    opened_at: Mapped[datetime]
    matched_at: Mapped[datetime]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    count: Mapped[int] = mapped_column(server_default=text("1"))
    evidence: Mapped[dict[str, Any]]
    callback: Mapped[UUID | None]
    case_id: Mapped[UUID | None]


class CustomerAlertEntry(Base):
    """What happened to an alert: who did what, when, and how it stood afterwards; without `who` it happened by
    itself."""

    __tablename__ = "customer_alert_entries"
    __table_args__ = (Index(None, "alert_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    alert_id: Mapped[UUID] = mapped_column(ForeignKey("customer_alerts.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    who: Mapped[str | None] = mapped_column(server_default=text(WHO))
    act: Mapped[str]
    state: Mapped[str]
    owner: Mapped[str | None]
    note: Mapped[str | None]
