"""Field visits: booking them, who goes when, the steps of the day, and what came of each."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Query, Response

from app.api.http.customer_reads import Reading, read_of
from app.api.http.deps import Read, Using, Write
from app.api.http.gates import SIGNED_IN, require
from app.api.http.paging import Paged
from app.api.http.preconditions import RepeatKey, Stated, tag
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.common import PRINTABLE
from app.api.schemas.visits import (
    Status,
    VisitActIn,
    VisitEngineerIn,
    VisitEntryOut,
    VisitEntryPage,
    VisitIn,
    VisitNoteIn,
    VisitOut,
    VisitOutcomeIn,
    VisitPage,
    VisitReasonIn,
    VisitScheduleIn,
)
from app.auth.access_tokens import Principal
from app.core.clock import utc
from app.core.errors import Invalid
from app.core.wire import fault
from app.customers.agreements.clauses import zone_known
from app.desk.visits import queries, service
from app.desk.visits.life import LIVE
from app.desk.visits.service import By

router = ResourceRouter(prefix="/visits", tags=["visits"], dependencies=[SIGNED_IN])

Serves = Annotated[Principal, Depends(require("agent", "supervisor", "administrator"))]
Leads = Annotated[Principal, Depends(require("supervisor", "administrator"))]
ACTS = problem_responses(404, 409, 412)

Statuses = Annotated[
    list[Status] | None, Query(alias="status", description="in one of these; those not over if left out")
]
Engineer = Annotated[str | None, Query(max_length=200, pattern=PRINTABLE, description="an agent's; empty: nobody's")]
Of = Annotated[UUID | None, Query(description="of this customer and whoever was merged into them")]
For = Annotated[UUID | None, Query(description="for this case")]
Day = Annotated[
    date | None,
    Query(
        ge=date(1900, 1, 1),
        le=date(9000, 1, 1),
        description="some of the window lies on this day, by the clocks of `time_zone`",
    ),
]
DayZone = Annotated[str, Query(max_length=64, pattern=PRINTABLE, description="an IANA name, for `day`")]


class ZoneUnknown(Invalid):
    """A time zone that nobody knows."""

    code = "zone-unknown"

    def __init__(self) -> None:
        told = fault("query.time_zone", "is not a time zone", "an IANA name such as Asia/Shanghai or Europe/Berlin")
        super().__init__("There is no such time zone.", faults=[told])


@router.post("", status_code=201, responses=problem_responses(404, 409))
async def book_visit(
    given: VisitIn,
    session: Write,
    using: Using,
    user: Serves,
    answer: Response,
    reading: Annotated[Reading, read_of("visit")],
    key: RepeatKey = None,
) -> VisitOut:
    """Book a visit, with an appointment or asking for one."""
    by = By(user.id, utc(using.clock()))
    made, fresh = await service.book_once(session, given.customer_id, given.booking(), key, by)
    if not fresh:
        reading.of(made.visit.customer_id)
    return _told(made, answer)


@router.get("", responses=problem_responses(404))
async def list_visits(
    session: Read,
    page: Paged,
    reading: Annotated[Reading, read_of("visits")],
    status: Statuses = None,
    engineer: Engineer = None,
    customer_id: Of = None,
    case_id: For = None,
    day: Day = None,
    time_zone: DayZone = "UTC",
) -> VisitPage:
    """Visits that fit all that is asked for, by their beginning; those without an appointment last."""
    reading.of(customer_id)
    since, until = _bounds(day, time_zone)
    wanted = queries.Wanted(
        statuses=status or LIVE, engineer=engineer, customer_id=customer_id, case_id=case_id, since=since, until=until
    )
    rows = await queries.find(session, wanted, page.limit + 1, page.after(tuple[datetime, UUID]))
    items, after = page.cut(rows, key=lambda row: (row.visit.listed_at, row.visit.id))
    if case_id is not None:  # who names one case reads of its customer
        reading.of_each(row.visit.customer_id for row in items)
    return VisitPage(items=[VisitOut.of(row) for row in items], next=after)


@router.get("/{visit_id}", responses=problem_responses(404))
async def get_visit(
    visit_id: UUID, session: Read, reading: Annotated[Reading, read_of("visit")], answer: Response
) -> VisitOut:
    """One visit."""
    found = await queries.visit(session, visit_id)
    reading.of(found.visit.customer_id)
    return _told(found, answer)


@router.get("/{visit_id}/entries", responses=problem_responses(404))
async def list_visit_entries(
    visit_id: UUID, session: Read, page: Paged, reading: Annotated[Reading, read_of("visit")]
) -> VisitEntryPage:
    """What happened to the visit, oldest first: who, when, what, and how it stood then."""
    reading.of((await queries.visit(session, visit_id)).visit.customer_id)
    rows = await queries.entries(session, visit_id, page.limit + 1, page.after(int))
    items, after = page.cut(rows, key=lambda row: row.id)
    return VisitEntryPage(items=[VisitEntryOut.of(row) for row in items], next=after)


@router.post("/{visit_id}/schedule", responses=ACTS)
async def schedule_visit(
    visit_id: UUID, given: VisitScheduleIn, session: Write, using: Using, user: Serves, stated: Stated, answer: Response
) -> VisitOut:
    """Give it an appointment, or another one. Whoever had been sent is not sent any more, and stays assigned."""
    async with stated.version(given.version) as version:
        by = By(user.id, utc(using.clock()), version)
        return _told(await service.schedule(session, visit_id, given.window.window(), by, given.note), answer)


@router.post("/{visit_id}/assign", responses=ACTS)
async def assign_visit(
    visit_id: UUID, given: VisitEngineerIn, session: Write, using: Using, user: Leads, stated: Stated, answer: Response
) -> VisitOut:
    """Say who goes. Nobody has two visits at once."""
    async with stated.version(given.version) as version:
        by = By(user.id, utc(using.clock()), version)
        return _told(await service.assign(session, visit_id, given.engineer, by, given.note), answer)


@router.post("/{visit_id}/dispatch", responses=ACTS)
async def dispatch_visit(
    visit_id: UUID, given: VisitActIn, session: Write, using: Using, user: Serves, stated: Stated, answer: Response
) -> VisitOut:
    """The engineer is sent."""
    return await _step("dispatch", visit_id, given, session, using, user, stated, answer)


@router.post("/{visit_id}/set-out", responses=ACTS)
async def set_out_for_visit(
    visit_id: UUID, given: VisitActIn, session: Write, using: Using, user: Serves, stated: Stated, answer: Response
) -> VisitOut:
    """The engineer is on the way."""
    return await _step("set_out", visit_id, given, session, using, user, stated, answer)


@router.post("/{visit_id}/arrive", responses=ACTS)
async def arrive_at_visit(
    visit_id: UUID, given: VisitActIn, session: Write, using: Using, user: Serves, stated: Stated, answer: Response
) -> VisitOut:
    """The engineer is there."""
    return await _step("arrive", visit_id, given, session, using, user, stated, answer)


@router.post("/{visit_id}/complete", responses=ACTS)
async def complete_visit(
    visit_id: UUID, given: VisitOutcomeIn, session: Write, using: Using, user: Serves, stated: Stated, answer: Response
) -> VisitOut:
    """It has taken place: what was done. Agreements that include visits count it in the same transaction."""
    async with stated.version(given.version) as version:
        by = By(user.id, utc(using.clock()), version)
        return _told(await service.complete(session, visit_id, given.outcome, by), answer)


@router.post("/{visit_id}/no-access", responses=ACTS)
async def end_visit_without_access(
    visit_id: UUID, given: VisitActIn, session: Write, using: Using, user: Serves, stated: Stated, answer: Response
) -> VisitOut:
    """Nobody was there. A new appointment goes on with the same visit."""
    async with stated.version(given.version) as version:
        by = By(user.id, utc(using.clock()), version)
        return _told(await service.give_up(session, visit_id, "no_access", by, given.note), answer)


@router.post("/{visit_id}/cancel", responses=ACTS)
async def cancel_visit(
    visit_id: UUID, given: VisitReasonIn, session: Write, using: Using, user: Serves, stated: Stated, answer: Response
) -> VisitOut:
    """It does not take place, and why."""
    async with stated.version(given.version) as version:
        by = By(user.id, utc(using.clock()), version)
        return _told(await service.give_up(session, visit_id, "cancel", by, given.reason), answer)


@router.post("/{visit_id}/notes", responses=problem_responses(404))
async def write_visit_note(
    visit_id: UUID, given: VisitNoteIn, session: Write, using: Using, user: Serves, answer: Response
) -> VisitOut:
    """Write something down about it, whatever its status."""
    return _told(await service.write_note(session, visit_id, given.note, By(user.id, utc(using.clock()))), answer)


async def _step(
    act: str,
    visit_id: UUID,
    given: VisitActIn,
    session: Write,
    using: Using,
    user: Principal,
    stated: Stated,
    answer: Response,
) -> VisitOut:
    async with stated.version(given.version) as version:
        by = By(user.id, utc(using.clock()), version)
        return _told(await service.step(session, visit_id, act, by, given.note), answer)


def _told(found: queries.Listed, answer: Response) -> VisitOut:
    answer.headers["ETag"] = tag(found.visit.version)
    return VisitOut.of(found)


def _bounds(day: date | None, zone: str) -> tuple[datetime | None, datetime | None]:
    """The beginning of a day, and of the next one, by the clocks of a time zone."""
    if not zone_known(zone):
        raise ZoneUnknown
    if day is None:
        return None, None
    begins = [datetime(each.year, each.month, each.day, tzinfo=ZoneInfo(zone)) for each in (day, day + timedelta(1))]
    return begins[0].astimezone(UTC), begins[1].astimezone(UTC)
