"""What people set of customers' tiers and segments up to an instant, whatever rules and feeds say."""

from uuid import UUID

from fastapi import Response

from app.api.http.customer_reads import written_down
from app.api.http.deps import Read, Using, Write
from app.api.http.gates import OVERSEES, SIGNED_IN
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.resources.customers import told
from app.api.schemas.customers import CustomerOut
from app.api.schemas.segments import (
    OverrideIn,
    OverrideOut,
    OverridePage,
    SegmentOverrideIn,
    SegmentOverrideOut,
    SegmentOverridePage,
    TakeBackIn,
)
from app.core.clock import utc
from app.customers.record.finding import get_customer
from app.customers.segments import overrides, segment_overrides

router = ResourceRouter(prefix="/customers/{customer_id}", tags=["segmentation"])
MISSING = problem_responses(404)
REFUSED = problem_responses(404, 409)


@router.get("/tier-overrides", dependencies=[SIGNED_IN, written_down("tier_overrides")], responses=MISSING)
async def list_tier_overrides(customer_id: UUID, session: Read, page: Paged) -> OverridePage:
    """The customer's overrides of the tier, those that ended, too."""
    rows = await overrides.overrides_of(session, customer_id, page.limit + 1, page.after(UUID))
    items, after = page.cut(rows, key=lambda row: row.id)
    return OverridePage(items=[OverrideOut.model_validate(row) for row in items], next=after)


@router.put("/tier-override", dependencies=[OVERSEES], responses=REFUSED)
async def override_tier(customer_id: UUID, given: OverrideIn, session: Write, using: Using) -> OverrideOut:
    """Let the customer be of a tier until then, whatever rules and feeds say; after that the rules have their say."""
    now = utc(using.clock())
    made = await overrides.override(session, customer_id, given.tier, given.reason, given.until, now)
    return OverrideOut.model_validate(made)


@router.post("/tier-override/take-back", dependencies=[OVERSEES], responses=REFUSED)
async def take_tier_back(
    customer_id: UUID, given: TakeBackIn, session: Write, using: Using, answer: Response
) -> CustomerOut:
    """End the override now, or let rules have their say about a tier that somebody has set by hand."""
    found = await overrides.take_back(session, customer_id, given.why, utc(using.clock()))
    return told(found, answer)


@router.get("/segment-overrides", dependencies=[SIGNED_IN, written_down("segment_overrides")], responses=MISSING)
async def list_segment_overrides(customer_id: UUID, session: Read, page: Paged) -> SegmentOverridePage:
    """The customer's overrides of segments, those that ended, too."""
    rows = await segment_overrides.segment_overrides_of(session, customer_id, page.limit + 1, page.after(UUID))
    items, after = page.cut(rows, key=lambda row: row.id)
    return SegmentOverridePage(items=[SegmentOverrideOut.model_validate(row) for row in items], next=after)


@router.put("/segment-overrides/{segment}", dependencies=[OVERSEES], responses=REFUSED)
async def override_segment(
    customer_id: UUID, segment: str, given: SegmentOverrideIn, session: Write, using: Using
) -> SegmentOverrideOut:
    """Put the customer into a segment of the active rules until then, or out of it."""
    made = await segment_overrides.override_segment(
        session,
        customer_id,
        segment,
        member=given.member,
        reason=given.reason,
        until=given.until,
        now=utc(using.clock()),
    )
    return SegmentOverrideOut.model_validate(made)


@router.post("/segment-overrides/{segment}/take-back", dependencies=[OVERSEES], responses=REFUSED)
async def take_segment_back(
    customer_id: UUID, segment: str, given: TakeBackIn, session: Write, using: Using, answer: Response
) -> CustomerOut:
    """End the override now; the rules have their say at once."""
    await segment_overrides.take_segment_back(session, customer_id, segment, given.why, utc(using.clock()))
    session.expire_all()
    return told(await get_customer(session, customer_id), answer)
