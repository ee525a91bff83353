"""Agreements of customers, what each contact was entitled to, and what is due."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.api.http.customer_reads import Reading, read_of, written_down
from app.api.http.deps import CurrentUser, Read, Using, Write
from app.api.http.gates import READS, SIGNED_IN, require
from app.api.http.paging import Paged
from app.api.http.preconditions import Stated, tag
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.agreements import (
    AgreementIn,
    AgreementOut,
    AgreementsOut,
    AllowanceUseIn,
    AllowanceUseOut,
    DoneIn,
    DueKind,
    DueOut,
    DuePage,
    InteractionEntitlementOut,
)
from app.api.schemas.common import Name
from app.api.schemas.customers import Moment, Why
from app.audit.service import because
from app.core.clock import utc
from app.customers.agreements import queries, service
from app.interactions.queries import find_interaction

router = ResourceRouter(tags=["agreements"], dependencies=[SIGNED_IN], responses=problem_responses(404))

CHANGED = problem_responses(409, 412)
AGREEMENTS = "/customers/{customer_id}/agreements"
Reason = Annotated[Why | None, Query(description="why; kept with the versions of the customer")]
DOES = Depends(require("agent", "supervisor", "administrator"))


@router.get(AGREEMENTS, dependencies=[written_down("agreements")])
async def list_agreements(customer_id: UUID, session: Read) -> AgreementsOut:
    """All agreements of the customer, and of those merged into them."""
    rows = await queries.agreements_of(session, customer_id)
    return AgreementsOut(items=[AgreementOut.model_validate(row) for row in rows])


@router.post(AGREEMENTS, status_code=201, dependencies=[READS], responses=CHANGED)
async def make_agreement(
    customer_id: UUID, given: AgreementIn, session: Write, stated: Stated, answer: Response
) -> AgreementOut:
    """Add an agreement. It counts for contacts that are recorded from now on."""
    async with stated.version(given.version) as version:
        await because(session, given.why)
        customer, made = await service.make_agreement(session, customer_id, version, given.agreement())
    answer.headers["ETag"] = tag(customer.version)
    return AgreementOut.model_validate(made)


@router.get(AGREEMENTS + "/{agreement_id}", dependencies=[written_down("agreement")])
async def get_agreement(customer_id: UUID, agreement_id: UUID, session: Read) -> AgreementOut:
    """One agreement of the customer."""
    return AgreementOut.model_validate(await service.agreement_of(session, customer_id, agreement_id))


@router.put(AGREEMENTS + "/{agreement_id}", dependencies=[READS], responses=CHANGED)
async def change_agreement(
    customer_id: UUID, agreement_id: UUID, given: AgreementIn, session: Write, stated: Stated, answer: Response
) -> AgreementOut:
    """Write an agreement anew. What was decided by it stays as it was."""
    async with stated.version(given.version) as version:
        await because(session, given.why)
        customer, changed = await service.change_agreement(
            session, customer_id, version, agreement_id, given.agreement()
        )
    answer.headers["ETag"] = tag(customer.version)
    return AgreementOut.model_validate(changed)


@router.delete(AGREEMENTS + "/{agreement_id}", status_code=204, dependencies=[READS], responses=CHANGED)
async def remove_agreement(
    customer_id: UUID, agreement_id: UUID, session: Write, stated: Stated, answer: Response, why: Reason = None
) -> None:
    """Take away an agreement that should never have been there; one that contacts were judged by is ended instead."""
    async with stated.version(None) as version:
        await because(session, why)
        customer = await service.remove_agreement(session, customer_id, version, agreement_id)
    answer.headers["ETag"] = tag(customer.version)


@router.post(AGREEMENTS + "/{agreement_id}/uses")
async def record_use(
    customer_id: UUID, agreement_id: UUID, given: AllowanceUseIn, session: Write, using: Using
) -> AllowanceUseOut:
    """Count a use of an allowance that is not counted by itself: a visit, a waived fee."""
    now = utc(using.clock())
    use = await service.record_use(
        session, customer_id, agreement_id, given.clause, given.reference, given.at or now, now
    )
    return AllowanceUseOut(number=use.number, count=use.count, period=use.period, within=use.number <= use.count)


@router.get("/interactions/{interaction_id}/entitlement")
async def get_entitlement(
    interaction_id: UUID, session: Read, reading: Annotated[Reading, read_of("entitlement")]
) -> InteractionEntitlementOut:
    """What was decided of a contact when it was recorded, and what was added for it, each with its clause."""
    contact = await find_interaction(session, interaction_id)
    reading.of(contact.customer_id)
    return InteractionEntitlementOut.of(await queries.decided_of(session, contact.id, contact.started_at))


@router.get("/dues")
async def list_dues(
    session: Read,
    page: Paged,
    reading: Annotated[Reading, read_of("dues")],
    done: Annotated[bool | None, Query(description="what is done, what is not, or both if left out")] = None,
    kind: DueKind | None = None,
    owner: Annotated[Name | None, Query(description="whom it is for, such as a named manager")] = None,
    customer_id: UUID | None = None,
    due_before: Moment | None = None,
) -> DuePage:
    """What agreements require to be done, and who did it, the most urgent first."""
    reading.of(customer_id)
    wanted = queries.WantedDues(done=done, kind=kind, owner=owner, customer_id=customer_id, due_before=due_before)
    rows = await queries.dues(session, wanted, page.limit + 1, page.after(tuple[datetime, UUID]))
    items, after = page.cut(rows, key=lambda row: (row.due_at, row.id))
    return DuePage(items=[DueOut.model_validate(row) for row in items], next=after)


@router.post("/dues/{due_id}/done", dependencies=[DOES], responses=problem_responses(409))
async def finish_due(due_id: UUID, given: DoneIn, session: Write, using: Using, user: CurrentUser) -> DueOut:
    """Say that it has been done; who says so is kept."""
    done = await service.finish_due(session, due_id, user.id, given.note, utc(using.clock()))
    return DueOut.model_validate(done)
