"""Reports, for those who lead the floor."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Response

from app.api.deps import OVERSEES, SURVEYS, Read
from app.api.problems import problem_responses
from app.api.schemas.reports import QueueReportOut
from app.reports.intervals import Interval, Period, time_zone
from app.reports.service import queue_report
from app.reports.table import as_csv

router = APIRouter(prefix="/reports", tags=["reports"], dependencies=[OVERSEES])

WITHOUT_OFFSET = "without an offset it is a moment by the clocks of `time_zone`"
From = Annotated[datetime, Query(alias="from", description=f"first moment; {WITHOUT_OFFSET}")]
To = Annotated[datetime, Query(description=f"first moment that no longer belongs to the period; {WITHOUT_OFFSET}")]
Width = Annotated[Interval, Query(description="days run from midnight to midnight of `time_zone`")]
Queues = Annotated[list[str] | None, Query(alias="queue", max_length=200, description="only these; may be repeated")]
Zone = Annotated[str, Query(max_length=64, description="an IANA name, such as Asia/Shanghai")]
Target = Annotated[float | None, Query(ge=0, le=86_400, description="in place of each queue's own target")]
Form = Annotated[Literal["json", "csv"], Query(description="csv: a row for each queue and interval, for spreadsheets")]
Short = Annotated[float | None, Query(ge=0, le=86_400, description="in place of each queue's own threshold")]


TOLD: dict[int | str, dict[str, Any]] = {
    200: {"model": QueueReportOut, "content": {"text/csv": {"schema": {"type": "string"}}}},
    **problem_responses(404),
}


@router.get("/queues", response_class=Response, responses=TOLD, dependencies=[SURVEYS])
async def report_queues(
    session: Read,
    since: From,
    to: To,
    interval: Width = Interval.HOUR,
    queue: Queues = None,
    zone: Annotated[Zone, Query(alias="time_zone")] = "UTC",
    service_level_seconds: Target = None,
    short_abandon_seconds: Short = None,
    form: Annotated[Form, Query(alias="format")] = "json",
) -> Response:
    """What happened in the queues, by interval: counts, and every service level by its name.

    Two reports are made at a time, some more wait; what takes longer than a minute is refused."""
    period = Period(since, to, interval, time_zone(zone))
    told = await queue_report(session, period, queues=queue, target=service_level_seconds, short=short_abandon_seconds)
    if form == "csv":
        named = f"queues-{told.start.astimezone(period.zone):%Y-%m-%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{named}"'}
        return Response(as_csv(told), headers=headers, media_type="text/csv; charset=utf-8")
    return Response(msgspec.json.encode(told), media_type="application/json")
