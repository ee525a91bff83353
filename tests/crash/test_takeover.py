"""Two servers on one database: whatever becomes of the owner, the other one goes on within seconds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import asyncpg
import pytest

from app.core.ids import new_id
from tests.crash.day import Day, busy_day
from tests.fixtures.child import Child, children
from tests.fixtures.database import Database
from tests.fixtures.switch import Switch, event

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.timeout(400)]


SILENT = "ended the connection of an owner that has gone silent"


@asynccontextmanager
async def pair(folder: Path, database: Database, dice: Random) -> AsyncIterator[tuple[Child, Child, Day]]:
    """The owner, the one who stands by, and a busy day at both."""
    first, second = (Child(folder, name, CALLFLOOR_DATABASE_URL=database.url) for name in ("first", "second"))
    with children(first, second):
        first.start()
        await first.answers()
        second.start()
        await second.answers("/healthz")
        async with busy_day(database.dsn, [first.address, second.address], dice) as day:
            yield first, second, day
        for server in (first, second):
            assert server.stop() == 0, server.log_end()


async def epoch(database: Database) -> int:
    """How often the floor has been taken over."""
    connection = await asyncpg.connect(database.dsn)
    try:
        found: int = await connection.fetchval("SELECT epoch FROM floors")
        return found
    finally:
        await connection.close()


async def refuses_everything(switch: Switch, sleeper: Child) -> None:
    """Speak to a server that has just woken up, until it knows that it stands by: it must not take anything."""
    async with asyncio.TaskGroup() as group:
        knows = group.create_task(sleeper.stands_by())
        while not knows.done():
            answer = await switch.attempt(f"evt_{new_id()}", event("offered", new_id(), to="100"), sleeper.address)
            assert answer is None or answer.status_code == 503, answer.text


async def test_who_stands_by_takes_over_when_the_owner_is_killed_freeswitch_1674(
    tmp_path: Path, database: Database, dice: Random
) -> None:
    async with pair(tmp_path, database, dice) as (owner, standby, day):
        for _ in range(3):
            await asyncio.sleep(dice.uniform(1, 2))
            owner.kill()
            await standby.answers()
            assert SILENT not in standby.log.read_text(), "its death is noticed, not only that it says nothing more"
            owner.start()
            await owner.answers("/healthz")
            owner, standby = standby, owner
        await day.close(database.dsn)


async def test_a_frozen_owner_is_replaced_and_cannot_write_when_it_wakes_up(
    tmp_path: Path, database: Database, dice: Random
) -> None:
    async with pair(tmp_path, database, dice) as (owner, standby, day):
        await asyncio.sleep(dice.uniform(1, 2))
        before = await epoch(database)
        owner.freeze()
        await standby.answers()
        assert SILENT in standby.log.read_text()
        await asyncio.sleep(2)
        owner.thaw()
        await refuses_everything(day.switch, owner)
        assert await epoch(database) == before + 1
        assert owner.running
        await day.close(database.dsn)
