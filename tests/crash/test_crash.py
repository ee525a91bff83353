"""The server is killed at random moments of a busy day, many times, and twice the database with it: nothing is lost,
nobody is stuck, nobody is forgotten, and every socket sees every frame once."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from app.db.embedded import EmbeddedServer
from tests.crash.day import busy_day
from tests.crash.processes import processes_of, send
from tests.db.embedded import throwaway_folder
from tests.fixtures.child import Child, children

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.timeout(400)]
KILLS = 8


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a server with its own database, fsync on."""
    with throwaway_folder() as folder:
        yield folder


async def cut_power(server: Child, database: EmbeddedServer) -> None:
    """Kill the server, PostgreSQL and all of its processes, in the middle of a commit: whatever the server tells before
    its commit has ended, it tells now, and it will not be true."""
    processes = processes_of(database)
    send(signal.SIGSTOP, processes)
    await asyncio.sleep(0.3)
    send(signal.SIGKILL, [server.process.pid, *processes])
    server.process.wait()


async def killed_again_and_again(server: Child, database: EmbeddedServer, dice: Random) -> None:
    """Kill it under load, sometimes again while it starts, and twice together with the database."""
    power_cuts = dice.sample(range(KILLS), 2)
    for number in range(KILLS):
        await server.answers()
        await asyncio.sleep(dice.uniform(0.2, 2.5))
        if number in power_cuts:
            await cut_power(server, database)
        else:
            server.kill()
        server.start()
        if dice.random() < 0.3:
            await asyncio.sleep(dice.uniform(0.2, 2))
            server.kill()
            server.start()
    await server.answers()


async def test_a_server_killed_many_times_loses_nothing(folder: Path, dice: Random) -> None:
    server, database = Child(folder), EmbeddedServer(folder / "database")
    with children(server):
        server.start()
        await server.answers()
        with EmbeddedServer(folder / "database") as joined:
            dsn = joined.dsn
            async with busy_day(dsn, [server.address], dice) as day:
                await killed_again_and_again(server, database, dice)
                await day.close(dsn)
        assert server.stop() == 0, server.log_end()
