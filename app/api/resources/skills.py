"""Skills: what contacts may need and agents may have."""

from app.agents import queries, service
from app.api.http.deps import Read, Write
from app.api.http.gates import ADMINISTRATES, SIGNED_IN
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.agents import SkillIn, SkillOut, SkillPage, SkillPatch
from app.ivr.records.removals import delete_skill as remove_skill

router = ResourceRouter(prefix="/skills", tags=["skills"])


@router.get("", dependencies=[SIGNED_IN])
async def list_skills(session: Read, page: Paged) -> SkillPage:
    """All skills."""
    rows = await queries.skills(session, page.limit + 1, page.after(str))
    items, after = page.cut(rows, key=lambda row: row.id)
    return SkillPage(items=[SkillOut.model_validate(row) for row in items], next=after)


@router.post("", status_code=201, dependencies=[ADMINISTRATES], responses=problem_responses(409))
async def create_skill(given: SkillIn, session: Write) -> SkillOut:
    """A new skill."""
    return SkillOut.model_validate(await service.create_skill(session, given.id, given.name))


@router.patch("/{skill_id}", dependencies=[ADMINISTRATES], responses=problem_responses(404))
async def change_skill(skill_id: str, given: SkillPatch, session: Write) -> SkillOut:
    """Rename a skill."""
    changes = given.model_dump(exclude_unset=True)
    return SkillOut.model_validate(await service.change_skill(session, skill_id, changes))


@router.delete("/{skill_id}", status_code=204, dependencies=[ADMINISTRATES], responses=problem_responses(404, 409))
async def delete_skill(skill_id: str, session: Write) -> None:
    """Remove a skill that no queue and no published flow requires and no agent holds."""
    await remove_skill(session, skill_id)
