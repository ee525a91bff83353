"""Reports over HTTP: for those who lead the floor."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, update

from app.api.http.services import Services
from app.api.schemas.reports import QueueReportOut
from app.core.clock import FrozenClock, utc
from app.routing.records.models import Queue
from tests.api.conftest import ClientAs, faults
from tests.interactions.factories import make_visit

PATH = "/api/v1/reports/queues"
DAY = {"from": "2027-01-15", "to": "2027-01-16", "time_zone": "Asia/Shanghai"}


@pytest.fixture
def supervisor(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of a supervisor."""
    return client_as("supervisor")


@pytest.fixture
async def visits(services: Services, clock: FrozenClock) -> None:
    """A queue; one caller answered in time and one who left, in two hours of the clock's day."""
    now = utc(clock.instant)
    async with services.sessions.write() as session:
        await session.execute(insert(Queue).values(id="service", name="Service"))
        await make_visit(session, now, wait_seconds=10.0)
        await make_visit(session, now + timedelta(hours=1), outcome="abandoned", wait_seconds=30.0)


@pytest.mark.usefixtures("visits")
async def test_the_report_is_as_described(supervisor: httpx.AsyncClient) -> None:
    answer = await supervisor.get(PATH, params=DAY)
    assert answer.status_code == 200, answer.text
    told = QueueReportOut.model_validate_json(answer.content, extra="forbid")
    assert (told.start.isoformat(), told.end.isoformat()) == ("2027-01-14T16:00:00+00:00", "2027-01-15T16:00:00+00:00")
    [queue] = told.queues
    assert len(queue.intervals) == 24
    assert [one.start.hour for one in queue.intervals if one.offered] == [8, 9]
    assert (told.total.metrics.sl_answered, told.total.metrics.sl_offered) == (1, 0.5)
    assert queue.intervals[0].metrics.sl_offered is None


@pytest.mark.usefixtures("visits")
async def test_the_target_and_the_queues_may_be_given(supervisor: httpx.AsyncClient) -> None:
    asked: dict[str, str | int] = {
        **DAY,
        "queue": "service",
        "service_level_seconds": 5,
        "short_abandon_seconds": 40,
        "interval": "day",
    }
    told = (await supervisor.get(PATH, params=asked)).json()
    counts = told["total"]["counts"]
    assert (counts["answered_in_target"], counts["abandoned_short"]) == (0, 1)
    assert (await supervisor.get(PATH, params={**DAY, "queue": "nowhere"})).status_code == 404


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"from": "2027-01-16"}, "query.to"),
        ({"from": "soon"}, "query.from"),
        ({"from": "0001-01-01"}, "query.from"),
        ({"from": "1999-01-01"}, "query.interval"),
        ({"interval": "week"}, "query.interval"),
        ({"time_zone": "Mars/Base"}, "query.time_zone"),
        ({"time_zone": "../../etc/passwd"}, "query.time_zone"),
        ({"service_level_seconds": "-1"}, "query.service_level_seconds"),
        ({"short_abandon_seconds": "nan"}, "query.short_abandon_seconds"),
    ],
)
async def test_a_fault_is_named(supervisor: httpx.AsyncClient, given: dict[str, Any], where: str) -> None:
    assert faults(await supervisor.get(PATH, params=DAY | given)) == [where]


@pytest.mark.parametrize(
    ("role", "status"), [("agent", 403), ("integration", 403), (None, 401), ("administrator", 200)]
)
async def test_statistics_are_for_those_who_lead(client_as: ClientAs, role: Any, status: int) -> None:
    """erxes#9053: agent statistics readable by any logged-in user."""
    assert (await client_as(role).get(PATH, params=DAY)).status_code == status


@pytest.mark.usefixtures("visits")
async def test_the_report_is_a_table_for_spreadsheets_too(supervisor: httpx.AsyncClient, services: Services) -> None:
    async with services.sessions.write() as session:
        await session.execute(update(Queue).values(name="=cmd|' /C calc'!A0 \"外汇\", FX"))
    answer = await supervisor.get(PATH, params=DAY | {"format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="queues-2027-01-15.csv"'
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    asked = await supervisor.get(PATH, params=DAY)
    [queue] = QueueReportOut.model_validate_json(asked.content).queues
    assert len(rows) == len(queue.intervals) == 24
    assert {(row["queue"], row["name"]) for row in rows} == {("service", "'" + (queue.name or ""))}
    assert rows[8]["start"] == "2027-01-15T08:00:00+08:00"
    for row, told in zip(rows, queue.intervals, strict=True):
        figures = {"offered": told.offered, **told.counts.model_dump(), **told.metrics.model_dump()}
        assert {name: row[name] for name in figures} == {
            name: "" if value is None else str(value) for name, value in figures.items()
        }


async def test_a_form_of_the_report_that_there_is_not_is_refused(supervisor: httpx.AsyncClient) -> None:
    assert faults(await supervisor.get(PATH, params=DAY | {"format": "xls"})) == ["query.format"]
