"""(c) The screen pop: from sending call.offered to the frame with the profile at an agent's socket."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from app.bench.agents import all_ready
from app.bench.figures import Latency, latency
from app.bench.processes import HOST, Cores
from app.bench.switch import Commands, Switch


class Pops(msgspec.Struct, frozen=True):
    """What one rate of calls came to."""

    calls_per_second: float
    latency: Latency
    shares: dict[str, float]


@asynccontextmanager
async def at_their_desks(port: int, switch: Switch, tokens: Sequence[tuple[str, str]]) -> AsyncIterator[None]:
    """All agents (id, token) at their sockets and ready, for as long as the block lasts."""
    agents = await all_ready(tokens, port, switch.popped)
    try:
        yield
    finally:
        for agent in agents:
            agent.close()


async def warm_up(switch: Switch, rate: float, seconds: float) -> None:
    """Calls that nobody counts."""
    await switch.place(rate, seconds, seed=0)


async def measure(switch: Switch, cores: Cores, rate: float, seconds: float) -> Pops:
    """Let `rate` calls a second come for so long."""
    cores.start()
    begun = time.perf_counter()
    taken = await switch.place(rate, seconds, seed=int(rate))
    return Pops(rate, latency(taken), cores.shares(time.perf_counter() - begun))


async def listen(switch: Switch, port: int) -> asyncio.Server:
    """Take the server's commands at `port`; close it after use."""
    return await asyncio.get_running_loop().create_server(lambda: Commands(switch.command), HOST, port)
