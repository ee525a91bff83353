"""Reading the history: a customer's contacts, and one contact with its timeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.interactions.errors import InteractionNotFound
from app.interactions.models import Interaction, InteractionEntry

Place = tuple[datetime, UUID]
"""Where an interaction stands in the history: when it began, and its id."""


@dataclass(frozen=True, slots=True)
class InteractionRecord:
    """A contact and everything that happened in it, in order."""

    interaction: Interaction
    timeline: tuple[InteractionEntry, ...]


async def interactions_of(
    session: AsyncSession, customer_id: UUID, limit: int, before: Place | None = None
) -> Sequence[Interaction]:
    """Up to `limit` of the customer's contacts, newest first, those older than `before`."""
    query = select(Interaction).where(Interaction.customer_id == customer_id)
    if before is not None:
        # the first condition follows from the second; the planner leaves out months only by the first
        place = tuple_(Interaction.started_at, Interaction.id)
        query = query.where(Interaction.started_at <= before[0], place < before)
    query = query.order_by(Interaction.started_at.desc(), Interaction.id.desc()).limit(limit)
    return (await session.scalars(query)).all()


async def history_of(
    session: AsyncSession, customers: Sequence[UUID], limit: int, before: Place | None = None
) -> Sequence[Interaction]:
    """As `interactions_of`, of a customer and those who were merged into them: each one's newest by the index."""
    pages = [await interactions_of(session, customer, limit, before) for customer in customers]
    together = [row for page in pages for row in page]
    return sorted(together, key=lambda row: (row.started_at, row.id), reverse=True)[:limit]


async def get_interaction(session: AsyncSession, interaction_id: UUID) -> InteractionRecord:
    """The contact with its timeline; raises InteractionNotFound."""
    interaction = await find_interaction(session, interaction_id)
    query = (
        select(InteractionEntry)
        .where(
            InteractionEntry.interaction_id == interaction.id,
            InteractionEntry.started_at == interaction.started_at,
        )
        .order_by(InteractionEntry.at, InteractionEntry.id)
    )
    return InteractionRecord(interaction, tuple(await session.scalars(query)))


async def find_interaction(session: AsyncSession, interaction_id: UUID) -> Interaction:
    """The contact alone; raises InteractionNotFound."""
    found = (await session.scalars(select(Interaction).where(Interaction.id == interaction_id))).first()
    if found is None:
        raise InteractionNotFound(interaction_id)
    return found
