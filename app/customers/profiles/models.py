"""Who has read what of a customer, and whose profiles are open somewhere at this moment."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class ProfileRead(Base):
    """One read of a customer's data: who, when, what of it, and why: because of a contact or for a stated reason.

    `in_hand` says that the reader was on that contact when the read was written down. Rows are only ever added: a
    trigger refuses anything else, but that an erasure and retention delete them. Partitioned by month of `at`.
    """

    __tablename__ = "profile_reads"
    __table_args__ = (
        Index(None, "customer_id", "at", "id"),
        Index(None, "who", "at"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    who: Mapped[str]
    role: Mapped[str]
    customer_id: Mapped[UUID]
    what: Mapped[str]
    contact_id: Mapped[UUID | None]
    in_hand: Mapped[bool] = mapped_column(server_default=text("false"))
    why: Mapped[str | None]


class OpenProfile(Base):
    """That a process shows this customer's profile to somebody until `until`: their changes are notified.

    Unlogged: after a crash of the database nobody's profile is open, and each process says anew what it shows.
    """

    __tablename__ = "open_profiles"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    process: Mapped[UUID] = mapped_column(primary_key=True)
    until: Mapped[datetime]
