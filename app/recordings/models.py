"""Recordings of calls: what is known of the audio, which itself is in the store."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class Recording(Base):
    """One recording of a contact (which `contact_started_at` helps to find among the interactions).

    It begins at `started_at` and takes `seconds` by the wall clock; `pauses` (`{from, until}`) are silence in it. `key`
    is where the store has it, `retain_until` when it goes; null: never. Once the audio is deleted, by retention or by
    somebody, the row stays and says so.
    """

    __tablename__ = "recordings"
    __table_args__ = (
        Index(None, "contact_id"),
        Index("ix_recordings_due", "retain_until", postgresql_where=text("deleted_at is null")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID]
    contact_started_at: Mapped[datetime | None]
    source_id: Mapped[str]
    queue_id: Mapped[str | None]
    agents: Mapped[list[str]] = mapped_column(ARRAY(Text))
    started_at: Mapped[datetime]
    seconds: Mapped[float]
    pauses: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    media_type: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    key: Mapped[str]
    kept_at: Mapped[datetime]
    retain_until: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    deleted_by: Mapped[str | None]
    deleted_because: Mapped[str | None]
