"""Legal holds: nothing of the customer goes while one stands. The caller's session commits."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import record as tell
from app.customers.errors import CustomerNotFound
from app.customers.models import Customer
from app.db.engine import WriteSession
from app.db.rows import newest
from app.privacy.errors import HoldOver, HoldUnknown
from app.privacy.models import LegalHold

_HELD = text("select held_customers(:now)")


async def hold(
    session: WriteSession, customer_id: UUID, *, reason: str, until: datetime | None, by: str, now: datetime
) -> LegalHold:
    """Keep everything of the customer, merged or not, to the instant `until` or until it is lifted. Raises
    CustomerNotFound."""
    # against an erasure at the same moment: whoever has the row first wins
    if await session.get(Customer, customer_id, with_for_update=True) is None:
        raise CustomerNotFound(customer_id)
    made = LegalHold(customer_id=customer_id, reason=reason, set_by=by, set_at=now, until=until)
    session.add(made)
    await session.flush()
    await tell(session, "customer.held", "customer", str(customer_id), after={"hold": str(made.id)})
    return made


async def lift(session: WriteSession, hold_id: UUID, *, because: str, by: str, now: datetime) -> LegalHold:
    """End a hold before its time. Raises HoldUnknown, HoldOver."""
    found = await session.get(LegalHold, hold_id, with_for_update=True)
    if found is None:
        raise HoldUnknown(hold_id)
    if found.lifted_at is not None or (found.until is not None and found.until <= now):
        raise HoldOver(hold_id, "was lifted" if found.lifted_at else "ended")
    found.lifted_at, found.lifted_by, found.lifted_because = now, by, because
    await tell(session, "customer.hold_lifted", "customer", str(found.customer_id), after={"hold": str(hold_id)})
    return found


async def holds(
    session: AsyncSession, customers: Sequence[UUID] | None, limit: int, before: UUID | None
) -> Sequence[LegalHold]:
    """Up to `limit` holds, the newest first, older than `before`; of these customers, or of all."""
    query = newest(select(LegalHold), LegalHold.id, limit, before)
    if customers is not None:
        query = query.where(LegalHold.customer_id.in_(customers))
    return (await session.scalars(query)).all()


async def standing(session: AsyncSession, customers: Sequence[UUID], now: datetime) -> list[UUID]:
    """The holds that stand over any of these customers."""
    query = select(LegalHold.id).where(
        LegalHold.customer_id.in_(customers),
        LegalHold.lifted_at.is_(None),
        or_(LegalHold.until.is_(None), LegalHold.until > now),
    )
    return list(await session.scalars(query.order_by(LegalHold.id)))


async def held_customers(session: AsyncSession, now: datetime) -> list[UUID]:
    """Everybody of whom nothing may go: those who are held, and whoever is one with them by a merge."""
    return list(await session.scalars(_HELD, {"now": now}))
