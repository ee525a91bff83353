"""The floor's end with the server: what is being committed is committed and told, what cannot be is not waited for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest

from app.core import clock
from app.core.errors import Unavailable
from app.core.tasks import Supervisor, begin
from app.floor.running import at_work
from app.floor.service import Floor
from app.floor.watching import ConfigurationWatch
from app.realtime.hub import Hub
from app.telephony.directory import SourceDirectory
from tests.fixtures.database import Database
from tests.fixtures.waiting import eventually
from tests.floor.live import Told, offered, owned, recovered, running

pytestmark = pytest.mark.timeout(60)


@asynccontextmanager
async def serving(database: Database) -> AsyncIterator[Floor]:
    """A floor as the server has it, which ends as it ends with the server."""
    told, tasks = Told(), Supervisor()
    async with asyncpg.create_pool(database.dsn, min_size=1, max_size=4) as pool:
        floor = Floor(
            dsn=database.dsn, floor="main", pool=pool, clock=clock.now, publisher=told, orders=told,
            takeover_seconds=0.05,
        )  # fmt: skip
        watch = ConfigurationWatch(pool, SourceDirectory(), floor.configure)
        async with at_work(floor, watch, Hub(), tasks):
            yield await owned(floor)


@asynccontextmanager
async def no_commit(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """Whatever the floor commits waits meanwhile."""
    connection = await asyncpg.connect(database.dsn)
    async with connection.transaction():
        await connection.execute("SELECT FROM floors FOR UPDATE")
        yield connection
    await connection.close()


async def test_a_stop_waits_for_the_commit_that_is_under_way(bank: Database) -> None:
    ending = AsyncExitStack()
    floor = await ending.enter_async_context(serving(bank))
    async with no_commit(bank) as holding:
        asked = begin("asked", offered(floor, "c1", "id"))
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        await eventually(lambda: holding.fetchval(waiting), lambda number: number > 0)
        stop = begin("stop", ending.aclose())
        await asyncio.wait([stop], timeout=0.3)
        assert not asked.done()
    await stop
    assert (await asked).body["contact_id"] in (await recovered(bank)).store.contacts


async def test_a_stop_does_not_wait_for_a_commit_that_never_ends(bank: Database) -> None:
    async with AsyncExitStack() as held:
        async with serving(bank) as floor:
            await held.enter_async_context(no_commit(bank))
            asked = begin("asked", offered(floor, "c1", "id"))
            await asyncio.wait([asked], timeout=0.2)
        with pytest.raises(Unavailable):
            await asked
    async with running(bank) as (floor, _):
        contact = (await offered(await owned(floor), "c1", "id")).body["contact_id"]
    assert list((await recovered(bank)).store.contacts) == [contact]
