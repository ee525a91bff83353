"""Business hours as records, and what they come to."""

from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query

from app.api.http.deps import Read, Using, Write
from app.api.http.gates import ADMINISTRATES, SIGNED_IN
from app.api.http.paging import Paged
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.common import WrittenOut
from app.api.schemas.hours import DayOut, HoursIn, HoursOut, HoursPage, HoursPatch, HoursRules, PreviewOut
from app.core.errors import Invalid
from app.core.wire import fault
from app.ivr.records.removals import delete_hours as remove_hours
from app.routing.hours.calendar import Hours
from app.routing.hours.form import YEARS, hours_of
from app.routing.records import hours as records

router = ResourceRouter(prefix="/hours", tags=["hours"])

From = Annotated[
    date | None, WrittenOut, Query(alias="from", description="the first date; today in the time zone of the hours")
]
Days = Annotated[int, Query(ge=1, le=366, description="how many days are told")]


@router.get("", dependencies=[SIGNED_IN])
async def list_hours(session: Read, page: Paged) -> HoursPage:
    """All business hours."""
    rows = await records.all_hours(session, page.limit + 1, page.after(str))
    items, after = page.cut(rows, key=lambda row: row.id)
    return HoursPage(items=[HoursOut.model_validate(row) for row in items], next=after)


@router.post("/preview", dependencies=[ADMINISTRATES])
async def preview_hours(given: HoursRules, using: Using, since: From = None, days: Days = 14) -> PreviewOut:
    """What hours that are not saved would come to, day by day."""
    return _preview(hours_of(given.model_dump()), since, days, using.clock())


@router.get("/{hours_id}", dependencies=[SIGNED_IN], responses=problem_responses(404))
async def get_hours(hours_id: str, session: Read) -> HoursOut:
    """Business hours by their id."""
    return HoursOut.model_validate(await records.hours(session, hours_id))


@router.get("/{hours_id}/preview", dependencies=[SIGNED_IN], responses=problem_responses(404))
async def preview_saved_hours(
    hours_id: str, session: Read, using: Using, since: From = None, days: Days = 14
) -> PreviewOut:
    """What hours come to, day by day: when it is open, the holidays, the weekends that are worked."""
    found = records.value_of(await records.hours(session, hours_id))
    return _preview(found, since, days, using.clock())


@router.post("", status_code=201, dependencies=[ADMINISTRATES], responses=problem_responses(409))
async def create_hours(given: HoursIn, session: Write) -> HoursOut:
    """New business hours."""
    return HoursOut.model_validate(await records.create_hours(session, **given.model_dump()))


@router.patch("/{hours_id}", dependencies=[ADMINISTRATES], responses=problem_responses(404))
async def change_hours(hours_id: str, given: HoursPatch, session: Write) -> HoursOut:
    """Change business hours; the queues that keep them follow at once."""
    # not `exclude_unset`: within a week or an exception that is sent, what is left out means closed
    return HoursOut.model_validate(await records.change_hours(session, hours_id, given.model_dump()))


@router.delete("/{hours_id}", status_code=204, dependencies=[ADMINISTRATES], responses=problem_responses(404, 409))
async def delete_hours(hours_id: str, session: Write) -> None:
    """Remove business hours that no queue keeps and no published flow asks for."""
    await remove_hours(session, hours_id)


def _preview(hours: Hours, since: date | None, days: int, now: float) -> PreviewOut:
    first = since or datetime.fromtimestamp(now, ZoneInfo(hours.time_zone)).date()
    if first.year not in YEARS:
        accepted = f"a date in the years {YEARS[0]} to {YEARS[-1]}"
        raise Invalid("The date is out of range.", faults=[fault("query.from", "is out of range", accepted)])
    told = [DayOut.of(hours, first + timedelta(days=number)) for number in range(days)]
    return PreviewOut(time_zone=hours.time_zone, days=told)
