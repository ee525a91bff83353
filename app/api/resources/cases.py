"""Cases: the work list, and what is done about each."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.api.http.customer_reads import Reading, read_of
from app.api.http.deps import Read, Using, Write
from app.api.http.gates import SIGNED_IN, require
from app.api.http.paging import Paged
from app.api.http.preconditions import RepeatKey, Stated, tag
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.cases import (
    CaseActIn,
    CaseChangeIn,
    CaseContactIn,
    CaseDetailOut,
    CaseEntryOut,
    CaseEntryPage,
    CaseIn,
    CaseNoteIn,
    CaseOut,
    CaseOwnerIn,
    CasePage,
    CaseSolvedIn,
    Priority,
    Status,
)
from app.api.schemas.common import PRINTABLE
from app.auth.access_tokens import Principal
from app.core.clock import utc
from app.db.engine import ReadSession, WriteSession
from app.desk.cases import queries, working
from app.desk.cases.life import LIVE
from app.desk.cases.opening import open_once
from app.history.errors import NoWords
from app.history.source import long_words
from app.history.words import words_of

router = ResourceRouter(prefix="/cases", tags=["cases"], dependencies=[SIGNED_IN])

Serves = Annotated[Principal, Depends(require("agent", "supervisor", "administrator"))]
Leads = Annotated[Principal, Depends(require("supervisor", "administrator"))]
OPENS = problem_responses(404, 409)
ADDS = problem_responses(404, 409)
ACTS = problem_responses(404, 409, 412)

Statuses = Annotated[list[Status] | None, Query(description="in one of these; those not solved or closed if left out")]
Priorities = Annotated[list[Priority] | None, Query(description="of one of these priorities")]
Owner = Annotated[str | None, Query(max_length=200, pattern=PRINTABLE, description="a login's; empty: nobody's")]
Team = Annotated[str | None, Query(max_length=64, pattern=PRINTABLE, description="a team's; empty: no team's")]
Of = Annotated[UUID | None, Query(description="of this customer and whoever was merged into them")]
About = Annotated[UUID | None, Query(description="those that this contact is about")]
Number = Annotated[str | None, Query(max_length=40, pattern=PRINTABLE, description="the number, such as C-2026-000123")]
Category = Annotated[str | None, Query(max_length=100, pattern=PRINTABLE, description="of this category")]
Overdue = Annotated[bool, Query(description="only those that are late")]
WORDS = "words of its texts and notes: Chinese anywhere, of other scripts the beginnings of words; all in one entry"
Words = Annotated[str | None, Query(max_length=200, pattern=PRINTABLE, description=WORDS)]


@router.get("", responses=problem_responses(404))
async def list_cases(
    session: Read,
    using: Using,
    page: Paged,
    reading: Annotated[Reading, read_of("cases")],
    status: Statuses = None,
    priority: Priorities = None,
    owner: Owner = None,
    team: Team = None,
    customer_id: Of = None,
    contact_id: About = None,
    number: Number = None,
    category: Category = None,
    overdue: Overdue = False,
    q: Words = None,
) -> CasePage:
    """Cases that fit all that is asked for, those due first in front, those never due at the end."""
    if q is not None and not words_of(q):
        raise NoWords
    reading.of(customer_id)
    now = utc(using.clock())
    wanted = queries.Wanted(
        statuses=status or LIVE,
        priorities=priority or (),
        owner=owner,
        team=team,
        customer_id=customer_id,
        contact_id=contact_id,
        number=number,
        category=category,
        overdue_at=now if overdue else None,
        q=q,
        exact=long_words(q),
    )
    rows = await queries.find(session, wanted, page.limit + 1, page.after(tuple[datetime | None, UUID]))
    items, after = page.cut(rows, key=lambda row: (row.case.due_at, row.case.id))
    if (number, contact_id, q) != (None, None, None):  # who names a case, a contact or words reads of whom these are
        reading.of_each(row.case.customer_id for row in items)
    return CasePage(items=[CaseOut.of(row, now) for row in items], next=after)


@router.post("", status_code=201, responses=OPENS)
async def open_a_case(
    given: CaseIn,
    session: Write,
    using: Using,
    answer: Response,
    user: Serves,
    reading: Annotated[Reading, read_of("case")],
    key: RepeatKey = None,
) -> CaseDetailOut:
    """Open a case for a customer. It belongs to whom it is opened for, whoever stands for them."""
    now = utc(using.clock())
    made, fresh = await open_once(session, given.given(), key, user.id, now)
    if not fresh:
        reading.of(made.customer_id)
    return await _told(session, made.id, now, answer)


@router.get("/{case_id}", responses=problem_responses(404))
async def get_case(
    case_id: UUID, session: Read, using: Using, answer: Response, reading: Annotated[Reading, read_of("case")]
) -> CaseDetailOut:
    """One case, with its contacts and what follows it."""
    reading.of((await queries.case(session, case_id)).case.customer_id)
    return await _told(session, case_id, utc(using.clock()), answer)


@router.get("/{case_id}/entries", responses=problem_responses(404))
async def list_case_entries(
    case_id: UUID, session: Read, page: Paged, reading: Annotated[Reading, read_of("case")]
) -> CaseEntryPage:
    """What happened to the case, oldest first: who, when, what, and how it stood then."""
    reading.of((await queries.case(session, case_id)).case.customer_id)
    rows = await queries.entries(session, case_id, page.limit + 1, page.after(int))
    items, after = page.cut(rows, key=lambda row: row.id)
    return CaseEntryPage(items=[CaseEntryOut.of(row) for row in items], next=after)


@router.patch("/{case_id}", responses=ACTS)
async def change_case(
    case_id: UUID,
    given: CaseChangeIn,
    session: Write,
    using: Using,
    stated: Stated,
    answer: Response,
    user: Serves,
    reading: Annotated[Reading, read_of("case")],
) -> CaseDetailOut:
    """Write fields anew; what is left out stays."""
    now = utc(using.clock())
    async with stated.version(given.version) as version:
        changed = await working.change(session, case_id, version, given.values(), user.id, now, note=given.note)
    reading.of(changed.customer_id)  # what changes nothing leaves no entry, and tells the whole case all the same
    return await _told(session, case_id, now, answer)


@router.post("/{case_id}/notes", status_code=201, responses=ADDS)
async def note_on_case(case_id: UUID, given: CaseNoteIn, session: Write, using: Using, user: Serves) -> CaseEntryOut:
    """Add a note."""
    return CaseEntryOut.of(await working.write_note(session, case_id, given.text, user.id, utc(using.clock())))


@router.post("/{case_id}/contacts", responses=ADDS)
async def link_contact(
    case_id: UUID, given: CaseContactIn, session: Write, using: Using, answer: Response, user: Serves
) -> CaseDetailOut:
    """Say that a contact is about the case: one of the customer, or of nobody known."""
    now = utc(using.clock())
    await working.link_contact(session, case_id, given.contact_id, user.id, now)
    return await _told(session, case_id, now, answer)


@router.post("/{case_id}/assign", responses=ACTS)
async def assign_case(
    case_id: UUID,
    given: CaseOwnerIn,
    session: Write,
    using: Using,
    stated: Stated,
    answer: Response,
    user: Leads,
) -> CaseDetailOut:
    """Say whose it is."""
    now = utc(using.clock())
    async with stated.version(given.version) as version:
        await working.assign(
            session, case_id, version, user.id, now, owner=given.owner, team=given.team, note=given.note
        )
    return await _told(session, case_id, now, answer)


@router.post("/{case_id}/solve", responses=ACTS)
async def solve_case(
    case_id: UUID,
    given: CaseSolvedIn,
    session: Write,
    using: Using,
    stated: Stated,
    answer: Response,
    user: Serves,
) -> CaseDetailOut:
    """What the customer wanted is done, or cannot be: say which."""
    now = utc(using.clock())
    async with stated.version(given.version) as version:
        await working.solve(session, case_id, version, given.resolution, user.id, now)
    return await _told(session, case_id, now, answer)


@router.post("/{case_id}/close", responses=ACTS)
async def close_case(
    case_id: UUID,
    given: CaseActIn,
    session: Write,
    using: Using,
    stated: Stated,
    answer: Response,
    user: Serves,
) -> CaseDetailOut:
    """Close a solved case for good; the alert that opened it is done with it."""
    now = utc(using.clock())
    async with stated.version(given.version) as version:
        await working.close(session, case_id, version, user.id, now, note=given.note)
    return await _told(session, case_id, now, answer)


def _act_of(name: str, what: str) -> None:
    async def act(
        case_id: UUID,
        given: CaseActIn,
        session: Write,
        using: Using,
        stated: Stated,
        answer: Response,
        user: Serves,
    ) -> CaseDetailOut:
        now = utc(using.clock())
        async with stated.version(given.version) as version:
            await working.act(session, case_id, version, name, user.id, now, note=given.note)
        return await _told(session, case_id, now, answer)

    act.__name__ = f"{name}_case"
    router.post(f"/{{case_id}}/{name}", responses=ACTS, description=what)(act)


_act_of("take", "It is yours from now on.")
_act_of("work", "Go on with it: it is open, and yours if it was nobody's.")
_act_of("wait", "It waits for the customer.")
_act_of("hold", "It waits for others.")
_act_of("reopen", "It is not solved after all.")


async def _told(session: ReadSession | WriteSession, case_id: UUID, now: datetime, answer: Response) -> CaseDetailOut:
    found = await queries.whole_case(session, case_id)
    answer.headers["ETag"] = tag(found.listed.case.version)
    return CaseDetailOut.whole(found, now)
