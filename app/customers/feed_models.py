"""Where customers are fed from: sources and their rank, and the runs of their feeds."""

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.customers.record_models import WHO
from app.db.base import Base

HAND = "hand"
"""The source that people are: whatever is changed by no feed."""


class FeedSource(Base):
    """A system that feeds. Of a field the value of the source with the higher `rank` stays. A webhook is signed with
    one of the `secrets`; `mappings` has the mapping (as a file would say it) of each feed that comes over HTTP."""

    __tablename__ = "feed_sources"

    id: Mapped[str] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(server_default=text("50"))
    secrets: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    mappings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class FeedRun(Base):
    """One import of one file or stream. `position` is the number of the last row that is committed, with what the rows
    up to it became: `made`, `changed`, `unchanged`, `refused`; `repeated` rows have a later one of the same id, `kept`
    are single fields that a higher source has set. `digest` is of the file and of how it was read."""

    __tablename__ = "feed_runs"
    __table_args__ = (
        CheckConstraint("state in ('running', 'done', 'superseded')", name="state_known"),
        Index(None, "source", "feed", "state"),
        Index(None, "started_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("feed_sources.id"))
    feed: Mapped[str]
    name: Mapped[str]
    digest: Mapped[str | None]
    mapping: Mapped[dict[str, Any]]
    position: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    state: Mapped[str] = mapped_column(server_default=text("'running'"))
    made: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    changed: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    unchanged: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    kept: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    refused: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    repeated: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    started_by: Mapped[str | None] = mapped_column(server_default=text(WHO))
    started_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
