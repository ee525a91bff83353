"""Use cases of queues and wrap-up codes as records, and the removal of skills and teams, which only it can judge."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents import queries as agents
from app.agents import teams
from app.agents.models import Agent, Skill, Team
from app.audit.service import record as tell
from app.core.wire import fault
from app.db.engine import WriteSession
from app.db.rows import insert_new
from app.routing.queue_form import ThingKind, contradictions, named, warnings
from app.routing.records import queries
from app.routing.records.errors import QueueFaulty, QueueInUse, QueueTaken, SkillInUse, TeamInUse, WrapUpCodeTaken
from app.routing.records.hours_models import BusinessHours
from app.routing.records.models import Queue, QueueSkill, WrapUpCode
from app.routing.records.queries import QueueProfile
from app.telephony import queries as telephony

NAMED_AT_MOST = 10
"""How many users of a thing a refusal names."""


_WHERE_TO_LOOK: dict[ThingKind, str] = {
    "skill": "the id of a skill, see GET /api/v1/skills",
    "agent": "the id of an agent, see GET /api/v1/agents",
    "team": "the id of a team, see GET /api/v1/teams",
    "hours": "null or the id of business hours, see GET /api/v1/hours",
    "queue": "the id of a queue, see GET /api/v1/queues",
}


async def create_queue(session: WriteSession, requires: Mapping[str, int], **values: Any) -> QueueProfile:
    """A new queue that requires the skills `requires` (id -> level). Raises `QueueTaken` or `QueueFaulty`."""
    given = {**values, "requires": requires}
    await _ensure_sound(session, given, given)
    made = await insert_new(session, Queue, **_columns(values))
    if made is None:
        raise QueueTaken(f"There is a queue {values['id']!r} already.", id=values["id"])
    return QueueProfile(made, await _require(session, made.id, {}, requires))


async def change_queue(session: WriteSession, queue_id: str, changes: Mapping[str, Any]) -> QueueProfile:
    """Change fields of a queue; `requires`, `steps` and other lists are replaced whole. Raises `QueueUnknown`,
    `QueueFaulty`."""
    # the lock: of two that name and exclude an agent at once, the second must see what the first has left
    found = await queries.queue(session, queue_id, "change")
    await _ensure_sound(session, {**found.rules, **changes}, changes)
    for field, value in _columns(changes).items():
        if field != "requires":
            setattr(found.queue, field, value)
    if "requires" not in changes:
        return found
    return QueueProfile(found.queue, await _require(session, queue_id, found.requires, changes["requires"]))


async def faults(
    session: AsyncSession,
    rules: Mapping[str, Any],
    given: Collection[str],
    told: Collection[str] = (),
    *,
    lock: bool = False,
) -> list[dict[str, str]]:
    """What is wrong with a queue's definition beyond the form of its fields: what it names and does not exist, what
    contradicts itself. Looks at the fields `given`, but not at places whose fault is `told` already; `lock` keeps what
    is named from removal until the commit."""
    fields = [each for each in named(rules) if each.where.partition(".")[0] in given]
    wrong = [each for each in contradictions(rules, given) if not _within(each["where"], told)]
    told = {*told, *(each["where"] for each in wrong)}
    things = [each for each in fields if not _within(f"body.{each.where}", told)]
    known = {
        "skill": await agents.known(session, Skill, {each.id for each in things if each.kind == "skill"}, lock=lock),
        "agent": await agents.known(session, Agent, {each.id for each in things if each.kind == "agent"}, lock=lock),
        "team": await agents.known(session, Team, {each.id for each in things if each.kind == "team"}, lock=lock),
        "hours": set(await session.scalars(select(BusinessHours.id))),
        "queue": await queries.known(session, {each.id for each in things if each.kind == "queue"}, lock=lock),
    }
    unknown = [
        fault(f"body.{each.where}", f"there is no {each.kind} {each.id!r}", _WHERE_TO_LOOK[each.kind])
        for each in things
        if each.id not in known[each.kind]
    ]
    return unknown + wrong


async def warnings_of_queue(session: AsyncSession, profile: QueueProfile) -> list[dict[str, str]]:
    """What of a queue's definition nobody could meet at present, see `queue_form.warnings`."""
    return warnings(profile.rules, await queries.staff(session))


async def warnings_of_agent(session: AsyncSession, agent: Agent) -> list[dict[str, str]]:
    """Which queues name an agent who is not active."""
    if agent.active:
        return []
    what = f"names {agent.id}, who is not active and gets no contacts"
    uses = await queries.naming(session, "agent", agent.id)
    return [{"where": f"queues.{queue}.{each.where}", "what": what} for queue, each in uses if not each.excludes]


async def _ensure_sound(session: WriteSession, rules: Mapping[str, Any], given: Collection[str]) -> None:
    found = await faults(session, rules, given, lock=True)
    if found:
        places = ", ".join(each["where"] for each in found)
        raise QueueFaulty(f"The queue's definition has {len(found)} fault(s): {places}.", faults=found)


def _within(where: str, told: Collection[str]) -> bool:
    """Whether a place lies in one of those told, or one of those in it."""
    return any(f"{where}.".startswith(f"{each}.") or f"{each}.".startswith(f"{where}.") for each in told)


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"hours_id" if field == "hours" else field: value for field, value in values.items()}


async def _require(
    session: WriteSession, queue_id: str, before: Mapping[str, int], requires: Mapping[str, int]
) -> dict[str, int]:
    if before != requires:
        await tell(session, "queue.requirements_set", "queue", queue_id, before=before, after=requires)
    await session.execute(delete(QueueSkill).where(QueueSkill.queue_id == queue_id))
    session.add_all(QueueSkill(queue_id=queue_id, skill_id=skill, level=level) for skill, level in requires.items())
    await session.flush()
    return dict(sorted(requires.items()))


async def delete_queue(session: WriteSession, queue_id: str, live: int) -> None:
    """Remove a queue; its history stays. Raises `QueueUnknown`, or `QueueInUse` while calls may be led to it, by a
    number or by the overflow of another queue, or `live` contacts are in it."""
    # the lock keeps out a dialled number that somebody adds at this moment
    found = await queries.queue(session, queue_id, "remove")
    uses = await telephony.uses_of_queue(session, queue_id, NAMED_AT_MOST)
    told = [{"source": source, "number": number} for source, number in uses]
    told += [use for use in await _used_by(session, "queue", queue_id) if use["queue"] != queue_id]
    if told:
        what = "Numbers" if uses else "Other queues"
        raise QueueInUse(f"{what} still lead to the queue {queue_id!r}; lead them elsewhere first.", used_by=told)
    if live:
        raise QueueInUse(f"{live} contact(s) are in the queue {queue_id!r}; remove it when it is empty.", live=live)
    await session.delete(found.queue)


async def delete_skill(session: WriteSession, skill_id: str) -> None:
    """Remove a skill. Raises `SkillUnknown`, or `SkillInUse` while a queue asks for it or an agent holds it."""
    found = await agents.skill(session, skill_id, lock=True)
    used_by = await _used_by(session, "skill", skill_id)
    held_by = list(await agents.holders(session, skill_id, NAMED_AT_MOST))
    if used_by or held_by:
        detail = f"The skill {skill_id!r} is required by queues or held by agents; take it from them first."
        raise SkillInUse(detail, queues=_queues(used_by), agents=held_by, used_by=used_by)
    await session.delete(found)


async def delete_team(session: WriteSession, team_id: str) -> None:
    """Remove a team. Raises `TeamUnknown`, or `TeamInUse` while a queue asks for it or an agent is in it."""
    found = await teams.team(session, team_id, lock=True)
    used_by = await _used_by(session, "team", team_id)
    members = list(await teams.members(session, team_id, NAMED_AT_MOST))
    if used_by or members:
        detail = f"Queues ask for the team {team_id!r} or agents are in it; take it from them first."
        raise TeamInUse(detail, queues=_queues(used_by), agents=members, used_by=used_by)
    await session.delete(found)


async def _used_by(session: WriteSession, kind: ThingKind, thing_id: str) -> list[dict[str, str]]:
    """Some of the places in queues that name a thing."""
    uses = await queries.naming(session, kind, thing_id)
    return [{"queue": queue, "where": each.where} for queue, each in uses[:NAMED_AT_MOST]]


def _queues(used_by: Collection[Mapping[str, str]]) -> list[str]:
    return list(dict.fromkeys(use["queue"] for use in used_by))


async def create_wrap_up_code(session: WriteSession, code: str, name: str) -> WrapUpCode:
    """A new wrap-up code; raises `WrapUpCodeTaken`."""
    made = await insert_new(session, WrapUpCode, id=code, name=name)
    if made is None:
        raise WrapUpCodeTaken(f"There is a wrap-up code {code!r} already.", id=code)
    return made


async def change_wrap_up_code(session: WriteSession, code: str, changes: Mapping[str, Any]) -> WrapUpCode:
    """Change `name` or `active` of a wrap-up code; history that names it stays. Raises `WrapUpCodeUnknown`."""
    found = await queries.wrap_up_code(session, code)
    for field, value in changes.items():
        setattr(found, field, value)
    return found
