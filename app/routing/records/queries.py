"""Reads of queues and wrap-up codes as records."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.models import Agent, AgentSkill
from app.db.rows import in_order
from app.routing.engine.requirement import Kind
from app.routing.queue_form import Named, ThingKind, named
from app.routing.records.errors import QueueUnknown, WrapUpCodeUnknown
from app.routing.records.models import Queue, QueueSkill, WrapUpCode


@dataclass(frozen=True, slots=True)
class QueueProfile:
    """A queue and the level of each skill that it requires."""

    queue: Queue
    requires: dict[str, int]

    @property
    def rules(self) -> dict[str, Any]:
        """The definition in its written form, see `queue_form`."""
        fields = ("one_of", "agents", "teams", "excluded", "steps", "overflow", "language_level", "default_language")
        told = {field: getattr(self.queue, field) for field in fields}
        return {**told, "id": self.queue.id, "requires": self.requires, "hours": self.queue.hours_id}


async def queue(session: AsyncSession, queue_id: str, lock: Literal["change", "remove"] | None = None) -> QueueProfile:
    """The queue with this id; raises `QueueUnknown`. With `lock` it is kept until the commit from others who would
    change or remove it; only a removal also keeps out who would name it (so two queues may name each other at once)."""
    kept = {"key_share": lock == "change"} if lock else None
    found = await session.get(Queue, queue_id, with_for_update=kept)
    if found is None:
        raise QueueUnknown(f"There is no queue {queue_id!r}.")
    return (await _profiles(session, [found]))[0]


async def known(session: AsyncSession, named: Collection[str], *, lock: bool) -> set[str]:
    """Those of `named` that are queues, with `lock` kept from removal until the commit."""
    query = select(Queue.id).where(Queue.id.in_(named)).order_by(Queue.id)
    if lock:
        query = query.with_for_update(read=True, key_share=True)
    return set(await session.scalars(query)) if named else set()


async def queues(session: AsyncSession, limit: int, after: str | None) -> Sequence[QueueProfile]:
    """Queues in order of their id, those after `after`."""
    return await _profiles(session, (await session.scalars(in_order(Queue, limit, after))).all())


async def naming(session: AsyncSession, kind: ThingKind, thing_id: str) -> list[tuple[str, Named]]:
    """The queues whose definition names a thing, each with the place, in order of their id."""
    profiles = await _profiles(session, (await session.scalars(select(Queue).order_by(Queue.id))).all())
    return [
        (profile.queue.id, each)
        for profile in profiles
        for each in named(profile.rules)
        if (each.kind, each.id) == (kind, thing_id)
    ]


async def staff(session: AsyncSession) -> dict[str, Kind]:
    """The active agents, by id: what they can do and where they belong."""
    held: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for skill in await session.execute(select(AgentSkill.agent_id, AgentSkill.skill_id, AgentSkill.level)):
        held[skill.agent_id].append((skill.skill_id, skill.level))
    rows = await session.execute(select(Agent.id, Agent.team_id).where(Agent.active))
    return {row.id: Kind(tuple(sorted(held[row.id])), row.team_id) for row in rows}


async def wrap_up_code(session: AsyncSession, code: str) -> WrapUpCode:
    """The wrap-up code with this id; raises `WrapUpCodeUnknown`."""
    found = await session.get(WrapUpCode, code)
    if found is None:
        raise WrapUpCodeUnknown(f"There is no wrap-up code {code!r}.")
    return found


async def wrap_up_codes(session: AsyncSession, limit: int, after: str | None) -> Sequence[WrapUpCode]:
    """Wrap-up codes in order of their id, those after `after`, inactive ones too."""
    return (await session.scalars(in_order(WrapUpCode, limit, after))).all()


async def _profiles(session: AsyncSession, rows: Sequence[Queue]) -> Sequence[QueueProfile]:
    needed: dict[str, dict[str, int]] = defaultdict(dict)
    query = select(QueueSkill).where(QueueSkill.queue_id.in_([row.id for row in rows]))
    for each in await session.scalars(query.order_by(QueueSkill.skill_id)):
        needed[each.queue_id][each.skill_id] = each.level
    return [QueueProfile(row, needed[row.id]) for row in rows]
