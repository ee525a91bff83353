"""The report of agents over HTTP: for those who lead the floor."""

import csv
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.api.http.services import Services
from app.api.schemas.reports import AgentReportOut
from app.core.clock import FrozenClock
from app.floor import commands as c
from tests.api.conftest import ClientAs, faults
from tests.reports.kept import Kept, employ

PATH = "/api/v1/reports/agents"
DAY = {"from": "2027-01-15", "to": "2027-01-16", "time_zone": "Asia/Shanghai", "interval": "60min"}

CSV_OF_ONE = {"limit": 1, "format": "csv"}


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
        ({"limit": 0}, "query.limit"),
        ({"limit": 2, "cursor": "ann"}, "query.cursor"),
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


async def pages(client: httpx.AsyncClient, asked: dict[str, Any]) -> list[httpx.Response]:
    """All pages, each from the link that the one before has given."""
    answers = [await client.get(PATH, params=asked)]
    while "next" in answers[-1].links:
        assert len(answers) < 20
        answers.append(await client.get(f"{PATH}{answers[-1].links['next']['url']}"))
    assert all(answer.status_code == 200 for answer in answers), answers[-1].text
    return answers


@pytest.mark.parametrize("asked", [{}, {"team": "cards"}, {"agent": ["dee", "ann", "cho"]}], ids=str)
@pytest.mark.parametrize("gone", [False, True], ids=["all are here", "some were removed"])
@pytest.mark.usefixtures("shift")
async def test_pages_are_the_report_without_anybody_lost_or_told_twice(
    supervisor: httpx.AsyncClient, services: Services, asked: dict[str, Any], gone: bool
) -> None:
    if gone:  # Ann's past stays; of Zoe, who was here once, there is nothing in the period
        async with services.sessions.write() as session:
            await session.execute(text("delete from agents where id = 'ann'"))
            await session.execute(text("insert into live_agents (floor, id, state) values ('main', 'zoe', '{}')"))
    whole = (await supervisor.get(PATH, params=DAY | asked)).json()
    told = [answer.json() for answer in await pages(supervisor, DAY | asked | {"limit": 1})]
    assert len(told) > 1 or (gone and "team" in asked)
    assert [agent for page in told for agent in page["agents"]] == whole["agents"]
    handled = [page["total"]["counts"]["handled"] for page in told]
    assert sum(handled) == whole["total"]["counts"]["handled"] == (0 if gone and "team" in asked else 1)
    assert [page["next"] is None for page in told] == [False] * (len(told) - 1) + [True]
    assert whole["next"] is None
    tables = [answer.content.decode("utf-8-sig") for answer in await pages(supervisor, DAY | asked | CSV_OF_ONE)]
    assert [row["agent"] for table in tables for row in csv.DictReader(StringIO(table))] == [
        agent["agent"] for agent in whole["agents"] for _ in agent["intervals"]
    ]


@pytest.mark.usefixtures("shift")
async def test_what_is_too_much_at_once_is_refused_with_the_page_that_is_not(
    supervisor: httpx.AsyncClient, services: Services
) -> None:
    async with services.sessions.write() as session:
        for table in ("users (id, name, role, password_hash)", "agents (id, name, address)"):
            values = "'x' || n, 'X', 'agent', '-'" if table.startswith("users") else "'x' || n, 'X', 'x' || n"
            await session.execute(text(f"insert into {table} select {values} from generate_series(1, 9) n"))
    month = DAY | {"from": "2027-01-01", "to": "2027-02-01", "interval": "15min"}
    refused = await supervisor.get(PATH, params=month)
    assert faults(refused) == ["query.interval"]
    assert "limit=6)" in refused.json()["faults"][0]["accepted"]
    assert faults(await supervisor.get(PATH, params=month | {"limit": 7})) == ["query.interval"]
    assert len((await supervisor.get(PATH, params=month | {"limit": 6})).json()["agents"]) == 6
    assert (await supervisor.get(PATH, params=month | {"agent": "nobody", "limit": 6})).status_code == 404


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
