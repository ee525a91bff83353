"""The report of agents over HTTP: for those who lead the floor."""

import csv
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.api.schemas.reports import AgentReportOut
from app.api.services import Services
from app.core.clock import FrozenClock
from app.floor import commands as c
from tests.api.conftest import ClientAs, faults
from tests.reports.kept import Kept, employ

PATH = "/api/v1/reports/agents"
DAY = {"from": "2027-01-15", "to": "2027-01-16", "time_zone": "Asia/Shanghai", "interval": "60min"}


@pytest.fixture
def supervisor(client_as: ClientAs) -> httpx.AsyncClient:
    """A client of a supervisor."""
    return client_as("supervisor")


@pytest.fixture
async def shift(services: Services, clock: FrozenClock) -> None:
    """Ann takes a call and goes to lunch, at four in the afternoon of Shanghai."""
    floor = Kept()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.wait(100)
    floor.call("cleared")
    floor.do(c.FinishWrapUp(agent_id="ann", contact_id=contact))
    floor.do(c.NotReady(agent_id="ann", reason="=1+1 午餐"))
    floor.wait(60)
    floor.do(c.LogOff(agent_id="ann"))
    clock.instant = floor.now
    async with services.sessions.write() as session:
        await employ(session)
        await floor.keep(session)


@pytest.mark.usefixtures("shift")
async def test_the_report_is_as_described(supervisor: httpx.AsyncClient) -> None:
    answer = await supervisor.get(PATH, params=DAY | {"agent": ["ann", "bob"]})
    assert answer.status_code == 200, answer.text
    told = AgentReportOut.model_validate_json(answer.content, extra="forbid")
    assert [(one.agent, one.name, one.team) for one in told.agents] == [
        ("ann", "Ann", "cards"),
        ("bob", "Bob", "cards"),
    ]
    ann, bob = told.agents
    assert [one.start.hour for one in ann.intervals if one.counts.offers] == [8]
    assert (ann.total.metrics.answer_rate, bob.total.metrics.answer_rate) == (1, None)
    assert ann.total.counts.handled == 1


@pytest.mark.usefixtures("shift")
async def test_agents_of_a_team(supervisor: httpx.AsyncClient) -> None:
    told = (await supervisor.get(PATH, params=DAY | {"team": "cards", "interval": "day"})).json()
    assert [one["agent"] for one in told["agents"]] == ["ann", "bob"]
    for unknown in ({"team": "none"}, {"agent": "nobody"}):
        assert (await supervisor.get(PATH, params=DAY | unknown)).status_code == 404


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"from": "2027-01-16"}, "query.to"),
        ({"from": "soon"}, "query.from"),
        ({"from": "1999-01-01"}, "query.interval"),
        ({"interval": "week"}, "query.interval"),
        ({"time_zone": "Mars/Base"}, "query.time_zone"),
        ({"format": "xls"}, "query.format"),
        ({"agent": ["ann", "=1+1"]}, "query.agent.1"),
        ({"team": "a\x00b"}, "query.team.0"),
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


async def test_what_retention_has_let_go_of_is_refused(supervisor: httpx.AsyncClient, services: Services) -> None:
    async with services.sessions.write() as session:
        await session.execute(
            text(
                "insert into retention_runs (at, kind, cutoff, rows, months) values (now(), 'contacts', :at, 0, '{m}')"
            ),
            {"at": datetime(2027, 2, 3, tzinfo=UTC)},
        )
    answer = await supervisor.get(PATH, params=DAY)
    assert faults(answer) == ["query.from"]
    assert "2027-03-04T00:00:00+00:00" in answer.text


@pytest.mark.usefixtures("shift")
async def test_the_report_is_a_table_for_spreadsheets_too(supervisor: httpx.AsyncClient) -> None:
    asked = DAY | {"agent": "ann"}
    answer = await supervisor.get(PATH, params=asked | {"format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="agents-2027-01-15.csv"'
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    told = AgentReportOut.model_validate_json((await supervisor.get(PATH, params=asked)).content)
    [ann] = told.agents
    assert len(rows) == len(ann.intervals) == 24
    assert rows[16]["start"] == "2027-01-15T16:00:00+08:00"
    for row, one in zip(rows, ann.intervals, strict=True):
        figures = {**one.counts.model_dump(exclude={"not_ready_by_reason"}), **one.metrics.model_dump()}
        assert {name: row[name] for name in figures} == {
            name: "" if value is None else str(value) for name, value in figures.items()
        }
    assert "not_ready: =1+1 午餐" in rows[0]
