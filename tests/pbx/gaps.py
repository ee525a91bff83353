"""Gaps in what a server knows of its Asterisk: it is killed and started again, or has no connection for a while."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.fixtures.child import Child
from tests.fixtures.waiting import eventually
from tests.pbx.desk import CallCentre
from tests.pbx.talks import SECONDS

CONNECTED, AWAY = "connected to an Asterisk", "no connection to an Asterisk"
Gap = Callable[[CallCentre], Awaitable[None]]


def connections(server: Child) -> int:
    """How often a server has connected to an Asterisk."""
    return server.log.read_text().count(CONNECTED)


async def connected_again(server: Child, before: int) -> None:
    """Wait until a server has connected to an Asterisk once more."""
    await eventually(lambda: asyncio.sleep(0, connections(server)), lambda number: number > before, SECONDS)


async def started_again(server: Child) -> None:
    """Start it, and wait until it has its calls."""
    before = connections(server)
    server.start()
    await server.answers()
    await connected_again(server, before)


async def left_alone(centre: CallCentre) -> None:
    """Wait until the Asterisk has noticed that nobody is connected any more; who calls before that waits for them."""
    async with centre.site.client() as http:
        await eventually(lambda: http.get("/applications"), lambda answer: answer.json() == [], SECONDS)


async def restarted(centre: CallCentre) -> None:
    """Another process takes up the calls."""
    centre.server.kill()
    await started_again(centre.server)


async def reconnected(centre: CallCentre) -> None:
    """The same process has a new connection."""
    before = connections(centre.server)
    change = """UPDATE cti_sources SET command_url = CASE WHEN command_url LIKE '%127.0.0.1%'
                THEN replace(command_url, '127.0.0.1', 'localhost')
                ELSE replace(command_url, 'localhost', '127.0.0.1') END"""
    await centre.rows(change)
    await connected_again(centre.server, before)


gaps = pytest.mark.parametrize("gap", [restarted, reconnected])


@asynccontextmanager
async def cut_off(centre: CallCentre) -> AsyncIterator[None]:
    """The server has no connection meanwhile."""
    before, troubles = connections(centre.server), centre.server.log.read_text().count(AWAY)
    (source,) = await centre.rows("SELECT command_url FROM cti_sources")
    await centre.rows("UPDATE cti_sources SET command_url = 'ws://127.0.0.1:1/ari'")
    log = centre.server.log
    await eventually(lambda: asyncio.sleep(0, log.read_text().count(AWAY)), lambda count: count > troubles, SECONDS)
    yield
    await centre.rows("UPDATE cti_sources SET command_url = $1", source["command_url"])
    await connected_again(centre.server, before)
