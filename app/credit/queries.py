"""Reading credit standing: from what is stored, never from a bureau."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.credit.models import CreditCheck
from app.customers.record.whole import members_of, survivor_of

CONSENT = "credit_check"
"""The channel under which a customer's consent to credit checks is recorded."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The last `answer`, None where there never was one, and the `last` time that a bureau was asked."""

    customer_id: UUID
    answer: CreditCheck | None
    last: CreditCheck | None


async def standing_of(session: AsyncSession, customer_id: UUID) -> Standing:
    """What is known of the customer, or of who survives them. Raises CustomerNotFound."""
    survivor = await survivor_of(session, customer_id)
    members = await members_of(session, survivor)
    return Standing(survivor, await last_answer(session, members), next(iter(await _checks(session, members, 1)), None))


async def last_answer(session: AsyncSession, members: Sequence[UUID]) -> CreditCheck | None:
    """The newest answer about these customers, who are one."""
    query = select(CreditCheck).where(CreditCheck.customer_id.in_(members), CreditCheck.outcome == "answered")
    newest = query.order_by(CreditCheck.settled_at.desc(), CreditCheck.id.desc()).limit(1)
    return (await session.scalars(newest)).first()


async def checks_of(
    session: AsyncSession, customer_id: UUID, limit: int, before: tuple[datetime, UUID] | None
) -> Sequence[CreditCheck]:
    """Up to `limit` questions that were asked about the customer, newest first, older than `before` (asked_at, id)."""
    return await _checks(session, await members_of(session, await survivor_of(session, customer_id)), limit, before)


async def _checks(
    session: AsyncSession, members: Sequence[UUID], limit: int, before: tuple[datetime, UUID] | None = None
) -> Sequence[CreditCheck]:
    rows = CreditCheck
    query = select(rows).where(rows.customer_id.in_(members))
    if before is not None:
        query = query.where(tuple_(rows.asked_at, rows.id) < before)
    return (await session.scalars(query.order_by(rows.asked_at.desc(), rows.id.desc()).limit(limit))).all()
