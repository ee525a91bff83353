"""Tiers and segments by rules: the rules, rounds through all customers, who is to be judged again, moves, overrides."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.customers.record_models import WHO, WHY
from app.db.base import Base

RULES = "rules"
"""The source that rules are: they write customers as a feed of this name would, with its rank."""

_OPEN = text("ended_at is null")


class SegmentRuleSet(Base):
    """Rules of tiers and segments, as one: a draft that is changed and tried, the one that is active, or one that was.

    `rules` is a `app.customers.segments.rules.Rules`; it stays as it is from the activation on. `asks` names what must
    change for a customer to be judged again: holdings, contacts, usage:KIND. `previewed_version` is the version of the
    draft that was tried last. All customers are judged daily when clocks of `time_zone` say `daily_at` (HH:MM).
    """

    __tablename__ = "segment_rule_sets"
    __table_args__ = (
        CheckConstraint("state in ('draft', 'active', 'retired')", name="state_known"),
        Index("uq_segment_rule_sets_active", "state", unique=True, postgresql_where=text("state = 'active'")),
    )

    number: Mapped[int] = mapped_column(Identity(), primary_key=True)
    state: Mapped[str] = mapped_column(server_default=text("'draft'"))
    note: Mapped[str | None]
    rules: Mapped[dict[str, Any]]
    asks: Mapped[list[str]] = mapped_column(ARRAY(Text))
    daily_at: Mapped[str]
    time_zone: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    previewed_version: Mapped[int | None]
    created_by: Mapped[str | None] = mapped_column(server_default=text(WHO))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    activated_at: Mapped[datetime | None]
    activated_by: Mapped[str | None]
    retired_at: Mapped[datetime | None]


class SegmentRound(Base):
    """One judging of all customers: those up to `place` are judged. Of these (`looked`) so many were moved; a higher
    source or an override `kept` the tier; something was `untold` (`untold_by`: of each rule how often, why, and whose);
    were changed by somebody else just then and are judged `again` soon. `boundaries` are those of the scores."""

    __tablename__ = "segment_rounds"
    __table_args__ = (
        CheckConstraint("reason in ('activated', 'daily', 'asked')", name="reason_known"),
        CheckConstraint("ended in ('done', 'superseded')", name="ended_known"),
        Index(None, "rule_set", "id"),
        Index("uq_segment_rounds_open", "rule_set", unique=True, postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    rule_set: Mapped[int] = mapped_column(ForeignKey("segment_rule_sets.number"))
    reason: Mapped[str]
    began_at: Mapped[datetime]
    place: Mapped[UUID | None]
    boundaries: Mapped[dict[str, Any] | None]
    ended_at: Mapped[datetime | None]
    ended: Mapped[str | None]
    looked: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    moved: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    kept: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    untold: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    again: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    untold_by: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class SegmentChange(Base):
    """That something has changed of a customer, who is to be judged again. Written by triggers; one customer may be
    noted many times, so that no writer ever waits for another, nor for whoever judges."""

    __tablename__ = "segment_changes"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    customer_id: Mapped[UUID]


class CustomerMove(Base):
    """That a customer came into another tier, or into or out of a segment (before or after is null). Partitioned by
    month. `source` is rules, hand or a feed; of rules there are the set, the rule, and the values that decided."""

    __tablename__ = "customer_moves"
    __table_args__ = (
        CheckConstraint("part in ('tier', 'segment')", name="part_known"),
        Index(None, "at", "id"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True, server_default=text("now()"))
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    part: Mapped[str]
    before: Mapped[str | None]
    after: Mapped[str | None]
    who: Mapped[str | None] = mapped_column(server_default=text(WHO))
    why: Mapped[str | None] = mapped_column(server_default=text(WHY))
    source: Mapped[str]
    rule_set: Mapped[int | None]
    rule: Mapped[str | None]
    evidence: Mapped[dict[str, Any] | None]


class TierOverride(Base):
    """That somebody has set a customer's tier up to an instant, whatever rules say. `tier_before` and `origin_before`
    (who had set it) are what is restored then; the rules have their say at once after that."""

    __tablename__ = "tier_overrides"
    __table_args__ = (
        CheckConstraint("ended_because in ('until', 'taken_back', 'replaced')", name="ended_because_known"),
        Index("uq_tier_overrides_live", "customer_id", unique=True, postgresql_where=_OPEN),
        Index("ix_tier_overrides_until", "until", postgresql_where=_OPEN),
        Index(None, "customer_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    tier: Mapped[str | None]
    reason: Mapped[str]
    until: Mapped[datetime]
    made_by: Mapped[str | None] = mapped_column(server_default=text(WHO))
    made_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    tier_before: Mapped[str | None]
    origin_before: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    ended_because: Mapped[str | None]


class SegmentOverride(Base):
    """That somebody has put a customer into a segment of the rules (`member`), or out of it, up to an instant."""

    __tablename__ = "segment_overrides"
    __table_args__ = (
        CheckConstraint("ended_because in ('until', 'taken_back', 'replaced')", name="ended_because_known"),
        Index("uq_segment_overrides_live", "customer_id", "segment", unique=True, postgresql_where=_OPEN),
        Index("ix_segment_overrides_until", "until", postgresql_where=_OPEN),
        Index(None, "customer_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    segment: Mapped[str]
    member: Mapped[bool]
    reason: Mapped[str]
    until: Mapped[datetime]
    made_by: Mapped[str | None] = mapped_column(server_default=text(WHO))
    made_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    ended_because: Mapped[str | None]
