"""Reads of the journal's tables for people; the floor itself never asks them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.floor.models import FloorEvent, LiveContact, Order
from app.routing.decision import Decision


class NothingKnown(NotFound):
    """The floor's log tells nothing of this contact."""

    code = "contact-unknown"


class Decided(msgspec.Struct, frozen=True):
    """An offer of the event log: when, to which agent, and why."""

    seq: int
    at: datetime
    agent: str
    why: Decision


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


async def decisions(session: AsyncSession, contact_id: UUID, limit: int, after: int | None) -> list[Decided]:
    """The offers of a contact, oldest first, those after the event `after`. Raises `NothingKnown` where the log has
    never heard of the contact, or has forgotten it."""
    query = select(FloorEvent.seq, FloorEvent.at, FloorEvent.agent_id, FloorEvent.data["why"])
    query = query.where(FloorEvent.contact_id == contact_id, FloorEvent.type == "contact.offered")
    query = query.where(FloorEvent.seq > (after or 0)).order_by(FloorEvent.seq).limit(limit)
    found = [
        Decided(seq, at, agent, msgspec.convert(why, Decision)) for seq, at, agent, why in await session.execute(query)
    ]
    if not found and not await _is_known(session, contact_id):
        raise NothingKnown(f"The floor's log tells nothing of a contact {contact_id}.")
    return found


async def _is_known(session: AsyncSession, contact_id: UUID) -> bool:
    event = select(FloorEvent.seq).where(FloorEvent.contact_id == contact_id).limit(1)
    return await session.scalar(event) is not None


async def contacts_in(session: AsyncSession, queue_id: str) -> int:
    """How many live contacts are in a queue, as of the last commit of the floor."""
    here = select(func.count()).select_from(LiveContact).where(LiveContact.state["queue"].astext == queue_id)
    return await session.scalar(here) or 0
