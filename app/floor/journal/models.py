"""The floor's journal: ownership, live state, the event log, the inbox and the outbox.

Written only by the journal (one statement a batch, see writer.py); read by recovery and by resuming sockets.
`floor` tells apart the floors (sites, business lines) that may share one database. What is written with every commit
and read back whole is `json`, which keeps the text, not `jsonb`, which takes it apart: that halves what a commit costs.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class FloorHead(Base):
    """One floor: its owner's epoch and the last sequence number given. Every commit of the journal checks both."""

    __tablename__ = "floors"

    id: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    seq: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class Configuration(Base):
    """One row whose version a trigger raises whenever queues, skills, agents, sources or tiers change.

    It stands apart from `floors` so that a long administrative transaction never blocks the journal.
    """

    __tablename__ = "configuration"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class LiveContact(Base):
    """A contact that lives, or whose agent still wraps up. `state` is the whole of it; `profile` never changes."""

    __tablename__ = "live_contacts"

    floor: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID | None] = mapped_column(index=True)
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    profile: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class LiveAgent(Base):
    """An agent's live state (presence, offer, contacts)."""

    __tablename__ = "live_agents"

    floor: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[dict[str, Any]] = mapped_column(JSON)


class LivePhone(Base):
    """What platforms say of the phone at an address."""

    __tablename__ = "live_phones"

    floor: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[dict[str, Any]] = mapped_column(JSON)


class FloorEvent(Base):
    """What happened, in commit order without gaps. `agent_id` names the agent whose sockets are told."""

    __tablename__ = "events"
    __table_args__ = (
        Index(None, "floor", "agent_id", "seq", postgresql_where=text("agent_id is not null")),
        Index(None, "contact_id", postgresql_where=text("contact_id is not null")),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    floor: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    type: Mapped[str]
    contact_id: Mapped[UUID | None]
    agent_id: Mapped[str | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class InboxEntry(Base):
    """A command that was applied and the answer it got: the same id gets the same answer again."""

    __tablename__ = "inbox"
    __table_args__ = (Index(None, "at"),)

    floor: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    answer: Mapped[bytes] = mapped_column(LargeBinary)


class Order(Base):
    """A command to the switch. Waits here until the platform confirmed it, or until it is given up, visibly."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("status in ('pending', 'delivered', 'failed')", name="status_known"),
        Index("ix_outbox_pending", "floor", "id", postgresql_where=text("status <> 'delivered'")),
        Index("ix_outbox_delivered", "floor", "settled_at", postgresql_where=text("status = 'delivered'")),
    )

    floor: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    source_id: Mapped[str]
    contact_id: Mapped[UUID]
    type: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    last_error: Mapped[str | None]
    settled_at: Mapped[datetime | None]
