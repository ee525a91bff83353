"""Agents as records. They are made inactive and never removed, because the history names them."""

from typing import Annotated

from fastapi import Body, Query

from app.agents import queries, service
from app.api.http.deps import Read, Using, Write
from app.api.http.gates import ADMINISTRATES, READS
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.agents import AgentDetailOut, AgentIn, AgentOut, AgentPage, AgentPatch
from app.api.schemas.common import SLUG, Levels
from app.routing.records.queues import warnings_of_agent

router = ResourceRouter(prefix="/agents", tags=["agents"])

OfTeam = Annotated[str | None, Query(pattern=SLUG, description="only the agents of this team")]


@router.get("", dependencies=[READS])
async def list_agents(session: Read, page: Paged, team: OfTeam = None) -> AgentPage:
    """All agents with their skills, inactive ones too."""
    rows = await queries.agents(session, page.limit + 1, page.after(str), team)
    items, after = page.cut(rows, key=lambda row: row.agent.id)
    return AgentPage(items=[AgentOut.of(row) for row in items], next=after)


@router.get("/{agent_id}", dependencies=[READS], responses=problem_responses(404))
async def get_agent(agent_id: str, session: Read) -> AgentDetailOut:
    """One agent."""
    found = await queries.agent(session, agent_id)
    return AgentDetailOut.of(found, warnings=await warnings_of_agent(session, found.agent))


@router.post("", status_code=201, dependencies=[ADMINISTRATES], responses=problem_responses(409))
async def create_agent(given: AgentIn, session: Write, using: Using) -> AgentDetailOut:
    """A new agent and the account to sign in with, in one."""
    made = await service.create_agent(
        session,
        using.passwords,
        agent_id=given.id,
        name=given.name,
        address=given.address,
        password=given.password,
        role=given.role,
        skills=given.skills,
        team=given.team,
        capacity=given.capacity,
        blending=given.blending,
        auto_accept=given.auto_accept,
    )
    return AgentDetailOut.of(made, warnings=[])


@router.patch("/{agent_id}", dependencies=[ADMINISTRATES], responses=problem_responses(404, 409))
async def change_agent(agent_id: str, given: AgentPatch, session: Write, using: Using) -> AgentDetailOut:
    """Rename, move to another phone or team, change the capacity or auto-accept, make inactive or active."""
    changed = await service.change_agent(session, agent_id, given.changes(), using.clock)
    return AgentDetailOut.of(changed, warnings=await warnings_of_agent(session, changed.agent))


@router.put("/{agent_id}/skills", dependencies=[ADMINISTRATES], responses=problem_responses(404))
async def set_agent_skills(
    agent_id: str, given: Annotated[Levels, Body(examples=[{"cards": 4, "en": 5}])], session: Write
) -> dict[str, int]:
    """Make these all the skills that the agent holds: skill id -> level, 1 to 5."""
    return await service.set_skills(session, agent_id, given, "body")
