"""A database that stands still, its connections open: nobody waits for it longer than they said, and closing ends."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from sqlalchemy import text

from app.core.tasks import begin
from app.db.engine import close_engine, create_engine
from app.db.pool import close_pool, open_pool
from tests.fixtures.database import Database
from tests.fixtures.listening import listening

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(30)]


class Still(NamedTuple):
    """A way to a database at `url` that leads nowhere while `flows` is not set."""

    url: str
    flows: asyncio.Event


@asynccontextmanager
async def way_to(database: Database) -> AsyncIterator[Still]:
    address = urlsplit(database.url)
    place = f"{parse_qs(address.query)['host'][0]}/.s.PGSQL.5432"
    flows = asyncio.Event()
    flows.set()

    async def pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            await flows.wait()
            target.write(data)
        target.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(place)
        try:
            await asyncio.gather(pass_on(reader, back), pass_on(there, writer))
        finally:
            back.close()

    async with listening(serve) as port:
        yield Still(f"postgresql+asyncpg://{address.username}@127.0.0.1:{port}{address.path}?sslmode=disable", flows)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.db.pool.RETURN_SECONDS", 0.2)
    for module in ("pool", "engine"):
        monkeypatch.setattr(f"app.db.{module}.CLOSE_SECONDS", 0.2)


async def test_who_is_out_of_time_does_not_wait_on_to_give_the_connection_back(rolled_back: Database) -> None:
    async with way_to(rolled_back) as still:
        pool = await open_pool(still.url, 2)
        async with pool.acquire() as connection:
            still.flows.clear()
            with pytest.raises(TimeoutError):
                await connection.fetchval("select 1", timeout=0.2)
        still.flows.set()
        async with pool.acquire() as connection:
            await connection.fetchval("select 1")
        still.flows.clear()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await pool.fetchval("select 1")
        still.flows.set()
        assert await pool.fetchval("select 2") == 2
        await close_pool(pool)


async def test_who_is_cancelled_hears_of_that_and_nothing_else(rolled_back: Database) -> None:
    async with way_to(rolled_back) as still:
        pool = await open_pool(still.url, 1)
        still.flows.clear()
        asking = begin("asking", pool.fetchval("select 1"))
        await asyncio.sleep(0.1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await close_pool(pool)


async def test_closing_ends_whatever_the_database_does(rolled_back: Database) -> None:
    async with way_to(rolled_back) as still:
        pool, engine = await open_pool(still.url, 2), create_engine(still.url, pool=2)
        async with engine.connect() as connection:
            assert await connection.scalar(text("select 1")) == 1
        borrowed = await pool.acquire()
        assert await borrowed.fetchval("select 1") == 1
        still.flows.clear()
        await close_pool(pool)
        await close_engine(engine)
        with pytest.raises(asyncpg.InterfaceError):
            borrowed.is_closed()  # it was taken from whoever had it


async def test_a_machine_that_vanishes_is_found_out(rolled_back: Database) -> None:
    async with way_to(rolled_back) as still:
        engine = create_engine(still.url, pool=1)
        async with engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            line = driver._transport.get_extra_info("socket")
            assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
        await close_engine(engine)
