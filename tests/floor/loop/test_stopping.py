"""The floor's end with the server: what is being committed is committed and told, what cannot be is not waited for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest
from structlog.testing import capture_logs

from app.core import clock
from app.core.errors import Unavailable
from app.core.tasks import Supervisor, begin
from app.floor.configuration.watching import ConfigurationWatch
from app.floor.running import at_work
from app.floor.service import Floor
from app.realtime.hub import Hub
from app.telephony.directory import SourceDirectory
from tests.fixtures.database import Database
from tests.fixtures.waiting import eventually
from tests.floor.live import Told, offered, owned, recovered, running

pytestmark = pytest.mark.timeout(60)


@asynccontextmanager
async def beginning(database: Database, takeover_seconds: float = 0.05) -> AsyncIterator[Floor]:
    """A floor as the server has it, which ends as it ends with the server."""
    told, tasks = Told(), Supervisor()
    async with asyncpg.create_pool(database.dsn, min_size=1, max_size=4) as pool:
        floor = Floor(
            dsn=database.dsn, floor="main", pool=pool, clock=clock.now, publisher=told, orders=told,
            takeover_seconds=takeover_seconds,
        )  # fmt: skip
        watch = ConfigurationWatch(pool, SourceDirectory(), floor.configure)
        async with at_work(floor, watch, Hub(), tasks):
            yield floor


@asynccontextmanager
async def serving(database: Database) -> AsyncIterator[Floor]:
    """The same, which owns the floor."""
    async with beginning(database) as floor:
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


async def test_who_stands_by_has_nothing_to_wait_for(bank: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.floor.running.FLOOR_SECONDS", 3600.0)
    async with running(bank) as (owner, _):
        await owned(owner)
        with capture_logs() as logged:
            async with beginning(bank, takeover_seconds=3600.0) as floor:
                await asyncio.sleep(0.2)
        assert (floor.status, owner.status) == ("standby", "owner")
        assert [each for each in logged if each["log_level"] in ("warning", "error")] == []
