"""Sources: the telephone platforms that may talk to Callfloor, and which queue or flow a dialled number means."""

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base
from app.telephony import platforms


class CtiSource(Base):
    """One telephone platform. Several `secrets` are accepted while one is being rotated; the first one signs.

    `platform` names the adapter; what stands behind it is for platforms whose calls we steer (see `SourceAccess`).
    Calls to a number of which nothing is said go to `default_queue` or through `default_flow`.
    """

    __tablename__ = "cti_sources"
    __table_args__ = (
        CheckConstraint("num_nonnulls(default_queue, default_flow) <= 1", name="one_default"),
        CheckConstraint(f"platform in ({platforms.known()})", name="platform_known"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    secrets: Mapped[list[str]] = mapped_column(ARRAY(Text))
    command_url: Mapped[str | None]
    default_queue: Mapped[str | None] = mapped_column(ForeignKey("queues.id", ondelete="SET NULL"))
    default_flow: Mapped[str | None] = mapped_column(ForeignKey("flows.id"))
    platform: Mapped[str] = mapped_column(server_default=text("'generic'"))
    account: Mapped[str | None]
    public_url: Mapped[str | None]
    caller_id: Mapped[str | None]
    emergency_number: Mapped[str | None]
    dial: Mapped[str | None]
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{en,zh}'::text[]"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class DialledNumber(Base):
    """A number that callers dial (as the platform sends it) and the queue or the flow that answers it."""

    __tablename__ = "dialled_numbers"
    __table_args__ = (CheckConstraint("num_nonnulls(queue_id, flow_id) = 1", name="one_way"),)

    source_id: Mapped[str] = mapped_column(ForeignKey("cti_sources.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[str] = mapped_column(primary_key=True)
    queue_id: Mapped[str | None] = mapped_column(ForeignKey("queues.id", ondelete="CASCADE"))
    flow_id: Mapped[str | None] = mapped_column(ForeignKey("flows.id"))
