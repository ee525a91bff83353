"""All simulated agents, in one process: each with a sign-in and a socket of their own."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import NamedTuple

import httpx
import structlog

from app.core.tasks import Supervisor
from app.demo.agents.habits import Situation, Step, decide, situation
from app.demo.client.account import Account
from app.demo.client.desk import Desk
from app.demo.client.link import Link
from app.demo.lifeline import stop_asked
from app.demo.pace import Pace

log = structlog.get_logger(__name__)
GOODBYE_SECONDS = 2.0


class AgentsPlan(NamedTuple):
    """Who works where, how fast."""

    url: str
    logins: Sequence[str]
    password: str
    pace: float = 1.0
    seed: int | None = None


@dataclass
class Work:
    """What the simulated agents did together."""

    pops: int = 0
    done: int = 0
    refused: int = 0
    reconnections: int = 0


class SimulatedAgent:
    """One agent: reads the frames, thinks for a while, gives a command."""

    def __init__(self, link: Link, tasks: Supervisor, dice: Random, pace: Pace, work: Work) -> None:
        self.link = link
        self._tasks = tasks
        self._dice = dice
        self._pace = pace
        self._work = work
        self._desk = Desk()

    async def live(self) -> None:
        """Work until cancelled."""
        self._tasks.start(f"link of {self.link.session}", self.link.run())
        where: Situation = ()
        step, due = None, 0.0
        loop = asyncio.get_running_loop()
        while True:
            if await self._is_news(due - loop.time() if step else None):
                now_at = situation(self._desk)
                if now_at != where:
                    where, (step, due) = now_at, self._think(now_at, loop.time())
            elif step is not None:
                self._tasks.start(step.command, self._ask(step))
                step = None

    def _think(self, where: Situation, now: float) -> tuple[Step | None, float]:
        step = decide(where, self._desk, self._dice)
        return step, now + self._pace.real(step.after) if step else 0.0

    async def _is_news(self, seconds: float | None) -> bool:
        """Read one frame; false when `seconds` passed without any."""
        try:
            async with asyncio.timeout(None if seconds is None else max(0.0, seconds)):
                frame = await self.link.frames.get()
        except TimeoutError:
            return False
        self._desk.take(frame)
        self._work.pops += frame["type"] == "contact.offered"
        self._work.reconnections += frame["type"] == "link.down"
        return True

    async def _ask(self, step: Step) -> None:
        answer = await self.link.ask(step.command, **step.data)
        self._work.done += bool(answer.get("ok"))
        self._work.refused += not answer.get("ok")


async def run_agents(plan: AgentsPlan, account: type[Account] = Account) -> dict[str, int]:
    """Let everybody work until SIGTERM or SIGINT; returns what was done. Raises what ends an agent for good."""
    work, deaths = Work(), list[BaseException]()
    async with httpx.AsyncClient(timeout=30.0) as client:
        with stop_asked() as stop:

            def died(name: str, error: BaseException) -> None:
                deaths.append(error)
                stop.set()

            tasks = Supervisor(died)
            agents = [
                SimulatedAgent(
                    Link(account(client, plan.url, login, plan.password)),
                    tasks,
                    Random(None if plan.seed is None else plan.seed * 1000 + place),
                    Pace(plan.pace),
                    work,
                )
                for place, login in enumerate(plan.logins)
            ]
            for agent in agents:
                tasks.start("agent", agent.live())
            await stop.wait()
            await _log_off(agents)
        await tasks.stop()
    if deaths:
        raise deaths[0]
    return asdict(work)


async def _log_off(agents: Sequence[SimulatedAgent]) -> None:
    """Leave in an orderly way as far as the floor lets everybody go now."""
    goodbyes = [agent.link.ask("agent.log_off") for agent in agents if agent.link.up]
    try:
        async with asyncio.timeout(GOODBYE_SECONDS):
            await asyncio.gather(*goodbyes)
    except TimeoutError:
        log.info("left without an answer to every goodbye")
