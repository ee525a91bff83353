"""Reads of the journal's tables for people; the floor itself never asks them."""

from collections.abc import Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.floor.models import Order


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
