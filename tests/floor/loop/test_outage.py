"""The database goes away for seconds, under load and while nothing happens."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.core.errors import Unavailable
from app.db.embedded import EmbeddedServer
from app.db.migrate import prepare
from app.floor.service import Floor
from tests.cli.running import data_folder
from tests.fixtures.database import FAST, Database
from tests.floor.factories import configure
from tests.floor.live import Told, memory, offered, on, owned, recovered, running, same


@pytest.fixture
async def own_server() -> AsyncIterator[EmbeddedServer]:
    with data_folder() as folder:
        server = EmbeddedServer(folder / "database", FAST)
        await asyncio.to_thread(server.start)
        await prepare(server.url)
        await configure(server.dsn)
        yield server
        await asyncio.to_thread(server.stop)


async def insist(floor: Floor, call_id: str) -> str:
    """What a platform does: deliver again under the same id until it is taken."""
    while True:
        try:
            return str((await offered(floor, call_id, f"id-{call_id}")).body["contact_id"])
        except Unavailable:
            await asyncio.sleep(0.1)


async def status_becomes(floor: Floor, status: str) -> None:
    async with asyncio.timeout(60):
        while floor.status != status:  # noqa: ASYNC110 - the status is what is watched
            await asyncio.sleep(0.05)


async def outage(server: EmbeddedServer, floor: Floor) -> None:
    """Stop the database, wait until the floor says so, and start it again."""
    assert server._cluster is not None
    await asyncio.to_thread(server._cluster.stop)
    await status_becomes(floor, "degraded")
    await asyncio.sleep(1.5)
    await asyncio.to_thread(server.revive)
    await status_becomes(floor, "owner")


async def test_outage_under_load_loses_nothing_and_is_told(own_server: EmbeddedServer) -> None:
    database = Database(own_server.url)
    async with running(database) as (floor, told):
        await on(await owned(floor), "ann")
        work = asyncio.gather(*(insist(floor, f"c{n}") for n in range(40)))
        await outage(own_server, floor)
        contacts = await asyncio.wait_for(work, 60)
        assert len(set(contacts)) == 40
        assert set(contacts) <= set(memory(floor).store.contacts)
        same(memory(floor), await recovered(database))
    assert [b"degraded" in word for word in told.words] == [True, False]


async def test_outage_while_nothing_happens_is_noticed_and_survived(own_server: EmbeddedServer) -> None:
    async with running(Database(own_server.url)) as (floor, told):
        await owned(floor)
        await outage(own_server, floor)
        assert (await offered(floor, "c1")).ok
        assert isinstance(told, Told)
    assert b"restored" in told.words[-1]
