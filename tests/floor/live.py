"""A floor that runs in the test, on a real database: what it tells is kept, what it holds can be looked at."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from app.core import clock
from app.core.ids import new_id
from app.core.tasks import Supervisor
from app.floor import commands as c
from app.floor.configuration.reading import load
from app.floor.invariants import check
from app.floor.loop.recovery import recover
from app.floor.memory.effects import SwitchOrder
from app.floor.service import Floor
from app.floor.state import FloorState
from tests.fixtures.database import Database
from tests.floor.factories import call_event


class Told:
    """Keeps what the floor tells, in the order told."""

    def __init__(self) -> None:
        self.frames: list[tuple[str, int, bytes]] = []
        self.words: list[bytes] = []
        self.orders: list[SwitchOrder] = []
        self.undelivered: set[int] = set()

    def publish(self, topic: str, seq: int, frame: bytes) -> None:
        self.frames.append((topic, seq, frame))

    def broadcast(self, frame: bytes) -> None:
        self.words.append(frame)

    def dismiss(self, code: int, reason: str) -> None:
        """Nobody to send away."""

    def listened(self, topic: str) -> bool:
        return True

    def start(self, pending: list[SwitchOrder]) -> None:
        self.put(pending)

    def put(self, orders: list[SwitchOrder]) -> None:
        self.orders += orders

    def waits(self, seq: int) -> bool:
        return seq in self.undelivered

    async def stop(self) -> None:
        """Nothing to stop."""


@asynccontextmanager
async def running(database: Database, **options: Any) -> AsyncIterator[tuple[Floor, Told]]:
    """A floor on the database, owned as soon as it is free."""
    told, tasks = Told(), Supervisor()
    pool = await asyncpg.create_pool(database.dsn, min_size=1, max_size=4)
    floor = Floor(
        dsn=database.dsn, floor="main", pool=pool, clock=clock.now, publisher=told, orders=told,
        takeover_seconds=0.05, **options,
    )  # fmt: skip
    run = tasks.start("floor", floor.run())
    try:
        yield floor, told
    finally:
        await floor.stop()
        _, pending = await asyncio.wait([run], timeout=30)
        await tasks.stop()
        await pool.close()
        assert not pending, "the floor did not stop when it was asked to"


async def owned(floor: Floor) -> Floor:
    async with asyncio.timeout(30):
        while floor.status != "owner":  # noqa: ASYNC110 - the status is what is watched
            await asyncio.sleep(0.01)
    return floor


async def offered(floor: Floor, call_id: str, key: str | None = None, to: str = "100") -> c.Answer:
    event = call_event("offered", call_id, clock.now(), from_="+861", to=to)
    return await floor.submit(c.TakeEvent(event=event, contact_id=new_id()), "cti:pbx" if key else None, key)


async def on(floor: Floor, agent: str) -> None:
    for command in (c.Connect(agent_id=agent), c.Ready(agent_id=agent)):
        assert (await floor.submit(command)).ok


async def recovered(database: Database) -> FloorState:
    connection = await asyncpg.connect(database.dsn)
    try:
        config = await load(connection)
        return (await recover(connection, "main", config, clock.now())).state
    finally:
        await connection.close()


def same(one: FloorState, other: FloorState) -> None:
    a, b = one.store, other.store
    assert (a.contacts, a.agents, a.profiles, one.seq) == (b.contacts, b.agents, b.profiles, other.seq)
    assert a.ended == b.ended
    check(other)


def memory(floor: Floor) -> FloorState:
    assert floor._tenure is not None
    return floor._tenure.state


async def kill_backend_of(database: Database, floor: Floor) -> None:
    assert floor._tenure is not None
    pid = floor._tenure._journal.connection.get_server_pid()
    connection = await asyncpg.connect(database.dsn)
    await connection.execute("SELECT pg_terminate_backend($1)", pid)
    await connection.close()
