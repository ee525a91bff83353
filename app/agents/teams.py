"""Teams as records. Their removal is judged by the queues' room, because queues may ask for a team."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.errors import TeamTaken, TeamUnknown
from app.agents.models import Agent, Team
from app.db.engine import WriteSession
from app.db.rows import in_order, insert_new


async def team(session: AsyncSession, team_id: str, *, lock: bool = False) -> Team:
    """The team with this id, with `lock` kept from other writers until the commit; raises `TeamUnknown`."""
    found = await session.get(Team, team_id, with_for_update=lock)
    if found is None:
        raise TeamUnknown(f"There is no team {team_id!r}.")
    return found


async def teams(session: AsyncSession, limit: int, after: str | None) -> Sequence[Team]:
    """Teams in order of their id, those after `after`."""
    return (await session.scalars(in_order(Team, limit, after))).all()


async def members(session: AsyncSession, team_id: str, limit: int) -> Sequence[str]:
    """Some of the agents of a team, inactive ones too, at most `limit`."""
    query = select(Agent.id).where(Agent.team_id == team_id).order_by(Agent.id)
    return (await session.scalars(query.limit(limit))).all()


async def create_team(session: WriteSession, team_id: str, name: str) -> Team:
    """A new team; raises `TeamTaken`."""
    made = await insert_new(session, Team, id=team_id, name=name)
    if made is None:
        raise TeamTaken(f"There is a team {team_id!r} already.", id=team_id)
    return made


async def change_team(session: WriteSession, team_id: str, changes: Mapping[str, Any]) -> Team:
    """Change the `name` of a team; raises `TeamUnknown`."""
    found = await team(session, team_id)
    for field, value in changes.items():
        setattr(found, field, value)
    return found
