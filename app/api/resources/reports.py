"""Reports, for those who lead the floor."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from fastapi import Query, Request, Response

from app.api.http.deps import SURVEYS, Read, Using
from app.api.http.gates import OVERSEES
from app.api.http.paging import Cursor, Window, cursor_of
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.common import Slug, WrittenOut
from app.api.schemas.reports import AgentReportOut, QueueReportOut
from app.core.clock import utc
from app.reports.agent_service import Page, agent_report, most_agents
from app.reports.agent_table import agents_as_csv
from app.reports.intervals import Interval, Period, time_zone
from app.reports.service import MOST_AT_ONCE, queue_report
from app.reports.table import as_csv
from app.reports.written import encoded

Report = TypeVar("Report")
Written = TypeVar("Written")

router = ResourceRouter(prefix="/reports", tags=["reports"], dependencies=[OVERSEES])

WITHOUT_OFFSET = "without an offset it is a moment by the clocks of `time_zone`"
From = Annotated[datetime, WrittenOut, Query(alias="from", description=f"first moment; {WITHOUT_OFFSET}")]
LATER = f"first moment that no longer belongs to the period; {WITHOUT_OFFSET}"
To = Annotated[datetime, WrittenOut, Query(description=LATER)]
Width = Annotated[Interval, Query(description="days run from midnight to midnight of `time_zone`")]
Queues = Annotated[list[str] | None, Query(alias="queue", max_length=200, description="only these; may be repeated")]
Zone = Annotated[str, Query(max_length=64, description="an IANA name, such as Asia/Shanghai")]
Target = Annotated[float | None, Query(ge=0, le=86_400, description="in place of each queue's own target")]
Form = Annotated[
    Literal["json", "csv"], Query(description="csv: a row for each queue, or agent, and interval, for spreadsheets")
]
Agents = Annotated[
    list[Slug] | None, Query(alias="agent", max_length=MOST_AT_ONCE, description="only these; may be repeated")
]
Limit = Annotated[int | None, Query(ge=1, le=MOST_AT_ONCE, description="so many agents; the others are on pages")]
LINK = {"Link": {"description": "where the next page is, relative to this one", "schema": {"type": "string"}}}
Teams = Annotated[
    list[Slug] | None,
    Query(alias="team", max_length=200, description="only who is in one of these now; may be repeated"),
]
Short = Annotated[float | None, Query(ge=0, le=86_400, description="in place of each queue's own threshold")]


def _told(model: type[QueueReportOut | AgentReportOut], **more: Any) -> dict[int | str, dict[str, Any]]:
    as_csv = {"content": {"text/csv": {"schema": {"type": "string"}}}}
    return {200: {"model": model, **as_csv, **more}, **problem_responses(404)}


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
        return _table("queues", period, await _beside(as_csv, told, told.queues))
    return _json(await _beside(partial(encoded, parts="queues"), told, told.queues))


@router.get("/agents", response_class=Response, responses=_told(AgentReportOut, headers=LINK), dependencies=[SURVEYS])
async def report_agents(
    request: Request,
    session: Read,
    using: Using,
    since: From,
    to: To,
    interval: Width = Interval.DAY,
    agent: Agents = None,
    team: Teams = None,
    zone: Annotated[Zone, Query(alias="time_zone")] = "UTC",
    form: Annotated[Form, Query(alias="format")] = "json",
    limit: Limit = None,
    cursor: Cursor = None,
) -> Response:
    """What agents did, by interval: offers and what became of them, contacts handled, time in each state, and the rates
    that are read off these by their names.

    Of too many for one answer a page of `limit` agents is told, by id; `next`, or in CSV the link in the header `Link`,
    leads to the next one. Two reports are made at a time, some more wait; what takes longer than a minute is refused,
    and so is a period of which retention has let something go."""
    period = Period(since, to, interval, time_zone(zone))
    page = None
    if limit is not None or cursor is not None:
        window = Window(limit or most_agents(period), cursor)
        page = Page(window.limit, window.after(str))
    told = await agent_report(session, period, utc(using.clock()), agents=agent, teams=team, page=page)
    rest = None if told.next is None else cursor_of(told.next)
    if form == "csv":
        return _table("agents", period, await _beside(agents_as_csv, told, told.agents), _leading_on(request, rest))
    told = msgspec.structs.replace(told, next=rest)
    made = await _beside(partial(encoded, parts="agents"), told, told.agents)
    return _json(made, _leading_on(request, rest))


async def _beside(write: Callable[[Report], Written], told: Report, parts: list[Any]) -> Written:
    """Write a report beside the loop, and let go of its parts there, one by one: a hundred thousand figures that are
    let go at once hold the loop as long as writing them."""

    def work() -> Written:
        made = write(told)
        while parts:
            parts.pop()
        return made

    return await asyncio.to_thread(work)


def _leading_on(request: Request, rest: str | None) -> Mapping[str, str]:
    """Where the next page is, relative to this one (RFC 8288)."""
    if rest is None:
        return {}
    return {"Link": f'<?{request.url.include_query_params(cursor=rest).query}>; rel="next"'}


def _table(what: str, period: Period, text: str, headers: Mapping[str, str] = MappingProxyType({})) -> Response:
    named = f"{what}-{period.start.astimezone(period.zone):%Y-%m-%d}.csv"
    headers = {**headers, "Content-Disposition": f'attachment; filename="{named}"'}
    return Response(text, headers=headers, media_type="text/csv; charset=utf-8")


def _json(told: bytes, headers: Mapping[str, str] = MappingProxyType({})) -> Response:
    return Response(told, headers=dict(headers), media_type="application/json")
