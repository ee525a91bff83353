"""Pages of the report of agents: what is refused and what that names, who is told where."""

import re
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.api.http.paging import cursor_of
from app.api.http.services import Services
from tests.api.conftest import ClientAs, faults
from tests.fixtures.documented import Description
from tests.reports.kept import employ

PATH = "/api/v1/reports/agents"
DAY = {"from": "2027-01-15", "to": "2027-01-16"}
THREE = {"from": "2027-01-15", "to": "2027-01-18", "interval": "day"}
MONTH = {"from": "2027-01-01", "to": "2027-02-01", "interval": "15min"}


@pytest.fixture
async def supervisor(client_as: ClientAs, services: Services) -> httpx.AsyncClient:
    """A client of a supervisor of the small bank."""
    async with services.sessions.write() as session:
        await employ(session)
    return client_as("supervisor")


async def hire(services: Services, number: int) -> None:
    async with services.sessions.write() as session:
        for table in ("users (id, name, role, password_hash)", "agents (id, name, address)"):
            values = "'x' || n, 'X', 'agent', '-'" if table.startswith("users") else "'x' || n, 'X', 'x' || n"
            await session.execute(
                text(f"insert into {table} select {values} from generate_series(1, :number) n"), {"number": number}
            )


@pytest.mark.parametrize(("asked", "number", "limit"), [(THREE, 6700, 5000), (MONTH, 9, 6)])
async def test_the_limit_that_a_refusal_names_is_taken(
    supervisor: httpx.AsyncClient, services: Services, asked: dict[str, Any], number: int, limit: int
) -> None:
    await hire(services, number)
    refused = await supervisor.get(PATH, params=asked)
    assert faults(refused) == ["query.interval"]
    named = re.findall(r"a page of (\d+) of them: limit=(\d+)\)", refused.json()["faults"][0]["accepted"])
    assert named == [(str(limit), str(limit))]
    answer = await supervisor.get(PATH, params=asked | {"limit": limit})
    assert (answer.status_code, len(answer.json()["agents"])) == (200, limit)


async def test_a_page_is_as_large_as_is_asked_for_also_of_those_who_are_gone(
    supervisor: httpx.AsyncClient, services: Services
) -> None:
    async with services.sessions.write() as session:
        gone = (
            "insert into live_agents (floor, id, state) select 'main', 'gone' || n, '{}' from generate_series(1, 9) n"
        )
        await session.execute(text("insert into floors (id) values ('main') on conflict do nothing"))
        await session.execute(text(gone))
    assert faults(await supervisor.get(PATH, params=MONTH | {"limit": 7})) == ["query.interval"]
    assert (await supervisor.get(PATH, params=MONTH | {"limit": 6})).status_code == 200


async def test_a_cursor_alone_leads_to_all_who_are_left(supervisor: httpx.AsyncClient) -> None:
    first = (await supervisor.get(PATH, params=DAY | {"limit": 1})).json()
    rest = (await supervisor.get(PATH, params=DAY | {"cursor": first["next"]})).json()
    whole = (await supervisor.get(PATH, params=DAY)).json()
    assert len(rest["agents"]) > 1
    assert [*first["agents"], *rest["agents"]] == whole["agents"]
    assert rest["next"] is None


async def test_who_is_named_twice_is_told_and_counted_once(supervisor: httpx.AsyncClient) -> None:
    named = DAY | {"agent": ["bob", "ann", "ann", "bob"]}
    whole = (await supervisor.get(PATH, params=named | {"limit": 2})).json()
    assert ([each["agent"] for each in whole["agents"]], whole["next"]) == (["ann", "bob"], None)
    first = (await supervisor.get(PATH, params=named | {"limit": 1})).json()
    rest = (await supervisor.get(PATH, params=named | {"limit": 1, "cursor": first["next"]})).json()
    assert [[each["agent"] for each in page["agents"]] for page in (first, rest)] == [["ann"], ["bob"]]
    assert rest["next"] is None


async def test_an_unknown_agent_is_told_before_the_first_page(
    supervisor: httpx.AsyncClient, services: Services
) -> None:
    asked: dict[str, Any] = DAY | {"limit": 1, "agent": ["ann", "bob", "nobody", "zoe"]}
    refused = await supervisor.get(PATH, params=asked)
    assert (refused.status_code, refused.json()["detail"]) == (
        404,
        "There is no agent nobody, zoe, and nothing of them in this period.",
    )
    assert (await supervisor.get(PATH, params=asked | {"agent": ["ann", "bob"]})).status_code == 200


async def test_who_was_removed_and_did_something_is_named_on_their_own_page(
    supervisor: httpx.AsyncClient, services: Services
) -> None:
    async with services.sessions.write() as session:
        await session.execute(text("insert into floors (id, seq) values ('main', 1)"))
        await session.execute(text("insert into live_agents (floor, id, state) values ('main', 'zoe', '{}')"))
        happened = """insert into events (floor, seq, at, type, agent_id, data)
            values ('main', 1, '2027-01-15T07:00Z', 'agent.state', 'zoe', '{"agent": {"state": "ready"}}')"""
        await session.execute(text(happened))
    asked: dict[str, Any] = DAY | {"limit": 1, "agent": ["ann", "zoe"]}
    answer = await supervisor.get(PATH, params=asked)
    assert answer.status_code == 200, answer.text
    first = answer.json()
    assert [each["agent"] for each in first["agents"]] == ["ann"]
    assert first["total"]["counts"]["ready_seconds"] == 0
    rest = (await supervisor.get(PATH, params=asked | {"cursor": first["next"]})).json()
    assert [(each["agent"], each["name"]) for each in rest["agents"]] == [("zoe", None)]


@pytest.mark.parametrize("key", ["a\x00b", "\x00"])
async def test_a_cursor_with_a_nul_is_named(supervisor: httpx.AsyncClient, key: str) -> None:
    answer = await supervisor.get(PATH, params=DAY | {"limit": 1, "cursor": cursor_of(key)})
    assert faults(answer) == ["query.cursor"]


async def test_the_description_tells_of_the_link_to_the_next_page(description: Description) -> None:
    [told] = description._paths[PATH]["get"]["responses"]["200"]["headers"].items()
    assert told == (
        "Link",
        {"description": "where the next page is, relative to this one", "schema": {"type": "string"}},
    )
