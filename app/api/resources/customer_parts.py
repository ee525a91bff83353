"""The parts of a customer's record: how they are reached, what they allow, whom they know, what they have, what was
written about them, and how it all changed."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from app.api.http.claiming import OF_KEY, BoundTo, Claims
from app.api.http.customer_reads import written_down
from app.api.http.deps import CurrentUser, Read, Using, Write
from app.api.http.gates import READS, SIGNED_IN
from app.api.http.paging import Paged
from app.api.http.preconditions import Stated, tag
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.common import PRINTABLE, SLUG
from app.api.schemas.customer_parts import (
    AddressesIn,
    ConsentIn,
    ConsentOut,
    ConsentPage,
    CustomerNoteChange,
    CustomerNoteIn,
    CustomerNoteOut,
    EmailsIn,
    ExternalIdsIn,
    HoldingIn,
    HoldingOut,
    TiesIn,
)
from app.api.schemas.customer_record import RecordOut, VersionOut, VersionPage
from app.api.schemas.customers import Version, Why
from app.audit.service import because
from app.auth.access_tokens import Principal
from app.core.clock import utc
from app.customers.models import Customer
from app.customers.record import holdings, parts, whole
from app.customers.record.changing import ensure_may_name
from app.customers.record.finding import get_customer

router = ResourceRouter(
    prefix="/customers/{customer_id}", tags=["customers"], dependencies=[SIGNED_IN], responses=problem_responses(404)
)

CLAIMED = problem_responses(403, 409, 412)
NOTE_CHANGED = problem_responses(403, 409, 412)
Reason = Annotated[Why | None, Query(description="why; kept with the versions of the customer")]
System = Annotated[str, Path(pattern=SLUG, description="the system that tells of it")]
OfSystem = Annotated[str, Path(min_length=1, max_length=100, pattern=PRINTABLE, description="its id there")]


@router.get("/record", dependencies=[written_down("record")])
async def get_record(customer_id: UUID, session: Read, using: Using, answer: Response) -> RecordOut:
    """Everything kept of the customer; of one that was merged, the record of who survives."""
    found = await whole.whole_record(session, customer_id, utc(using.clock()))
    answer.headers["ETag"] = tag(found.record.customer.version)
    return RecordOut.of(found)


@router.put("/emails", status_code=204, responses=CLAIMED)
async def replace_emails(
    customer_id: UUID, given: EmailsIn, session: Write, stated: Stated, claims: Claims, answer: Response
) -> None:
    """Replace all e-mail addresses."""
    async with stated.version(given.version) as version:
        await because(session, given.why)
        _tell(await parts.replace_emails(session, customer_id, version, given.given(), claims=claims), answer)


@router.put("/addresses", status_code=204, responses=CLAIMED)
async def replace_addresses(
    customer_id: UUID, given: AddressesIn, session: Write, stated: Stated, claims: Claims, answer: Response
) -> None:
    """Replace all postal addresses."""
    async with stated.version(given.version) as version:
        await because(session, given.why)
        _tell(await parts.replace_addresses(session, customer_id, version, given.given(), claims=claims), answer)


@router.put("/external-ids", status_code=204, responses=CLAIMED)
async def replace_external_ids(
    customer_id: UUID, given: ExternalIdsIn, session: Write, stated: Stated, bound: BoundTo, answer: Response
) -> None:
    """Replace all ids by which other systems know the customer. A key that is bound to sources changes those of these
    systems only."""
    async with stated.version(given.version) as version:
        await because(session, given.why)
        changed = await parts.replace_external_ids(session, customer_id, version, given.given(), claims=bound)
        _tell(changed, answer)


@router.put("/ties", status_code=204, responses=CLAIMED)
async def replace_ties(
    customer_id: UUID, given: TiesIn, session: Write, stated: Stated, claims: Claims, answer: Response
) -> None:
    """Replace all ties to others: household, family, companies."""
    async with stated.version(given.version) as version:
        await because(session, given.why)
        _tell(await parts.replace_ties(session, customer_id, version, given.given(), claims=claims), answer)


@router.get("/consents", dependencies=[written_down("consents")])
async def list_consents(customer_id: UUID, session: Read, page: Paged) -> ConsentPage:
    """What was ever said of channels, newest first; of each channel the newest counts."""
    rows = await whole.consent_history(session, customer_id, page.limit + 1, page.after(tuple[datetime, int]))
    items, after = page.cut(rows, key=lambda row: (row.at, row.id))
    return ConsentPage(items=[ConsentOut.model_validate(row) for row in items], next=after)


@router.post("/consents", status_code=204, responses=problem_responses(403, 409))
async def record_consent(
    customer_id: UUID, given: ConsentIn, session: Write, using: Using, bound: BoundTo, answer: Response
) -> None:
    """Record what the customer has said of a channel. An `origin` of the form that sources have is one: a key that is
    bound to sources names one of these."""
    ensure_may_name("body.origin", [given.system()], bound)
    await because(session, given.why)
    _tell(await parts.record_consent(session, customer_id, given.consent(), utc(using.clock())), answer)


@router.post("/notes", status_code=201, responses=problem_responses(409))
async def write_customer_note(
    customer_id: UUID, given: CustomerNoteIn, session: Write, user: CurrentUser, answer: Response
) -> CustomerNoteOut:
    """Write a note about the customer."""
    note = await parts.write_note(session, customer_id, given.note(), user.id)
    _tell((await get_customer(session, customer_id)).customer, answer)
    return CustomerNoteOut.model_validate(note)


@router.put("/notes/{note_id}", responses=NOTE_CHANGED)
async def change_customer_note(
    customer_id: UUID,
    note_id: UUID,
    given: CustomerNoteChange,
    session: Write,
    stated: Stated,
    user: CurrentUser,
    answer: Response,
    why: Reason = None,
) -> CustomerNoteOut:
    """Write a note anew, pin it, or take the pin out. The warning of another is for those who lead the floor."""
    async with stated.version(given.version) as version:
        await because(session, why)
        note = await parts.change_note(session, customer_id, note_id, version, given.note(), _writer(user))
        _tell((await get_customer(session, customer_id)).customer, answer)
        return CustomerNoteOut.model_validate(note)


@router.delete("/notes/{note_id}", status_code=204, responses=NOTE_CHANGED)
async def remove_customer_note(
    customer_id: UUID,
    note_id: UUID,
    session: Write,
    stated: Stated,
    user: CurrentUser,
    answer: Response,
    version: Annotated[Version | None, Query()] = None,
    why: Reason = None,
) -> None:
    """Take a note away. The warning of another is for those who lead the floor."""
    async with stated.version(version, "query.version") as read:
        await because(session, why)
        _tell(await parts.remove_note(session, customer_id, note_id, read, _writer(user)), answer)


@router.put("/holdings/{source}/{external_id}", dependencies=[READS, OF_KEY], responses=problem_responses(403, 409))
async def put_holding(
    customer_id: UUID, source: System, external_id: OfSystem, given: HoldingIn, session: Write
) -> HoldingOut:
    """Tell of something that the customer has at the bank, in the state in which it is now."""
    found = await holdings.put_holding(session, customer_id, source, external_id, given.holding())
    return HoldingOut.model_validate(found)


@router.delete(
    "/holdings/{source}/{external_id}",
    status_code=204,
    dependencies=[READS, OF_KEY],
    responses=problem_responses(403),
)
async def remove_holding(
    customer_id: UUID, source: System, external_id: OfSystem, session: Write, why: Reason = None
) -> None:
    """Take away a holding that should never have been there; one that has ended is closed instead."""
    await because(session, why)
    await holdings.remove_holding(session, customer_id, source, external_id)


@router.get("/versions", dependencies=[written_down("versions")])
async def list_versions(customer_id: UUID, session: Read, page: Paged) -> VersionPage:
    """Who changed what of this customer, when and why, the newest first."""
    made = (await get_customer(session, customer_id)).customer
    rows = await whole.versions_of(session, customer_id, page.limit + 1, page.after(tuple[int, int]))
    items, after = page.cut(rows, key=lambda row: (row.version, row.id))
    return VersionPage(
        items=[VersionOut.model_validate(row) for row in items],
        created_at=made.created_at,
        created_by=made.created_by,
        created_because=made.created_because,
        next=after,
    )


def _writer(user: Principal) -> parts.Writer:
    return parts.Writer(user.id, oversees=user.role in ("supervisor", "administrator"))


def _tell(customer: Customer, answer: Response) -> None:
    answer.headers["ETag"] = tag(customer.version)
