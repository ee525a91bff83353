"""Reads of the journal's tables for people; the floor itself never asks them."""

from collections.abc import Sequence

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.floor.models import LiveContact, Order


async def orders(
    session: AsyncSession, status: str | None, limit: int, after: tuple[str, int] | None
) -> Sequence[Order]:
    """Commands to the switch in order of (floor, number), those after `after`; without a `status` all that are not
    delivered."""
    query = select(Order).order_by(Order.floor, Order.id).limit(limit)
    query = query.where(Order.status != "delivered" if status is None else Order.status == status)
    if after is not None:
        query = query.where(tuple_(Order.floor, Order.id) > after)
    return (await session.scalars(query)).all()


async def contacts_in(session: AsyncSession, queue_id: str) -> int:
    """How many live contacts are in a queue, as of the last commit of the floor."""
    here = select(func.count()).select_from(LiveContact).where(LiveContact.state["queue"].astext == queue_id)
    return await session.scalar(here) or 0
