"""The processes of a database, to be killed or frozen as one."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.db.embedded import EmbeddedServer


def processes_of(database: EmbeddedServer) -> list[int]:
    """PostgreSQL's first process and all that it has started."""
    first = database.pid
    assert first is not None
    found = [first]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == first:
                found.append(int(stat.parent.name))
    return found


def send(number: signal.Signals, processes: list[int]) -> None:
    """Send a signal to those that still live."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)


@contextmanager
def stopped(database: EmbeddedServer) -> Iterator[None]:
    """Let it stand still meanwhile, its connections open, as a paused machine or a hanging disk does."""
    processes = processes_of(database)
    send(signal.SIGSTOP, processes)
    try:
        yield
    finally:
        send(signal.SIGCONT, processes)


async def frozen(database: EmbeddedServer, seconds: float) -> None:
    """Let it stand still for a while."""
    with stopped(database):
        await asyncio.sleep(seconds)
