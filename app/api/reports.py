"""Reports, for those who lead the floor."""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from app.api.deps import OVERSEES, SURVEYS, Read, Using
from app.api.problems import problem_responses
from app.api.schemas.common import Slug
from app.api.schemas.reports import AgentReportOut, QueueReportOut
from app.core.clock import utc
from app.reports import agent_service, service
from app.reports.agent_service import agent_report
from app.reports.agent_table import agents_as_csv
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
Form = Annotated[
    Literal["json", "csv"], Query(description="csv: a row for each queue, or agent, and interval, for spreadsheets")
]
Agents = Annotated[list[Slug] | None, Query(alias="agent", max_length=5000, description="only these; may be repeated")]
Teams = Annotated[
    list[Slug] | None,
    Query(alias="team", max_length=200, description="only who is in one of these now; may be repeated"),
]
Short = Annotated[float | None, Query(ge=0, le=86_400, description="in place of each queue's own threshold")]


def _told(model: type[QueueReportOut | AgentReportOut]) -> dict[int | str, dict[str, Any]]:
    as_csv = {"content": {"text/csv": {"schema": {"type": "string"}}}}
    return {200: {"model": model, **as_csv}, **problem_responses(404)}


@router.get("/queues", response_class=Response, responses=_told(QueueReportOut), dependencies=[SURVEYS])
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
        return _table("queues", period, await asyncio.to_thread(as_csv, told))
    return _json(await asyncio.to_thread(service.encoded, told))


@router.get("/agents", response_class=Response, responses=_told(AgentReportOut), dependencies=[SURVEYS])
async def report_agents(
    session: Read,
    using: Using,
    since: From,
    to: To,
    interval: Width = Interval.DAY,
    agent: Agents = None,
    team: Teams = None,
    zone: Annotated[Zone, Query(alias="time_zone")] = "UTC",
    form: Annotated[Form, Query(alias="format")] = "json",
) -> Response:
    """What agents did, by interval: offers and what became of them, contacts handled, time in each state, and the rates
    that are read off these by their names.

    Two reports are made at a time, some more wait; what takes longer than a minute is refused, and so is a period of
    which retention has let something go."""
    period = Period(since, to, interval, time_zone(zone))
    told = await agent_report(session, period, utc(using.clock()), agents=agent, teams=team)
    if form == "csv":
        return _table("agents", period, await asyncio.to_thread(agents_as_csv, told))
    return _json(await asyncio.to_thread(agent_service.encoded, told))


def _table(what: str, period: Period, text: str) -> Response:
    named = f"{what}-{period.start.astimezone(period.zone):%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{named}"'}
    return Response(text, headers=headers, media_type="text/csv; charset=utf-8")


def _json(told: bytes) -> Response:
    return Response(told, media_type="application/json")
