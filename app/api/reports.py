"""Reports, for those who lead the floor."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response

from app.api.deps import OVERSEES, Read
from app.api.problems import problem_responses
from app.api.schemas.reports import QueueReportOut
from app.reports.intervals import Interval, Period, time_zone
from app.reports.service import queue_report

router = APIRouter(prefix="/reports", tags=["reports"], dependencies=[OVERSEES])

WITHOUT_OFFSET = "without an offset it is a moment by the clocks of `time_zone`"
From = Annotated[datetime, Query(alias="from", description=f"first moment; {WITHOUT_OFFSET}")]
To = Annotated[datetime, Query(description=f"first moment that no longer belongs to the period; {WITHOUT_OFFSET}")]
Width = Annotated[Interval, Query(description="days run from midnight to midnight of `time_zone`")]
Queues = Annotated[list[str] | None, Query(alias="queue", max_length=200, description="only these; may be repeated")]
Zone = Annotated[str, Query(max_length=64, description="an IANA name, such as Asia/Shanghai")]
Target = Annotated[float | None, Query(ge=0, le=86_400, description="in place of each queue's own target")]
Short = Annotated[float | None, Query(ge=0, le=86_400, description="in place of each queue's own threshold")]


@router.get("/queues", response_class=Response, responses={200: {"model": QueueReportOut}, **problem_responses(404)})
async def report_queues(
    session: Read,
    since: From,
    to: To,
    interval: Width = Interval.HOUR,
    queue: Queues = None,
    zone: Annotated[Zone, Query(alias="time_zone")] = "UTC",
    service_level_seconds: Target = None,
    short_abandon_seconds: Short = None,
) -> Response:
    """What happened in the queues, by interval: counts, and every service level by its name."""
    period = Period(since, to, interval, time_zone(zone))
    told = await queue_report(session, period, queues=queue, target=service_level_seconds, short=short_abandon_seconds)
    return Response(msgspec.json.encode(told), media_type="application/json")
