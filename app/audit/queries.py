"""Reading the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.models import AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What entries must fit, all of it. `since` is included, `until` is not."""

    who: str | None = None
    action: str | None = None
    kind: str | None = None
    thing: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def entries(
    session: AsyncSession, wanted: Wanted, limit: int, before: tuple[datetime, int] | None
) -> Sequence[AuditEntry]:
    """Up to `limit` entries that fit, the newest first, those older than `before` (at, id)."""
    query = select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit)
    for field in ("who", "action", "kind", "thing"):
        if (asked := getattr(wanted, field)) is not None:
            query = query.where(getattr(AuditEntry, field) == asked)
    if wanted.since is not None:
        query = query.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEntry.at < wanted.until)
    if before is not None:
        # the first condition lets the database leave whole months alone
        query = query.where(AuditEntry.at <= before[0], tuple_(AuditEntry.at, AuditEntry.id) < before)
    return (await session.scalars(query)).all()
