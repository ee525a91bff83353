"""A floor of one's own to play whole calls on, in this process: the real journal, and people who answer at once."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import asyncpg
import msgspec

from app.core.clock import now
from app.core.tasks import Supervisor
from app.db.engine import dsn_of
from app.floor import frames
from app.floor.commands import Command, Connect, Ready, Recognised
from app.floor.configuration.config import FloorConfig
from app.floor.orders.outbox import Outbox
from app.floor.orders.settling import Settling
from app.floor.service import Floor
from app.telephony.directory import SourceAccess, SourceDirectory
from app.telephony.port import Delivered, Outcome, SwitchCommand


class _Contact(msgspec.Struct):
    id: str


class _Pop(msgspec.Struct):
    contact: _Contact


_read_pop = msgspec.json.Decoder(_Pop).decode
_POP = b'"type":"contact.offered"'
_HEAD = 64


class Pop(NamedTuple):
    """A screen pop: at whose desk, of which contact, and when (`time.perf_counter`)."""

    agent: str
    contact: str
    at: float


class Desks:
    """Stands for the sockets of all agents: hears the frames, and knows at once to whom a contact was offered.

    Pops are asked for by the id of their contact, or, with `by_agent`, by that of the agent.
    """

    def __init__(self, by_agent: bool = False) -> None:
        self._by_agent = by_agent
        self._pops: dict[str, asyncio.Future[Pop]] = {}

    async def popped(self, key: str) -> Pop:
        """The pop of this contact, or the next one of this agent; each is told once."""
        try:
            return await self._future(key)
        finally:
            del self._pops[key]

    async def seen(self, key: str) -> Pop:
        """The same, left for whoever asks for it with `popped`."""
        return await asyncio.shield(self._future(key))

    def publish(self, topic: str, seq: int, frame: bytes) -> None:
        """Take a frame; a screen pop wakes whoever waits for it."""
        if _POP not in frame[:_HEAD]:
            return
        agent, contact = topic.removeprefix(frames.AGENT_TOPIC), _read_pop(frame).contact.id
        self._future(agent if self._by_agent else contact).set_result(Pop(agent, contact, time.perf_counter()))

    def broadcast(self, frame: bytes) -> None:
        """Nobody here minds a degraded floor."""

    def dismiss(self, code: int, reason: str) -> None:
        """Nobody needs to be sent away."""

    def listened(self, topic: str) -> bool:
        """Agents listen, supervisors do not."""
        return topic != frames.FLOOR_TOPIC

    def _future(self, key: str) -> asyncio.Future[Pop]:
        future = self._pops.get(key)
        if future is None:
            future = self._pops[key] = asyncio.get_running_loop().create_future()
        return future


class Obedient:
    """A platform that takes every command at once."""

    async def execute(self, access: SourceAccess, command: SwitchCommand) -> Outcome:
        """Confirm."""
        return Delivered()


class Field:
    """A running floor, its desks, and the latencies of what was submitted through it while `measuring`."""

    def __init__(self, floor: Floor, desks: Desks, callers: Sequence[Recognised]) -> None:
        self.floor = floor
        self.desks = desks
        self.callers = callers
        self.measuring = False
        self.latencies: list[float] = []
        self._ids = 0

    async def submit(self, command: Command, scope: str) -> dict[str, Any]:
        """Submit under a fresh id, as webhooks and sockets do; it must be accepted."""
        self._ids += 1
        begun = time.perf_counter()
        answer = await self.floor.submit(command, scope, str(self._ids))
        if self.measuring:
            self.latencies.append(time.perf_counter() - begun)
        assert answer.ok, answer.body
        return answer.body

    async def staff(self, agents: Sequence[str]) -> None:
        """Let these agents log on and become ready."""
        await asyncio.gather(*(self.submit(Connect(agent_id=agent), "bench") for agent in agents))
        await asyncio.gather(*(self.submit(Ready(agent_id=agent), "bench") for agent in agents))


class Ground(msgspec.Struct, frozen=True):
    """Where floors are opened: a database that has a bank, and customers who were looked up in it."""

    url: str
    pool: "asyncpg.Pool[Any]"
    callers: Sequence[Recognised]


@asynccontextmanager
async def open_field(ground: Ground, name: str, config: FloorConfig, by_agent: bool = False) -> AsyncIterator[Field]:
    """The floor `name`, new and empty, deciding by `config`."""
    tasks, desks = Supervisor(), Desks(by_agent)
    dsn = dsn_of(ground.url)
    orders = Outbox(
        floor=name,
        directory=SourceDirectory([SourceAccess(source, ()) for source in config.sources]),
        driver=Obedient(),
        settling=Settling(lambda: asyncpg.connect(dsn, timeout=5), name),
        on_failed=_never,
        clock=now,
    )
    floor = Floor(dsn=dsn, floor=name, pool=ground.pool, clock=now, publisher=desks, orders=orders)
    run = tasks.start("floor", floor.run())
    try:
        while floor.status != "owner":  # noqa: ASYNC110 - a status is not an event
            await asyncio.sleep(0.01)
        floor.configure(config)
        yield Field(floor, desks, ground.callers)
    finally:
        await floor.stop()
        with suppress(TimeoutError):
            await asyncio.wait_for(run, 10)
        await tasks.stop()


async def _never(failed: object) -> None:
    raise AssertionError(f"an order failed: {failed}")
