"""Use cases of queues and wrap-up codes as records, and the removal of skills, which only this room can judge."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete

from app.agents import queries as agents
from app.db.engine import WriteSession
from app.db.rows import insert_new
from app.routing import queries
from app.routing.errors import QueueInUse, QueueTaken, SkillInUse, WrapUpCodeTaken
from app.routing.models import Queue, QueueSkill, WrapUpCode
from app.routing.queries import QueueProfile
from app.telephony import queries as telephony

NAMED_AT_MOST = 10
"""How many users of a thing a refusal names."""


async def create_queue(session: WriteSession, requires: Mapping[str, int], **values: Any) -> QueueProfile:
    """A new queue that requires the skills `requires` (id -> level). Raises `QueueTaken` or `SkillsUnknown`."""
    made = await insert_new(session, Queue, **values)
    if made is None:
        raise QueueTaken(f"There is a queue {values['id']!r} already.", id=values["id"])
    return QueueProfile(made, await _require(session, made.id, requires))


async def change_queue(session: WriteSession, queue_id: str, changes: Mapping[str, Any]) -> QueueProfile:
    """Change fields of a queue; `requires` replaces all that it required. Raises `QueueUnknown`, `SkillsUnknown`."""
    found = await queries.queue(session, queue_id, lock="requires" in changes)
    for field, value in changes.items():
        if field != "requires":
            setattr(found.queue, field, value)
    if "requires" not in changes:
        return found
    return QueueProfile(found.queue, await _require(session, queue_id, changes["requires"]))


async def _require(session: WriteSession, queue_id: str, requires: Mapping[str, int]) -> dict[str, int]:
    await agents.ensure_skills(session, requires.keys(), "body.requires")
    await session.execute(delete(QueueSkill).where(QueueSkill.queue_id == queue_id))
    session.add_all(QueueSkill(queue_id=queue_id, skill_id=skill, level=level) for skill, level in requires.items())
    await session.flush()
    return dict(sorted(requires.items()))


async def delete_queue(session: WriteSession, queue_id: str, live: int) -> None:
    """Remove a queue; its history stays. Raises `QueueUnknown`, or `QueueInUse` while calls may be led to it or `live`
    contacts are in it."""
    # the lock keeps out a dialled number that somebody adds at this moment
    found = await queries.queue(session, queue_id, lock=True)
    uses = await telephony.uses_of_queue(session, queue_id, NAMED_AT_MOST)
    if uses:
        told = [{"source": source, "number": number} for source, number in uses]
        raise QueueInUse(f"Numbers still lead to the queue {queue_id!r}; lead them elsewhere first.", used_by=told)
    if live:
        raise QueueInUse(f"{live} contact(s) are in the queue {queue_id!r}; remove it when it is empty.", live=live)
    await session.delete(found.queue)


async def delete_skill(session: WriteSession, skill_id: str) -> None:
    """Remove a skill. Raises `SkillUnknown`, or `SkillInUse` while a queue requires it or an agent holds it."""
    found = await agents.skill(session, skill_id, lock=True)
    in_queues = list(await queries.requiring(session, skill_id, NAMED_AT_MOST))
    held_by = list(await agents.holders(session, skill_id, NAMED_AT_MOST))
    if in_queues or held_by:
        detail = f"The skill {skill_id!r} is required by queues or held by agents; take it from them first."
        raise SkillInUse(detail, queues=in_queues, agents=held_by)
    await session.delete(found)


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
