"""Agents as records: who they are, where their phone is, what they can do. Their live state is the floor's."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class Skill(Base):
    """Something a contact may need and an agent may have, such as a product or a language."""

    __tablename__ = "skills"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Team(Base):
    """Agents who work together; a queue may ask for the agents of a team."""

    __tablename__ = "teams"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Agent(Base):
    """A user who takes contacts. `address` is the phone that the switch rings (extension or SIP address).
    With `auto_accept` what is offered is accepted for them, and the phone rings at the offer."""

    __tablename__ = "agents"
    __table_args__ = (CheckConstraint("blending in ('exclusive', 'mixed')", name="blending_known"),)

    id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str]
    address: Mapped[str] = mapped_column(unique=True)
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    team_id: Mapped[str | None] = mapped_column(ForeignKey("teams.id"), index=True)
    capacity: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{\"voice\": 1}'::jsonb"))
    blending: Mapped[str] = mapped_column(server_default=text("'exclusive'"))
    auto_accept: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class AgentSkill(Base):
    """A skill that an agent holds, at a level from 1 to 5."""

    __tablename__ = "agent_skills"
    __table_args__ = (CheckConstraint("level between 1 and 5", name="level_range"),)

    agent_id: Mapped[str] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True)
    skill_id: Mapped[str] = mapped_column(ForeignKey("skills.id", ondelete="CASCADE"), primary_key=True)
    level: Mapped[int] = mapped_column(SmallInteger)
