"""A floor of a few lines for the edges of the wires: remembers what it was asked, answers what a test wants."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from app.api.http.services import FloorStatus
from app.core.errors import Unavailable
from app.floor.commands import Answer, Command, Look
from app.realtime.hub import Hub
from app.telephony.port import KnownCall

REPLAY_LIMIT = 1000


class FakeFloor:
    """Commits at once. `happens` is an event of one agent: logged, then published."""

    def __init__(self, hub: Hub | None = None) -> None:
        self.hub = hub or Hub()
        self.status: FloorStatus = "owner"
        self.seq = 0
        self.log: list[tuple[int, str | None, bytes]] = []
        self.asked: list[Command] = []
        self.keys: list[tuple[str | None, str | None]] = []
        self.live: set[tuple[str, str]] = set()
        self.answers: dict[type[Command], Callable[[Any], Answer]] = {}
        self.shown: dict[str, Any] = {}
        self.before_look: Callable[[], None] = lambda: None
        self._inbox: dict[tuple[str, str], Answer] = {}

    async def submit(self, command: Command, scope: str | None = None, id: str | None = None) -> Answer:  # noqa: A002
        if self.status != "owner":
            raise Unavailable("The journal cannot commit right now.", retry_after=1)
        await asyncio.sleep(0)
        if isinstance(command, Look):
            return self._look(command)
        self.keys.append((scope, id))
        if scope is not None and id is not None and (scope, id) in self._inbox:
            return self._inbox[scope, id]
        self.asked.append(command)
        answer = self.answers.get(type(command), lambda _: Answer(True))(command)
        if scope is not None and id is not None:
            self._inbox[scope, id] = answer
        return answer

    def asks_secret(self, source: str, call_id: str, script: object) -> bool:
        return False

    def has_rung(self, source: str, call_id: str) -> bool:
        return False

    def live_call(self, source: str, call_id: str, number: str | None = None) -> bool:
        return (source, call_id) in self.live

    def calls_of(self, source: str) -> list[KnownCall]:
        return [KnownCall(call, ()) for of, call in self.live if of == source]

    async def replay(self, after: int, upto: int, agent_id: str | None) -> list[tuple[int, bytes]]:
        await asyncio.sleep(0)
        found = [(seq, frame) for seq, agent, frame in self.log if after < seq <= upto and agent_id in (agent, None)]
        return found[: REPLAY_LIMIT + 1]

    def happens(self, agent: str | None = None, kind: str = "agent.state", **data: Any) -> int:
        """One event; its frame goes to the agent's sockets and to the floor's."""
        self.seq += 1
        frame = msgspec.json.encode({"seq": self.seq, "type": kind, **data})
        self.log.append((self.seq, agent, frame))
        if agent is not None:
            self.hub.publish(f"agent:{agent}", self.seq, frame)
        self.hub.publish("floor", self.seq, frame)
        return self.seq

    def of(self, kind: type[Command]) -> list[Any]:
        """The commands of one kind that were applied."""
        return [command for command in self.asked if isinstance(command, kind)]

    def _look(self, command: Look) -> Answer:
        seq = self.seq
        self.before_look()
        if command.what == "agent":
            return Answer(True, {"seq": seq, "agent": {"id": command.agent_id}, "contacts": []})
        whole: dict[str, Any] = {"queues": [], "teams": [], "agents": [], "by_state": {}, "contacts": []}
        return Answer(True, {"seq": seq, **whole, **self.shown})
