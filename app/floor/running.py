"""The floor while the server runs, and its end with the server: in order, but not for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog

from app.core.tasks import Supervisor
from app.floor.configuration.watching import ConfigurationWatch
from app.floor.service import Floor
from app.realtime.hub import Hub

log = structlog.get_logger(__name__)

RESTARTING = 1012
FLOOR_SECONDS = 2.0
"""How long the floor may commit and tell what it has taken. A commit takes milliseconds; whoever waits for one that
takes longer than this is told to come back."""

BESIDE_SECONDS = 0.5
"""How long a floor of which another process is the owner may take to end: it has taken nothing."""

TASKS_SECONDS = 1.5
"""How long what is at work may take to break off: what waits for a database that stands still is left behind."""

LOOK_SECONDS = 0.05


@asynccontextmanager
async def at_work(floor: Floor, watch: ConfigurationWatch, hub: Hub, tasks: Supervisor) -> AsyncIterator[None]:
    """The floor runs, by the configuration as it is at any time; at the end people are sent away first."""
    await watch.look()
    run = tasks.start("floor", floor.run())
    tasks.start("configuration", watch.run())
    try:
        yield
    finally:
        hub.dismiss(RESTARTING, "the server is restarting")
        await floor.stop()
        await committed(floor, run)
        await tasks.stop(TASKS_SECONDS)


async def committed(floor: Floor, run: "asyncio.Task[Any]") -> None:
    """Come back when everything that the floor had taken is durable and told, or as soon as it cannot be.

    Nothing is lost then: who waited has no answer or 503, and what a commit that is under way still makes true is told
    and ordered by the next owner, who reads it from the database.
    """
    loop, beside = asyncio.get_running_loop(), floor.status == "standby"
    until = loop.time() + (BESIDE_SECONDS if beside else FLOOR_SECONDS)
    while not run.done() and floor.status != "degraded" and loop.time() < until:
        await asyncio.wait([run], timeout=LOOK_SECONDS)
    if not (run.done() or beside):
        log.warning("the floor ends without the database, which does not commit", floor=floor.id)
