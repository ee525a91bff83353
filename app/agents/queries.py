"""Reads of agents and skills as records."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.errors import AgentUnknown, SkillsUnknown, SkillUnknown
from app.agents.models import Agent, AgentSkill, Skill, Team
from app.db.rows import in_order


@dataclass(frozen=True, slots=True)
class AgentProfile:
    """An agent and the level of each skill they hold."""

    agent: Agent
    skills: dict[str, int]


async def skill(session: AsyncSession, skill_id: str, *, lock: bool = False) -> Skill:
    """The skill with this id, with `lock` kept from other writers until the commit; raises `SkillUnknown`."""
    found = await session.get(Skill, skill_id, with_for_update=lock)
    if found is None:
        raise SkillUnknown(f"There is no skill {skill_id!r}.")
    return found


async def skills(session: AsyncSession, limit: int, after: str | None) -> Sequence[Skill]:
    """Skills in order of their id, those after `after`."""
    return (await session.scalars(in_order(Skill, limit, after))).all()


async def ensure_skills(session: AsyncSession, named: Collection[str], where: str) -> None:
    """Raises `SkillsUnknown` naming those of `named` that are no skills; `where` is their place in the request."""
    known = await session.scalars(select(Skill.id).where(Skill.id.in_(named)))
    unknown = set(named) - set(known)
    if unknown:
        raise SkillsUnknown(where, unknown)


async def known(
    session: AsyncSession, kind: type[Skill | Team | Agent], named: Collection[str], *, lock: bool
) -> set[str]:
    """Those of `named` that exist, with `lock` kept from removal until the commit."""
    query = select(kind.id).where(kind.id.in_(named)).order_by(kind.id)
    if lock:
        query = query.with_for_update(read=True, key_share=True)
    return set(await session.scalars(query)) if named else set()


async def agent(session: AsyncSession, agent_id: str, *, lock: bool = False) -> AgentProfile:
    """The agent with this id, with `lock` kept from other writers until the commit; raises `AgentUnknown`."""
    found = await session.get(Agent, agent_id, with_for_update=lock)
    if found is None:
        raise AgentUnknown(f"There is no agent {agent_id!r}.")
    return (await _profiles(session, [found]))[0]


async def agents(
    session: AsyncSession, limit: int, after: str | None, team: str | None = None
) -> Sequence[AgentProfile]:
    """Agents in order of their id, those after `after`, inactive ones too; with `team` only those of it."""
    query = in_order(Agent, limit, after)
    if team is not None:
        query = query.where(Agent.team_id == team)
    return await _profiles(session, (await session.scalars(query)).all())


async def phones(session: AsyncSession, prefix: str) -> Sequence[tuple[str, str]]:
    """Address and name of each active agent whose address begins with `prefix`."""
    query = select(Agent.address, Agent.name).where(Agent.active, Agent.address.startswith(prefix, autoescape=True))
    return [(address, name) for address, name in await session.execute(query.order_by(Agent.address))]


async def holders(session: AsyncSession, skill_id: str, limit: int) -> Sequence[str]:
    """Some of the agents who hold a skill, at most `limit`."""
    query = select(AgentSkill.agent_id).where(AgentSkill.skill_id == skill_id).order_by(AgentSkill.agent_id)
    return (await session.scalars(query.limit(limit))).all()


async def _profiles(session: AsyncSession, rows: Sequence[Agent]) -> Sequence[AgentProfile]:
    held: dict[str, dict[str, int]] = defaultdict(dict)
    query = select(AgentSkill).where(AgentSkill.agent_id.in_([row.id for row in rows]))
    for each in await session.scalars(query.order_by(AgentSkill.skill_id)):
        held[each.agent_id][each.skill_id] = each.level
    return [AgentProfile(row, held[row.id]) for row in rows]
