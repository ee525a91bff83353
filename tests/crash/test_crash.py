"""The server is killed at random moments of a busy day, many times, and once the database with it: nothing is lost,
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

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.timeout(240)]
KILLS = 8


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a server with its own database, fsync on."""
    with throwaway_folder() as folder:
        yield folder


def kill_all(server: Child, database: EmbeddedServer) -> None:
    """The server, PostgreSQL and all of its processes, as in a power cut."""
    send(signal.SIGKILL, [server.process.pid, *processes_of(database)])
    server.process.wait()


async def killed_again_and_again(server: Child, database: EmbeddedServer, dice: Random) -> None:
    """Kill it under load, sometimes again while it starts, and once together with the database."""
    power_cut = dice.randrange(KILLS)
    for number in range(KILLS):
        await server.answers()
        await asyncio.sleep(dice.uniform(0.2, 2.5))
        if number == power_cut:
            kill_all(server, database)
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
