"""Flows as records: a name, and versions of which at most one is a draft and at most one is published."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base

_PUBLISHED = sql("state = 'published'")
_DRAFT = sql("state = 'draft'")
_WAITING = sql("state = 'draft' and publish_at is not null")


class FlowRecord(Base):
    """A flow. `version` grows with every change of it or its draft; a writer names the one it read."""

    __tablename__ = "flows"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=sql("1"))
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class FlowVersion(Base):
    """A version of a flow, as it was written. Once published it stays as it is: a trigger holds that.

    `uses` is what a published version names ({kind, id, node}); `from_number` the version that a roll-back brought
    back; `publish_at` when a draft is to be published, and `scheduled_by` who wished it.
    """

    __tablename__ = "flow_versions"
    __table_args__ = (
        CheckConstraint("state in ('draft', 'published', 'retired')", name="state_known"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint(
            "(state = 'draft') = (published_at is null) and (state = 'retired') = (retired_at is not null)",
            name="times_fit",
        ),
        CheckConstraint("(publish_at is null) = (scheduled_by is null)", name="schedule_whole"),
        Index("uq_flow_versions_draft", "flow_id", unique=True, postgresql_where=_DRAFT),
        Index("uq_flow_versions_published", "flow_id", unique=True, postgresql_where=_PUBLISHED),
        Index(None, "publish_at", postgresql_where=_WAITING),
    )

    flow_id: Mapped[str] = mapped_column(ForeignKey("flows.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(server_default=sql("'draft'"))
    text: Mapped[str]
    author: Mapped[str]
    note: Mapped[str | None]
    uses: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'::jsonb"))
    from_number: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    publish_at: Mapped[datetime | None]
    scheduled_by: Mapped[str | None]
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None]
    retired_at: Mapped[datetime | None]
