"""The database goes away under load: platforms are told to come back, sockets that we are degraded, and then everything
goes on in the same process as if nothing had been."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import httpx
import pytest

from app.core.ids import new_id
from app.db.embedded import EmbeddedServer
from app.floor.journal.writer import COMMIT_TIMEOUT
from tests.crash.day import Day, busy_day
from tests.crash.load import DAY
from tests.crash.processes import frozen, processes_of, send, stopped
from tests.db.embedded import throwaway_folder
from tests.fixtures.bank import open_bank, signed_in
from tests.fixtures.child import Child, children
from tests.fixtures.switch import Switch, event
from tests.fixtures.tab import Tab
from tests.fixtures.waiting import SECONDS, eventually
from tests.fixtures.way import Way

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.timeout(400)]

OUTAGE_SECONDS = float(os.environ.get("CALLFLOOR_TEST_OUTAGE") or 8)
"""The long one. What is decided within it takes two seconds, so that more of it shows nothing new."""


@asynccontextmanager
async def server_and_database() -> AsyncIterator[tuple[Child, EmbeddedServer]]:
    """A server on a PostgreSQL that it does not look after, as in production; fsync on."""
    with throwaway_folder() as folder:
        database = EmbeddedServer(folder / "database")
        url = await asyncio.to_thread(database.start)
        server = Child(folder, CALLFLOOR_DATABASE_URL=url)
        with children(server):
            server.start()
            await server.answers()
            yield server, database
            assert server.stop() == 0, server.log_end()
        await asyncio.to_thread(database.stop)


async def restarted(database: EmbeddedServer) -> None:
    """Stop the database in order, and start it again."""
    assert await asyncio.to_thread(database.stop)
    await asyncio.to_thread(database.start)


async def crashed(database: EmbeddedServer) -> None:
    """Kill the database's first process; the others follow. Then start it again."""
    send(signal.SIGKILL, processes_of(database)[:1])
    await eventually(lambda: asyncio.sleep(0, database.pid), lambda pid: pid is None)
    assert await asyncio.to_thread(database.revive)


async def watched_outage(server: Child, database: EmbeddedServer) -> None:
    """Let the database be away for long, and see what the server says of itself meanwhile."""
    assert await asyncio.to_thread(database.stop)
    await asyncio.sleep(OUTAGE_SECONDS * 0.7)
    alive, ready = await server.says("/healthz"), await server.says("/readyz")
    assert (alive and alive.status_code, ready and ready.status_code) == (200, 503)
    await asyncio.sleep(OUTAGE_SECONDS * 0.3)
    await asyncio.to_thread(database.start)


async def test_the_database_restarts_crashes_is_away_and_hangs_under_load(dice: Random) -> None:
    async with server_and_database() as (server, database):
        async with busy_day(database.dsn, [server.address], dice) as day:
            for trouble in (
                restarted(database),
                crashed(database),
                watched_outage(server, database),
                frozen(database, COMMIT_TIMEOUT + 1),
            ):
                await asyncio.sleep(dice.uniform(1, 2))
                await trouble
                await server.answers()
            await day.close(database.dsn)
        what_clients_saw(day)
        assert server.starts == 1


def what_clients_saw(day: Day) -> None:
    """503 with a time to come back, and at each socket, which stayed open, the word that it is over."""
    refusals = day.switch.record.refusals
    assert refusals
    assert {refusal.status for refusal in refusals} == {503}
    assert all(refusal.retry_after and refusal.retry_after.isdigit() for refusal in refusals)
    for tab in day.tabs:
        assert (tab.connections, tab.closes) == (1, [])
        assert tab.words[-2:] == ["degraded", "restored"]
        assert tab.words == ["degraded", "restored"] * (len(tab.words) // 2)


async def test_a_quiet_floor_notices_an_absent_database_too() -> None:
    async with (
        server_and_database() as (server, database),
        Switch([server.address], patience=SECONDS) as switch,
        asyncio.TaskGroup() as group,
    ):
        await open_bank(database.dsn, DAY, "http://127.0.0.1:9/nobody")
        await switch.is_known_to(server.address)
        tokens = await signed_in(server.address, ["agent1"])
        tab = Tab(Way([server.address]), "agent1", tokens["agent1"], silence=SECONDS)
        run = group.create_task(tab.run())
        await eventually(lambda: asyncio.sleep(0, tab.connections), lambda number: number == 1)
        await asyncio.to_thread(database.stop)
        await eventually(lambda: asyncio.sleep(0, tab.words), lambda words: words == ["degraded"])
        for call_id in ("new", new_id()):
            answer = await switch.attempt(f"evt_{call_id}", event("offered", call_id, to="100"))
            assert answer is not None
            assert (answer.status_code, answer.json()["status"]) == (503, 503)
            assert int(answer.headers["retry-after"]) > 0
        await asyncio.to_thread(database.start)
        await eventually(lambda: asyncio.sleep(0, tab.words), lambda words: words == ["degraded", "restored"])
        await switch.tells("offered", "new", key="evt_new", to="100")
        run.cancel()


async def asks(server: Child, path: str, token: str) -> int | None:
    """The status of the answer, None where there is none."""
    try:
        async with httpx.AsyncClient(timeout=60) as http:
            answer = await http.get(f"http://{server.address}{path}", headers={"Authorization": f"Bearer {token}"})
    except httpx.TransportError:
        return None
    return answer.status_code


@pytest.mark.parametrize("asked", [0, 8])
async def test_a_server_that_is_to_stop_ends_though_the_database_stands_still(asked: int) -> None:
    """Whoever waits is answered 503, or not at all."""
    async with server_and_database() as (server, database):
        await open_bank(database.dsn, DAY, "http://127.0.0.1:9/nobody")
        token = (await signed_in(server.address, ["agent1"]))["agent1"]
        with stopped(database):
            async with asyncio.TaskGroup() as group:
                waiting = [group.create_task(asks(server, "/api/v1/queues", token)) for _ in range(asked)]
                await asyncio.sleep(1)
                assert await asyncio.to_thread(server.stop, 90) == 0, server.log_end()
        assert {task.result() for task in waiting} <= {503, None}
