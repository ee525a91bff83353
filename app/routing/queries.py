"""Reads of queues and wrap-up codes as records."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.routing.errors import QueueUnknown, WrapUpCodeUnknown
from app.routing.models import Queue, QueueSkill, WrapUpCode


@dataclass(frozen=True, slots=True)
class QueueProfile:
    """A queue and the level of each skill that it requires."""

    queue: Queue
    requires: dict[str, int]


async def queue(session: AsyncSession, queue_id: str, *, lock: bool = False) -> QueueProfile:
    """The queue with this id, with `lock` kept from other writers until the commit; raises `QueueUnknown`."""
    found = await session.get(Queue, queue_id, with_for_update=lock)
    if found is None:
        raise QueueUnknown(f"There is no queue {queue_id!r}.")
    return (await _profiles(session, [found]))[0]


async def queues(session: AsyncSession, limit: int, after: str | None) -> Sequence[QueueProfile]:
    """Queues in order of their id, those after `after`."""
    query = select(Queue).order_by(Queue.id).limit(limit)
    if after is not None:
        query = query.where(Queue.id > after)
    return await _profiles(session, (await session.scalars(query)).all())


async def requiring(session: AsyncSession, skill_id: str, limit: int) -> Sequence[str]:
    """Some of the queues that require a skill, at most `limit`."""
    query = select(QueueSkill.queue_id).where(QueueSkill.skill_id == skill_id).order_by(QueueSkill.queue_id)
    return (await session.scalars(query.limit(limit))).all()


async def wrap_up_code(session: AsyncSession, code: str) -> WrapUpCode:
    """The wrap-up code with this id; raises `WrapUpCodeUnknown`."""
    found = await session.get(WrapUpCode, code)
    if found is None:
        raise WrapUpCodeUnknown(f"There is no wrap-up code {code!r}.")
    return found


async def wrap_up_codes(session: AsyncSession, limit: int, after: str | None) -> Sequence[WrapUpCode]:
    """Wrap-up codes in order of their id, those after `after`, inactive ones too."""
    query = select(WrapUpCode).order_by(WrapUpCode.id).limit(limit)
    if after is not None:
        query = query.where(WrapUpCode.id > after)
    return (await session.scalars(query)).all()


async def _profiles(session: AsyncSession, rows: Sequence[Queue]) -> Sequence[QueueProfile]:
    needed: dict[str, dict[str, int]] = defaultdict(dict)
    query = select(QueueSkill).where(QueueSkill.queue_id.in_([row.id for row in rows]))
    for each in await session.scalars(query.order_by(QueueSkill.skill_id)):
        needed[each.queue_id][each.skill_id] = each.level
    return [QueueProfile(row, needed[row.id]) for row in rows]
