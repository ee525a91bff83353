"""Simulated agents against a little floor of one contact."""

import asyncio
import os
import signal
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve

from app.core.tasks import Supervisor
from app.demo.agents.process import AgentsPlan, run_agents
from app.demo.client.account import Account, SignInRefused
from tests.demo.little_server import little_server, until

pytestmark = pytest.mark.enable_socket


class TinyFloor:
    """Offers one contact to whoever becomes ready; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.seq = 0

    async def handle(self, socket: ServerConnection) -> None:
        """One agent's socket."""
        hello = msgspec.json.decode(await socket.recv())
        welcome = {"type": "welcome", "re": hello["id"], "ok": True, "seq": 0, "contacts": []}
        await self._send(socket, welcome | self._agent("not_ready", reason="logged_on"))
        async for message in socket:
            command = msgspec.json.decode(message)
            self.asked.append(command)
            await self._send(socket, {"re": command["id"], "ok": True})
            for frame in self._frames_after(command["type"]):
                await self._send(socket, frame)

    def _frames_after(self, command: str) -> Iterator[dict[str, Any]]:
        contact = {"id": "c1", "state": "offered", "queue": "cards"}
        if command == "agent.ready":
            yield {"type": "agent.state"} | self._agent("reserved", offer="c1")
            yield {"type": "contact.offered", "contact": contact, "profile": {}, "why": {}, "expires_at": "x"}
        elif command == "offer.accept":
            yield {"type": "agent.state"} | self._agent("working_after_call", wrap_up="c1")

    def _agent(self, state: str, **more: Any) -> dict[str, Any]:
        return {"agent": {"state": state, "contacts": [], "since": self.seq, **more}}

    async def _send(self, socket: ServerConnection, frame: dict[str, Any]) -> None:
        self.seq += 1
        numbered = frame if "re" in frame else frame | {"seq": self.seq}
        await socket.send(msgspec.json.encode(numbered).decode())


class SignedIn(Account):
    """Somebody who has a token already."""

    async def token(self) -> str:
        return "token"


async def test_an_agent_gets_ready_takes_the_offer_and_wraps_up() -> None:
    floor = TinyFloor()
    async with serve(floor.handle, "127.0.0.1", 0, subprotocols=["callfloor.v1"]) as server:  # type: ignore[list-item]
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        plan = AgentsPlan(url, ["wei"], "secret", pace=200, seed=3)
        running = Supervisor().start("agents", run_agents(plan, SignedIn))
        await until(lambda: any(command["type"] == "wrap_up.done" for command in floor.asked))
        os.kill(os.getpid(), signal.SIGTERM)
        work = await asyncio.wait_for(running, 30)
    assert [command["type"] for command in floor.asked][:3] == ["agent.ready", "offer.accept", "wrap_up.done"]
    assert floor.asked[-1]["type"] == "agent.log_off"
    assert (work["pops"], work["refused"]) == (1, 0)


async def test_a_refused_sign_in_ends_the_process_with_the_reason() -> None:
    async with little_server(lambda request: (401, {}, {"detail": "Wrong password."})) as server:
        with pytest.raises(SignInRefused, match="wei could not sign in"):
            await asyncio.wait_for(run_agents(AgentsPlan(server.url, ["wei"], "wrong")), 30)
