"""Teams: agents who work together, and for whom a queue may ask."""

from app.agents import teams
from app.api.http.deps import Read, Write
from app.api.http.gates import ADMINISTRATES, SIGNED_IN
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.agents import TeamIn, TeamOut, TeamPage, TeamPatch
from app.ivr.records.removals import delete_team as remove_team

router = ResourceRouter(prefix="/teams", tags=["teams"])


@router.get("", dependencies=[SIGNED_IN])
async def list_teams(session: Read, page: Paged) -> TeamPage:
    """All teams."""
    rows = await teams.teams(session, page.limit + 1, page.after(str))
    items, after = page.cut(rows, key=lambda row: row.id)
    return TeamPage(items=[TeamOut.model_validate(row) for row in items], next=after)


@router.get("/{team_id}", dependencies=[SIGNED_IN], responses=problem_responses(404))
async def get_team(team_id: str, session: Read) -> TeamOut:
    """One team; its agents are those of GET /api/v1/agents with this team."""
    return TeamOut.model_validate(await teams.team(session, team_id))


@router.post("", status_code=201, dependencies=[ADMINISTRATES], responses=problem_responses(409))
async def create_team(given: TeamIn, session: Write) -> TeamOut:
    """A new team, of which nobody is yet."""
    return TeamOut.model_validate(await teams.create_team(session, given.id, given.name))


@router.patch("/{team_id}", dependencies=[ADMINISTRATES], responses=problem_responses(404))
async def change_team(team_id: str, given: TeamPatch, session: Write) -> TeamOut:
    """Rename a team."""
    changes = given.model_dump(exclude_unset=True)
    return TeamOut.model_validate(await teams.change_team(session, team_id, changes))


@router.delete("/{team_id}", status_code=204, dependencies=[ADMINISTRATES], responses=problem_responses(404, 409))
async def delete_team(team_id: str, session: Write) -> None:
    """Remove a team of which nobody is and for which no queue and no published flow asks."""
    await remove_team(session, team_id)
