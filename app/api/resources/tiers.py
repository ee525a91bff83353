"""Tiers: the classes of customers."""

from app.api.http.deps import Read, Write
from app.api.http.gates import ADMINISTRATES, SIGNED_IN
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.queues import TierIn, TierOut, TierPage, TierPatch
from app.customers.record import tiers

router = ResourceRouter(prefix="/tiers", tags=["tiers"])


@router.get("", dependencies=[SIGNED_IN])
async def list_tiers(session: Read, page: Paged) -> TierPage:
    """All tiers."""
    rows = await tiers.tiers(session, page.limit + 1, page.after(str))
    items, after = page.cut(rows, key=lambda row: row.id)
    return TierPage(items=[TierOut.model_validate(row) for row in items], next=after)


@router.post("", status_code=201, dependencies=[ADMINISTRATES], responses=problem_responses(409))
async def create_tier(given: TierIn, session: Write) -> TierOut:
    """A new tier."""
    return TierOut.model_validate(await tiers.create_tier(session, **given.model_dump()))


@router.patch("/{tier_id}", dependencies=[ADMINISTRATES], responses=problem_responses(404))
async def change_tier(tier_id: str, given: TierPatch, session: Write) -> TierOut:
    """Change a tier; contacts that wait keep their place by the new bonus."""
    changes = given.model_dump(exclude_unset=True)
    return TierOut.model_validate(await tiers.change_tier(session, tier_id, changes))


@router.delete("/{tier_id}", status_code=204, dependencies=[ADMINISTRATES], responses=problem_responses(404, 409))
async def delete_tier(tier_id: str, session: Write) -> None:
    """Remove a tier of which no customer is."""
    await tiers.delete_tier(session, tier_id)
