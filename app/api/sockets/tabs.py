"""Which agents have a socket here. Only when the last of an agent's tabs is gone is the floor told that they are."""

import asyncio
from collections import Counter
from typing import Protocol

import structlog

from app.api.http.services import FloorStatus
from app.core.errors import CallfloorError, Unavailable
from app.core.tasks import Supervisor
from app.floor.commands import Answer, Command, Disconnect

log = structlog.get_logger(__name__)


class TabsFloor(Protocol):
    """What the tabs need of the floor."""

    @property
    def status(self) -> FloorStatus:
        """Whether this process owns the floor."""

    async def submit(self, command: Command, scope: str | None = None, id: str | None = None) -> Answer:  # noqa: A002
        """Apply a command, answered after the commit."""


class Tabs:
    """Counts the open sockets of each agent of this process."""

    def __init__(self, floor: TabsFloor, tasks: Supervisor) -> None:
        self._floor = floor
        self._tasks = tasks
        self._open: Counter[str] = Counter()
        self._heard: dict[str, float] = {}

    def opened(self, agent_id: str) -> None:
        """Another socket of this agent said hello."""
        self._open[agent_id] += 1

    def closed(self, agent_id: str, last_heard: float) -> None:
        """One is gone; with the last one the floor is told when the agent was last heard on any of them."""
        heard = self._heard[agent_id] = max(last_heard, self._heard.get(agent_id, last_heard))
        self._open[agent_id] -= 1
        if not self._open[agent_id]:
            del self._open[agent_id], self._heard[agent_id]
            self._tasks.start(f"farewell of {agent_id}", self._farewell(agent_id, heard))

    def count(self, agent_id: str) -> int:
        """How many sockets this agent has here."""
        return self._open[agent_id]

    async def _farewell(self, agent_id: str, last_heard: float) -> None:
        """Told until the floor takes it, unless the agent is back or another process owns the floor by then."""
        while agent_id not in self._open and self._floor.status != "standby":
            try:
                await self._floor.submit(Disconnect(agent_id=agent_id, last_heard=last_heard))
            except Unavailable as error:
                await asyncio.sleep(error.retry_after)
            except CallfloorError as error:
                log.error("farewell not taken", agent=agent_id, error=error.detail)
                return
            else:
                return
