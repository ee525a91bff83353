"""Removal of what flows may name. Only this room knows the flows; the rooms below judge the rest.

Each locks first and looks then, so a flow that is being published at this moment is waited for.
"""

from typing import Any

from app.agents import queries as agents
from app.agents import teams
from app.db.engine import WriteSession
from app.ivr.records.judging import ThingKind
from app.ivr.records.queries import uses_of
from app.routing.records import hours, queries, queues
from app.routing.records.errors import QueueInUse, SkillInUse, TeamInUse
from app.routing.records.hours import HoursInUse


async def delete_queue(session: WriteSession, queue_id: str, live: int) -> None:
    """Remove a queue. Raises `QueueInUse` if a published flow leads to it, and what `routing.service` raises."""
    await queries.queue(session, queue_id, "remove")
    if used := await uses_of(session, "queue", queue_id):
        raise QueueInUse(_detail("queue", queue_id, used), used_by=used)
    await queues.delete_queue(session, queue_id, live)


async def delete_skill(session: WriteSession, skill_id: str) -> None:
    """Remove a skill. Raises `SkillInUse` if a published flow asks for it, and what `routing.service` raises."""
    await agents.skill(session, skill_id, lock=True)
    if used := await uses_of(session, "skill", skill_id):
        raise SkillInUse(_detail("skill", skill_id, used), queues=[], agents=[], used_by=used)
    await queues.delete_skill(session, skill_id)


async def delete_team(session: WriteSession, team_id: str) -> None:
    """Remove a team. Raises `TeamInUse` if a published flow asks for it, and what `routing.service` raises."""
    await teams.team(session, team_id, lock=True)
    if used := await uses_of(session, "team", team_id):
        raise TeamInUse(_detail("team", team_id, used), queues=[], agents=[], used_by=used)
    await queues.delete_team(session, team_id)


async def delete_hours(session: WriteSession, hours_id: str) -> None:
    """Remove business hours. Raises `HoursInUse` if a published flow looks at them, and what the record raises."""
    await hours.hours(session, hours_id, lock=True)
    if used := await uses_of(session, "hours", hours_id):
        raise HoursInUse(_detail("hours", hours_id, used), queues=[], used_by=used)
    await hours.delete_hours(session, hours_id)


def _detail(kind: ThingKind, thing_id: str, used: list[dict[str, Any]]) -> str:
    flows = ", ".join(dict.fromkeys(repr(use["flow"]) for use in used))
    return f"The {kind} {thing_id!r} is named by published flows ({flows}); publish versions without it first."
