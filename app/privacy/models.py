"""Legal holds, erasures and what is left to do of them, and how long what is kept."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class LegalHold(Base):
    """That nothing of a customer may be removed, by erasure or by retention, until the hold ends or is lifted."""

    __tablename__ = "legal_holds"
    __table_args__ = (
        Index(None, "customer_id"),
        Index("ix_legal_holds_standing", "id", postgresql_where=text("lifted_at is null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    reason: Mapped[str]
    set_by: Mapped[str]
    set_at: Mapped[datetime]
    until: Mapped[datetime | None]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None]
    lifted_because: Mapped[str | None]


class Erasure(Base):
    """That somebody was erased: the proof of it, without who they were. Their contacts stay under `subject`, an id that
    belongs to nobody. `counts` are rows by table. `finished_at` is when the last of it was gone, audio and what came
    late included; `lifted_at` when somebody allowed other systems to tell of them again."""

    __tablename__ = "erasures"
    __table_args__ = (
        Index("uq_erasures_subject", "subject", unique=True),
        Index("ix_erasures_unfinished", "id", postgresql_where=text("finished_at is null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    subject: Mapped[UUID]
    at: Mapped[datetime]
    who: Mapped[str]
    ground: Mapped[str]
    reason: Mapped[str]
    counts: Mapped[dict[str, Any]]
    finished_at: Mapped[datetime | None]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None]
    lifted_because: Mapped[str | None]


class ErasureRest(Base):
    """A customer who was erased and of whom something may yet be written by what had looked them up before: a call, a
    file. Looked after once more at `due_at`; then the id is forgotten too."""

    __tablename__ = "erasure_rests"
    __table_args__ = (Index(None, "due_at"), Index(None, "erasure_id"))

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    erasure_id: Mapped[UUID] = mapped_column(ForeignKey("erasures.id", ondelete="CASCADE"))
    due_at: Mapped[datetime]


class RetentionPolicy(Base):
    """How many days a kind of record is kept, None: for ever, as where there is no row. `done_until` is how far back
    contacts have been looked through whose details go and whose rows stay."""

    __tablename__ = "retention_policies"
    __table_args__ = (CheckConstraint("days > 0", name="days_positive"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    days: Mapped[int | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
    done_until: Mapped[datetime | None]


class RetentionRun(Base):
    """What went of a kind at one time: rows, and the months that were dropped whole."""

    __tablename__ = "retention_runs"
    __table_args__ = (Index(None, "at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    at: Mapped[datetime]
    kind: Mapped[str]
    cutoff: Mapped[datetime]
    rows: Mapped[int] = mapped_column(BigInteger)
    months: Mapped[list[str]] = mapped_column(ARRAY(Text))
