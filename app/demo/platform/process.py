"""The simulated platform as a process of its own."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import NamedTuple

import httpx
import uvicorn

from app.core.tasks import Supervisor
from app.demo.bank import CALLS_PER_MINUTE, CUSTOMERS
from app.demo.clients import demo_customers
from app.demo.lifeline import stop_asked
from app.demo.pace import Pace
from app.demo.platform.exchange import Exchange, World
from app.demo.platform.front import Front
from app.demo.platform.webhooks import Teller

WAVE_SECONDS = 240.0
WAVE = 0.35
GOODBYE_SECONDS = 3.0


class PlatformPlan(NamedTuple):
    """Where Callfloor's webhook is, the secret shared with it, where commands are taken, how busy the day is.

    With a `seed` the same people call; without one every day is different.
    """

    webhook: str
    secret: str
    port: int
    calls_per_minute: float = CALLS_PER_MINUTE
    pace: float = 1.0
    mischief: float = 1.0
    seed: int | None = None
    customers: int = CUSTOMERS


async def run_platform(plan: PlatformPlan) -> dict[str, int]:
    """Let people call until SIGTERM or SIGINT; returns the figures of the day."""
    dice, pace, tasks = Random(plan.seed), Pace(plan.pace), Supervisor()
    async with httpx.AsyncClient(timeout=10.0, limits=httpx.Limits(max_connections=64)) as client:
        teller = Teller(client, plan.webhook, plan.secret, tasks)
        exchange = Exchange(teller, tasks, World(demo_customers(plan.customers), dice, pace, plan.mischief))
        front = Front(exchange, teller, plan.secret)
        server = QuietServer(uvicorn.Config(front.app, port=plan.port, log_config=None, access_log=False))
        with stop_asked() as stop:
            serving = tasks.start("front", server.serve())
            calling = tasks.start("callers", _callers(exchange, Random(dice.random()), pace, plan.calls_per_minute))
            await stop.wait()
            calling.cancel()
            await exchange.close(GOODBYE_SECONDS)
            server.should_exit = True
            await serving
        await tasks.stop()
        return front.figures()


class QuietServer(uvicorn.Server):
    """Leaves the signals to the process that it is part of."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Catch nothing."""
        yield


async def _callers(exchange: Exchange, dice: Random, pace: Pace, per_minute: float) -> None:
    """Callers come independently of each other, more of them at some times than at others."""
    simulated = 0.0
    while True:
        gap = dice.expovariate(rate(per_minute, simulated) / 60.0)
        simulated += gap
        await pace.sleep(gap)
        exchange.place()


def rate(per_minute: float, at: float) -> float:
    """Calls a minute at a moment of the day (seconds): the mean, going up and down in slow waves."""
    return per_minute * (1.0 + WAVE * math.sin(2.0 * math.pi * at / WAVE_SECONDS))
