"""Erasing customers, and legal holds, for administrators. What goes and what stays: docs/privacy.md."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from app.api.http.customer_reads import written_down
from app.api.http.deps import Read, Using, Write
from app.api.http.gates import OVERSEES, require
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.privacy import ErasureIn, ErasureOut, ErasurePage, HoldIn, HoldOut, HoldPage, LiftIn
from app.auth.access_tokens import Principal
from app.core.clock import utc
from app.core.errors import Invalid
from app.core.wire import fault
from app.customers.record.whole import members_of, survivor_of
from app.privacy import erasing, holds

router = ResourceRouter(tags=["privacy"])

Administrator = Annotated[Principal, Depends(require("administrator"))]
ADMINISTRATORS = Depends(require("administrator"))


@router.post(
    "/customers/{customer_id}/erasure",
    status_code=201,
    responses={200: {"model": ErasureOut}, **problem_responses(404, 409)},
)
async def erase_customer(
    user: Administrator, customer_id: UUID, given: ErasureIn, session: Write, using: Using, answer: Response
) -> ErasureOut:
    """Erase the customer and everybody merged with them, for good: what says who they were goes, what is counted stays
    as nobody's. 409 lists what is in the way. Asked again it tells of the same erasure (200)."""
    order = erasing.Order(by=user.id, ground=given.ground, reason=given.reason, though_open=given.though_open)
    now = utc(using.clock())
    made, fresh = await erasing.erase(session, customer_id, order, now=now, region=using.default_region)
    answer.status_code = 201 if fresh else 200
    return ErasureOut.model_validate(made)


@router.get("/erasures", dependencies=[ADMINISTRATORS])
async def list_erasures(session: Read, page: Paged) -> ErasurePage:
    """Whom was erased when and why, without who it was; the newest first."""
    rows = await erasing.erasures(session, page.limit + 1, page.after(UUID))
    items, after = page.cut(rows, key=lambda row: row.id)
    return ErasurePage(items=[ErasureOut.model_validate(row) for row in items], next=after)


@router.get("/erasures/{erasure_id}", dependencies=[ADMINISTRATORS], responses=problem_responses(404))
async def get_erasure(erasure_id: UUID, session: Read) -> ErasureOut:
    """One erasure."""
    return ErasureOut.model_validate(await erasing.erasure(session, erasure_id))


@router.post("/erasures/{erasure_id}/lift", responses=problem_responses(404))
async def lift_erasure(
    user: Administrator, erasure_id: UUID, given: LiftIn, session: Write, using: Using
) -> ErasureOut:
    """Let other systems tell of them again, because they are a customer anew. Nothing comes back by itself."""
    now = utc(using.clock())
    return ErasureOut.model_validate(
        await erasing.lift(session, erasure_id, because=given.because, by=user.id, now=now)
    )


@router.post("/customers/{customer_id}/holds", status_code=201, responses=problem_responses(404))
async def hold_customer(user: Administrator, customer_id: UUID, given: HoldIn, session: Write, using: Using) -> HoldOut:
    """Let nothing of the customer go, by erasure or by retention, as long as the hold stands."""
    now = utc(using.clock())
    if given.until is not None and given.until <= now:
        wrong = fault("body.until", "has come already", "an instant to come, or null")
        raise Invalid("A hold ends in the future.", faults=[wrong])
    made = await holds.hold(session, customer_id, reason=given.reason, until=given.until, by=user.id, now=now)
    return HoldOut.model_validate(made)


@router.get(
    "/customers/{customer_id}/holds",
    dependencies=[OVERSEES, written_down("holds")],
    responses=problem_responses(404),
)
async def list_holds_of(customer_id: UUID, session: Read, page: Paged) -> HoldPage:
    """Holds over the customer, or over who was merged with them, those that are over too, the newest first."""
    members = await members_of(session, await survivor_of(session, customer_id))
    rows = await holds.holds(session, members, page.limit + 1, page.after(UUID))
    items, after = page.cut(rows, key=lambda row: row.id)
    return HoldPage(items=[HoldOut.model_validate(row) for row in items], next=after)


@router.get("/holds", dependencies=[OVERSEES])
async def list_holds(session: Read, page: Paged) -> HoldPage:
    """All holds, those that are over too, the newest first."""
    rows = await holds.holds(session, None, page.limit + 1, page.after(UUID))
    items, after = page.cut(rows, key=lambda row: row.id)
    return HoldPage(items=[HoldOut.model_validate(row) for row in items], next=after)


@router.post("/holds/{hold_id}/lift", responses=problem_responses(404, 409))
async def lift_hold(user: Administrator, hold_id: UUID, given: LiftIn, session: Write, using: Using) -> HoldOut:
    """End a hold before its time."""
    now = utc(using.clock())
    return HoldOut.model_validate(await holds.lift(session, hold_id, because=given.because, by=user.id, now=now))
