"""The audit log: who changed what in the set-up, listened to whom, signed in, and when. Rows are only added."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class AuditEntry(Base):
    """One change, written in the transaction that makes it. Partitioned by month of `at`.

    Most are written by triggers (migration 0016), so that a change by whatever way is seen; what a row's change cannot
    tell by itself is written by `app.audit.service.record`. `who` is the login or the key that asked, null where nobody
    was signed in (the command line, SQL). `before` and `after` hold only what differs, and never a secret.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index(None, "at", "id"),
        Index(None, "kind", "thing", "at"),
        Index(None, "who", "at"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True, server_default=text("now()"))
    who: Mapped[str | None]
    action: Mapped[str]
    kind: Mapped[str]
    thing: Mapped[str]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
