"""Reading agreements, what was decided of a contact, and what is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.customers.agreement_models import Agreement, Due, Entitlement
from app.customers.record.whole import members_of, survivor_of

Place = tuple[datetime, UUID]
"""Where something stands among what is due: until when, and its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDues:
    """Which of what is due is asked for; None: whatever it is."""

    done: bool | None = None
    kind: str | None = None
    owner: str | None = None
    customer_id: UUID | None = None
    due_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided of a contact, by each agreement, and what was added."""

    entitlements: Sequence[Entitlement]
    added: Sequence[Due]

    @property
    def covered(self) -> bool | None:
        """Whether any agreement covers it; None where none was in force, or none could be read."""
        known = [each.covered for each in self.entitlements if each.covered is not None]
        return any(known) if known else None


async def agreements_of(session: AsyncSession, customer_id: UUID) -> Sequence[Agreement]:
    """All agreements of a customer and of those merged into them, the newest first. Raises CustomerNotFound."""
    members = await members_of(session, await survivor_of(session, customer_id))
    query = select(Agreement).where(Agreement.customer_id.in_(members))
    return (await session.scalars(query.order_by(Agreement.valid_from.desc(), Agreement.id.desc()))).all()


async def decided_of(session: AsyncSession, interaction_id: UUID, started_at: datetime) -> Decided:
    """What was decided of the contact when it was recorded, and what was added for it."""
    rows = Entitlement
    query = select(rows).where(rows.interaction_id == interaction_id, rows.started_at == started_at)
    entitlements = (await session.scalars(query.order_by(rows.agreement_id))).all()
    dues = select(Due).where(Due.interaction_id == interaction_id).order_by(Due.due_at, Due.id)
    return Decided(entitlements, (await session.scalars(dues)).all())


async def dues(session: AsyncSession, wanted: WantedDues, limit: int, after: Place | None) -> Sequence[Due]:
    """Up to `limit` of what is due, the most urgent first, after the place `after`. Raises CustomerNotFound."""
    query = select(Due).order_by(Due.due_at, Due.id).limit(limit)
    if wanted.customer_id is not None:
        members = await members_of(session, await survivor_of(session, wanted.customer_id))
        query = query.where(Due.customer_id.in_(members))
    if wanted.done is not None:
        query = query.where(Due.done_at.is_not(None) if wanted.done else Due.done_at.is_(None))
    if wanted.kind is not None:
        query = query.where(Due.kind == wanted.kind)
    if wanted.owner is not None:
        query = query.where(Due.owner == wanted.owner)
    if wanted.due_before is not None:
        query = query.where(Due.due_at < wanted.due_before)
    if after is not None:
        query = query.where(tuple_(Due.due_at, Due.id) > after)
    return (await session.scalars(query)).all()
