"""Queues as records: what a queue requires and how it offers."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base
from app.routing.engine.requirement import Selection
from app.routing.records.hours_models import BusinessHours

_EMPTY = text("'[]'::jsonb")


class Queue(Base):
    """Where contacts of one kind wait. All durations are seconds."""

    __tablename__ = "queues"
    __table_args__ = (
        CheckConstraint("language_level between 0 and 5", name="language_level_range"),
        CheckConstraint("offer_seconds > 0 and wrap_up_seconds >= 0", name="durations_sane"),
        CheckConstraint(f"selection in ({', '.join(repr(str(each)) for each in Selection)})", name="selection_known"),
        CheckConstraint("offer_agents between 1 and 10", name="offer_agents_range"),
        CheckConstraint("wrap_up_ends in ('automatic', 'by_agent')", name="wrap_up_ends_known"),
        CheckConstraint("record in ('off', 'on')", name="record_known"),
        CheckConstraint("recording_days > 0", name="recording_days_sane"),
        CheckConstraint("preferred_seconds >= 0 and last_agent_seconds >= 0", name="limits_sane"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    bonus_seconds: Mapped[float] = mapped_column(server_default=text("0"))
    offer_seconds: Mapped[float] = mapped_column(server_default=text("20"))
    wrap_up_seconds: Mapped[float] = mapped_column(server_default=text("30"))
    decline_keeps_ready: Mapped[bool] = mapped_column(server_default=text("true"))
    language_level: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    default_language: Mapped[str | None]
    service_level_seconds: Mapped[float] = mapped_column(server_default=text("20"))
    short_abandon_seconds: Mapped[float] = mapped_column(server_default=text("5"))
    selection: Mapped[str] = mapped_column(server_default=text("'longest_idle'"))
    strict_tiers: Mapped[bool] = mapped_column(server_default=text("false"))
    offer_agents: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    wrap_up_ends: Mapped[str] = mapped_column(server_default=text("'automatic'"))
    preferred_seconds: Mapped[float] = mapped_column(server_default=text("0"))
    last_agent_seconds: Mapped[float] = mapped_column(server_default=text("0"))
    one_of: Mapped[list[Any]] = mapped_column(server_default=_EMPTY)
    agents: Mapped[list[Any]] = mapped_column(server_default=_EMPTY)
    teams: Mapped[list[Any]] = mapped_column(server_default=_EMPTY)
    excluded: Mapped[list[Any]] = mapped_column(server_default=_EMPTY)
    steps: Mapped[list[Any]] = mapped_column(server_default=_EMPTY)
    overflow: Mapped[list[Any]] = mapped_column(server_default=_EMPTY)
    hours_id: Mapped[str | None] = mapped_column(ForeignKey(BusinessHours.id, ondelete="RESTRICT"))
    record: Mapped[str] = mapped_column(server_default=text("'off'"))
    recording_days: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class QueueSkill(Base):
    """A skill that every contact of the queue requires, at least at `level`."""

    __tablename__ = "queue_skills"
    __table_args__ = (CheckConstraint("level between 1 and 5", name="level_range"),)

    queue_id: Mapped[str] = mapped_column(ForeignKey("queues.id", ondelete="CASCADE"), primary_key=True)
    skill_id: Mapped[str] = mapped_column(ForeignKey("skills.id", ondelete="CASCADE"), primary_key=True)
    level: Mapped[int] = mapped_column(SmallInteger)


class WrapUpCode(Base):
    """How a contact ended in business terms, chosen by the agent."""

    __tablename__ = "wrap_up_codes"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
