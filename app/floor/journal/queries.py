"""Reads of the journal's tables for people; the floor itself never asks them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import func, literal, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.models import Agent, Skill, Team
from app.core.errors import NotFound
from app.floor.journal.models import FloorEvent, LiveContact, Order
from app.routing.engine.decision import Decision
from app.routing.records.models import Queue
from app.routing.sentences import Names, mentioned, sentences

DECISIONS = ("contact.offered", "contact.overflowed")
"""The events of the log that carry a decision."""


class NothingKnown(NotFound):
    """The floor's log tells nothing of this contact."""

    code = "contact-unknown"


class Decided(msgspec.Struct, frozen=True):
    """An offer of the event log: when, to which agent, and why, as data and in sentences."""

    seq: int
    at: datetime
    agent: str | None
    why: Decision
    sentences: tuple[str, ...]


class _Offered(NamedTuple):
    seq: int
    at: datetime
    agent: str | None
    queue: str | None
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
    """The offers of a contact and what its queues made of it, oldest first, those after the event `after`. Raises
    `NothingKnown` where the log has never heard of the contact, or has forgotten it."""
    data = FloorEvent.data
    query = select(FloorEvent.seq, FloorEvent.at, FloorEvent.agent_id, data["contact"]["queue"], data["why"])
    query = query.where(FloorEvent.contact_id == contact_id, FloorEvent.type.in_(DECISIONS))
    query = query.where(FloorEvent.seq > (after or 0)).order_by(FloorEvent.seq).limit(limit)
    rows = (await session.execute(query)).all()
    if not rows and not await _is_known(session, contact_id):
        raise NothingKnown(f"The floor's log tells nothing of a contact {contact_id}.")
    offers = [_Offered(seq, at, agent, queue, msgspec.convert(why, Decision)) for seq, at, agent, queue, why in rows]
    names = await _names(session, offers) if offers else Names()
    return [
        Decided(each.seq, each.at, each.agent, each.why, sentences(each.why, names, each.agent, each.queue))
        for each in offers
    ]


async def _names(session: AsyncSession, offers: Sequence[_Offered]) -> Names:
    """What everything is called now that the decisions speak of; what was removed meanwhile has no name left."""
    spoken_of = [mentioned(each.why) for each in offers]
    agents = frozenset(each.agent for each in offers if each.agent is not None).union(
        *(each.agents for each in spoken_of)
    )
    wanted = (
        ("agents", Agent.id, Agent.name, agents),
        ("queues", Queue.id, Queue.name, _queues(offers)),
        ("skills", Skill.id, Skill.name, frozenset().union(*(each.skills for each in spoken_of))),
        ("teams", Team.id, Team.name, frozenset().union(*(each.teams for each in spoken_of))),
    )
    known = [select(literal(kind), key, name).where(key.in_(ids)) for kind, key, name, ids in wanted]
    found: dict[str, dict[str, str]] = {kind: {} for kind, *_ in wanted}
    for kind, key, name in await session.execute(union_all(*known)):
        found[kind][key] = name
    return Names(**found)


def _queues(offers: Sequence[_Offered]) -> set[str]:
    sent_to = {each.why.to.partition(":")[2] for each in offers}
    return {each.queue for each in offers if each.queue is not None} | sent_to - {""}


async def _is_known(session: AsyncSession, contact_id: UUID) -> bool:
    event = select(FloorEvent.seq).where(FloorEvent.contact_id == contact_id).limit(1)
    return await session.scalar(event) is not None


async def contacts_in(session: AsyncSession, queue_id: str) -> int:
    """How many live contacts are in a queue, as of the last commit of the floor."""
    here = select(func.count()).select_from(LiveContact).where(LiveContact.state["queue"].astext == queue_id)
    return await session.scalar(here) or 0
