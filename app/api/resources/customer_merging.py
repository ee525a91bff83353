"""Who may be meant, who may be one, and merging them. Merging is for those who lead the floor."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response

from app.api.http.claiming import LOOKS
from app.api.http.customer_reads import Reading, read_of, written_down
from app.api.http.deps import Read, Using, Write
from app.api.http.gates import OVERSEES, SIGNED_IN
from app.api.http.paging import Paged
from app.api.http.preconditions import Stated, tag
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.customer_merging import (
    DismissIn,
    MatchesOut,
    MatchOut,
    MergeIn,
    MergeOut,
    MergePage,
    ProbeIn,
    ProposalOut,
    ProposalPage,
    ReasonOut,
    SearchIn,
    SearchOut,
    UnmergeIn,
)
from app.api.schemas.customers import CustomerOut
from app.audit.service import because
from app.customers.duplicates import matching, merging, proposals
from app.customers.duplicates.matching import Matches
from app.customers.duplicates.merging import Side
from app.customers.record.finding import get_customer

router = ResourceRouter(prefix="/customers", tags=["customers"], dependencies=[SIGNED_IN])

MERGED = problem_responses(404, 409, 412)
Status = Annotated[Literal["open", "dismissed", "merged"], Query(description="proposals of this status")]
Whose = Annotated[UUID | None, Query(description="proposals that this customer is one of")]


@router.post("/matches", dependencies=[LOOKS])
async def match_customers(given: ProbeIn, session: Read, using: Using) -> MatchesOut:
    """Who may be meant by what is known of somebody, each with reasons. Nobody is chosen."""
    return _told(await matching.candidates(session, given.probe(), using.default_region))


@router.get("/duplicates")
async def list_duplicates(
    session: Read,
    page: Paged,
    reading: Annotated[Reading, read_of("duplicates")],
    status: Status = "open",
    customer: Whose = None,
) -> ProposalPage:
    """Pairs of customers that may be one, with reasons; nothing has been merged."""
    reading.of(customer)
    rows = await proposals.proposals(session, status, customer, page.limit + 1, page.after(UUID))
    items, after = page.cut(rows, key=lambda row: row.id)
    return ProposalPage(items=[ProposalOut.model_validate(row) for row in items], next=after)


@router.post("/duplicates/search", dependencies=[OVERSEES])
async def search_duplicates(given: SearchIn, session: Write) -> SearchOut:
    """Look for duplicates among the next customers; go on with `next` until it is null."""
    found = await proposals.search(session, given.after, given.customers)
    return SearchOut(proposed=found.proposed, next=found.next)


@router.post("/duplicates/{proposal_id}/dismiss", dependencies=[OVERSEES], responses=problem_responses(404, 409))
async def dismiss_duplicate(proposal_id: UUID, given: DismissIn, session: Write) -> ProposalOut:
    """Say that the two are not one: they are not proposed again."""
    return ProposalOut.model_validate(await proposals.dismiss(session, proposal_id, given.why))


@router.get("/{customer_id}/duplicates", responses=problem_responses(404), dependencies=[written_down("duplicates")])
async def match_customer(customer_id: UUID, session: Read) -> MatchesOut:
    """Who may be the same as this customer, each with reasons."""
    return _told(await matching.duplicates_of(session, customer_id))


@router.post("/{customer_id}/merge", status_code=201, dependencies=[OVERSEES], responses=MERGED)
async def merge_customer(
    customer_id: UUID, given: MergeIn, session: Write, stated: Stated, answer: Response
) -> MergeOut:
    """Merge the customer into another, who stands for both from now on. It can be taken back."""
    async with stated.version(given.version) as version:
        await because(session, given.why)
        survivor = Side(given.into, given.into_version)
        made = await merging.merge(session, Side(customer_id, version), survivor, though_open=given.though_open)
        answer.headers["ETag"] = tag((await get_customer(session, customer_id)).customer.version)
        return MergeOut.model_validate(made)


@router.post("/{customer_id}/unmerge", dependencies=[OVERSEES], responses=MERGED)
async def unmerge_customer(
    customer_id: UUID, given: UnmergeIn, session: Write, stated: Stated, answer: Response
) -> MergeOut:
    """Take back the last merge of the customer: both are again what they were."""
    async with stated.version(given.version) as version:
        await because(session, given.why)
        undone = await merging.unmerge(session, Side(customer_id, version))
        answer.headers["ETag"] = tag((await get_customer(session, customer_id)).customer.version)
        return MergeOut.model_validate(undone)


@router.get("/{customer_id}/merges", responses=problem_responses(404), dependencies=[written_down("merges")])
async def list_merges(customer_id: UUID, session: Read, page: Paged) -> MergePage:
    """Merges that the customer was a side of, those that were taken back too, newest first."""
    await get_customer(session, customer_id)
    rows = await merging.merges_of(session, customer_id, page.limit + 1, page.after(UUID))
    items, after = page.cut(rows, key=lambda row: row.id)
    return MergePage(items=[MergeOut.model_validate(row) for row in items], next=after)


def _told(found: Matches) -> MatchesOut:
    matches = [
        MatchOut(
            customer=CustomerOut.of(match.customer),
            score=match.score,
            reasons=[ReasonOut.model_validate(reason) for reason in match.reasons],
        )
        for match in found.matches
    ]
    return MatchesOut(matches=matches, more=found.more)
