"""Reading what customers used."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.record.whole import members_of, survivor_of
from app.customers.usage.models import UsageEvent


async def events_of(
    session: AsyncSession,
    customer_id: UUID,
    since: datetime,
    limit: int,
    before: tuple[datetime, str, str] | None,
    kind: str | None = None,
) -> Sequence[UsageEvent]:
    """Up to `limit` events of the customer, or of who survives them, that count at `since` or later: the newest first,
    older than `before` (counts_at, source, event_id). Raises CustomerNotFound."""
    rows = UsageEvent
    members = await members_of(session, await survivor_of(session, customer_id))
    query = select(rows).where(rows.customer_id.in_(members), rows.counts_at >= since)
    query = query.order_by(rows.counts_at.desc(), rows.source.desc(), rows.event_id.desc()).limit(limit)
    if kind is not None:
        query = query.where(rows.kind == kind)
    if before is not None:
        # the first condition lets the database leave whole months alone
        key = tuple_(rows.counts_at, rows.source, rows.event_id)
        query = query.where(rows.counts_at <= before[0], key < before)
    return (await session.scalars(query)).all()
