"""Credit standing: what is known, asking a bureau on demand, and the bureaus themselves."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path

from app.api.http.customer_reads import written_down
from app.api.http.deps import CurrentUser, Read, Using, Write
from app.api.http.gates import ADMINISTRATES, READS, SIGNED_IN, require
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.common import SLUG
from app.api.schemas.credit import (
    BureauIn,
    BureauOut,
    BureauPage,
    CreditAnswerOut,
    CreditCheckOut,
    CreditCheckPage,
    CreditIn,
    CreditOut,
)
from app.auth.access_tokens import Principal, Role
from app.core.clock import utc
from app.credit import bureaus, queries

router = ResourceRouter(tags=["credit"], dependencies=[SIGNED_IN])

Person = Annotated[Principal, Depends(require("agent", "supervisor", "administrator"))]
SEE_SCORES: tuple[Role, ...] = ("supervisor", "administrator", "integration")
BureauId = Annotated[str, Path(pattern=SLUG)]


@router.get("/customers/{customer_id}/credit", responses=problem_responses(404), dependencies=[written_down("credit")])
async def get_credit(customer_id: UUID, session: Read, using: Using, user: CurrentUser) -> CreditOut:
    """The standing as it was answered last, its age and source; no bureau is asked."""
    known = await queries.standing_of(session, customer_id)
    return CreditOut.of(known, utc(using.clock()), with_score=user.role in SEE_SCORES)


@router.post("/customers/{customer_id}/credit", responses=problem_responses(404, 409))
async def refresh_credit(customer_id: UUID, given: CreditIn, using: Using, user: Person) -> CreditAnswerOut:
    """Ask a bureau, with the customer's recorded consent (channel `credit_check`) and a reason. Where it fails, the
    last known standing stays and `last_try` says what went wrong."""
    using.reads.check()
    known, asked = await using.credit.refresh(customer_id, given.wish(user.id))
    using.reads.note(user.id, user.role, customer_id, "credit", why=given.reason)
    told = CreditOut.of(known, utc(using.clock()), with_score=user.role in SEE_SCORES)
    return CreditAnswerOut(**dict(told), asked=asked)


@router.get(
    "/customers/{customer_id}/credit/history",
    dependencies=[READS, written_down("credit_history")],
    responses=problem_responses(404),
)
async def list_credit_checks(customer_id: UUID, session: Read, page: Paged) -> CreditCheckPage:
    """Every question that was asked about the customer, with its answer, the newest first."""
    rows = await queries.checks_of(session, customer_id, page.limit + 1, page.after(tuple[datetime, UUID]))
    items, after = page.cut(rows, key=lambda row: (row.asked_at, row.id))
    return CreditCheckPage(items=[CreditCheckOut.model_validate(row) for row in items], next=after)


@router.get("/credit-bureaus", dependencies=[ADMINISTRATES])
async def list_credit_bureaus(session: Read, page: Paged) -> BureauPage:
    """All bureaus, without their secrets."""
    rows = await bureaus.bureaus(session, page.limit + 1, page.after(str))
    items, after = page.cut(rows, key=lambda row: row.id)
    return BureauPage(items=[BureauOut.of(row) for row in items], next=after)


@router.put("/credit-bureaus/{bureau_id}", dependencies=[ADMINISTRATES], responses=problem_responses(404))
async def put_credit_bureau(bureau_id: BureauId, given: BureauIn, session: Write) -> BureauOut:
    """Set a bureau up, or set it up otherwise."""
    return BureauOut.of(await bureaus.set_up(session, given.bureau(bureau_id), given.name, given.active))


@router.delete(
    "/credit-bureaus/{bureau_id}", status_code=204, dependencies=[ADMINISTRATES], responses=problem_responses(404)
)
async def remove_credit_bureau(bureau_id: BureauId, session: Write) -> None:
    """Ask a bureau no more; what it has said stays."""
    await bureaus.remove(session, bureau_id)
