"""Who owns the floor: one process at a time, whatever becomes of the others."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from app.core.errors import Unavailable
from app.floor import commands as c
from app.floor.journal import writer
from app.floor.loop import tenure
from app.floor.service import Floor
from tests.fixtures.database import Database
from tests.fixtures.waiting import eventually
from tests.floor.live import kill_backend_of, offered, owned, running

LOCK = "SELECT pg_advisory_lock(hashtextextended('callfloor floor main', 0))"


@asynccontextmanager
async def another_owner(database: Database) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection that owns the floor and says nothing by itself."""
    connection = await asyncpg.connect(database.dsn)
    await connection.execute(LOCK)
    try:
        yield connection
    finally:
        connection.terminate()


async def test_an_owner_that_stands_still_is_replaced(bank: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SILENT_SECONDS", 0.5)
    async with another_owner(bank) as frozen, running(bank) as (floor, _):
        started = time.monotonic()
        assert (await offered(await owned(floor), "c1")).ok
        assert time.monotonic() - started > 0.4
        assert frozen.is_closed()


async def test_an_owner_that_speaks_is_left_alone(bank: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SILENT_SECONDS", 1.5)
    async with another_owner(bank) as busy, running(bank) as (floor, _):
        for _ in range(10):
            await busy.execute("SELECT pg_sleep(0.1)")
        await busy.execute("SELECT pg_sleep(2)")
        assert floor.status == "standby"


async def test_a_floor_that_is_quiet_keeps_its_owner(bank: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SILENT_SECONDS", 1.5)
    monkeypatch.setattr(tenure, "HEARTBEAT_SECONDS", 0.1)
    async with running(bank) as (first, _):
        await owned(first)
        async with running(bank) as (second, _):
            await asyncio.sleep(2.5)
            assert (first.status, second.status) == ("owner", "standby")


async def test_a_connection_that_was_not_given_the_lock_writes_nothing(
    bank: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[object] = []

    async def slow_at_first(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        planned.append(connection)
        if len(planned) == 1:
            raise TimeoutError

    async with running(bank) as (floor, _):
        await owned(floor)
        monkeypatch.setattr(writer, "plan_once", slow_at_first)
        await kill_backend_of(bank, floor)
        assert (await offered(floor, "c1")).ok
        assert floor._tenure is not None
        backend = floor._tenure._journal.connection.get_server_pid()
        connection = await asyncpg.connect(bank.dsn)
        held = await connection.fetch(
            """SELECT pid FROM pg_locks JOIN pg_database ON database = pg_database.oid
               WHERE locktype = 'advisory' AND granted AND datname = current_database()"""
        )
        await connection.close()
    assert [row["pid"] for row in held] == [backend]


async def look_on(floor: Floor) -> None:
    """Read the floor again and again, until it is not shown any more."""
    async with asyncio.timeout(30):
        while True:
            await floor.submit(c.Look(what="agent", agent_id="ann"))


async def test_who_is_only_looked_at_notices_all_the_same_that_the_floor_is_lost(
    bank: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenure, "HEARTBEAT_SECONDS", 0.3)
    async with running(bank) as (first, _):
        await owned(first)
        async with running(bank) as (second, _):
            await kill_backend_of(bank, first)
            with pytest.raises(Unavailable):
                await look_on(first)
            await eventually(lambda: asyncio.sleep(0, second.status), lambda status: status == "owner")


async def test_who_stands_by_stops_although_another_one_owns_the_floor(bank: Database) -> None:
    async with another_owner(bank), running(bank) as (floor, _):
        await asyncio.sleep(0.2)
        assert floor.status == "standby"
        with pytest.raises(Unavailable):
            floor.live_call("pbx", "c1")
