"""Segments that somebody has put a customer into or out of, up to an instant. Judging heeds them; at their end the
customer is judged by the rules alone, in the same commit."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import because
from app.customers.cards import without_card_numbers
from app.customers.record.changing import claimed
from app.customers.record.whole import members_of, survivor_of
from app.customers.segment_models import SegmentOverride
from app.customers.segments.errors import NothingToTakeBack
from app.customers.segments.judging import judge_now
from app.customers.segments.moves import ensure_segment
from app.customers.segments.overrides import PAGE, ensure_ahead
from app.db.engine import WriteSession
from app.db.rows import newest

# customers are locked before overrides, as everybody does who changes them
_DUE = text("""
    select c.id from customers c
    where c.id in (select customer_id from segment_overrides
                   where ended_at is null and until <= :now order by until limit :page)
    order by c.id for no key update of c skip locked""")
_END = text("""
    update segment_overrides set ended_at = :now, ended_because = :because,
        ended_by = nullif(current_setting('callfloor.who', true), '')
    where customer_id = any(cast(:customers as uuid[])) and ended_at is null
      and until <= cast(:due as timestamptz) and segment = coalesce(:segment, segment)
    returning id""")
_FAR = datetime(9999, 1, 1, tzinfo=UTC)


async def override_segment(
    session: WriteSession, customer_id: UUID, segment: str, *, member: bool, reason: str, until: datetime, now: datetime
) -> SegmentOverride:
    """Put the customer into a segment of the active rules until then, or out of it, at once; an override that there is
    already is replaced. Raises CustomerNotFound, CustomerMerged, SegmentUnknown, OverrideInThePast, OverrideTooLong."""
    ensure_ahead(until, now)
    reason = without_card_numbers(reason)
    await ensure_segment(session, segment)
    await claimed(session, customer_id)
    await _end(session, [customer_id], "replaced", now, segment)
    made = SegmentOverride(customer_id=customer_id, segment=segment, member=member, reason=reason, until=until)
    session.add(made)
    await session.flush()
    await session.refresh(made)
    await judge_now(session, [customer_id], now)
    return made


async def take_segment_back(
    session: WriteSession, customer_id: UUID, segment: str, why: str | None, now: datetime
) -> None:
    """End an override now; the rules have their say at once. Raises CustomerNotFound, CustomerMerged,
    NothingToTakeBack."""
    await claimed(session, customer_id)
    await because(session, None if why is None else without_card_numbers(why))
    if not await _end(session, [customer_id], "taken_back", now, segment):
        raise NothingToTakeBack(customer_id, f"the segment {segment!r} is")
    await judge_now(session, [customer_id], now)


async def end_due_segments(session: WriteSession, now: datetime) -> int:
    """End overrides whose time is over, of at most a page of customers; how many were."""
    customers = list(await session.scalars(_DUE, {"now": now, "page": PAGE}))
    ended = await _end(session, customers, "until", now, None, now) if customers else 0
    if ended:
        await judge_now(session, customers, now)
    return ended


async def segment_overrides_of(
    session: AsyncSession, customer_id: UUID, limit: int, before: UUID | None
) -> Sequence[SegmentOverride]:
    """Overrides of the customer, or of who survives them, and of whoever was merged into them, the newest first, those
    older than `before`. Raises CustomerNotFound."""
    rows = SegmentOverride
    members = await members_of(session, await survivor_of(session, customer_id))
    query = newest(select(rows).where(rows.customer_id.in_(members)), rows.id, limit, before)
    return (await session.scalars(query, execution_options={"populate_existing": True})).all()


async def _end(
    session: WriteSession,
    customers: Sequence[UUID],
    reason: str,
    now: datetime,
    segment: str | None,
    due: datetime | None = None,
) -> int:
    given = {"customers": list(customers), "because": reason, "now": now, "segment": segment, "due": due or _FAR}
    return len((await session.execute(_END, given)).all())
