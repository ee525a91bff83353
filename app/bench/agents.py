"""A thousand agents at their sockets: real WebSocket connections that accept at once and wrap up at once.

Written on the protocol engine of `websockets` without its tasks and queues, since the clients share the machine with
the server that they measure.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, cast

import msgspec
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from app.bench.processes import HOST

AT_ONCE = 50
PATIENCE = 60.0
_encode = msgspec.json.Encoder().encode


class _State(msgspec.Struct):
    id: str
    state: str
    wrap_up: str | None = None


class _Contact(msgspec.Struct):
    id: str
    call_id: str


class _Heard(msgspec.Struct):
    """What an agent needs of a frame."""

    type: str = ""
    re: int | None = None
    ok: bool = True
    agent: _State | None = None
    contact: _Contact | None = None


_read = msgspec.json.Decoder(_Heard).decode

Popped = Callable[[str, float], None]
"""Told the call id of a screen pop, and when its frame had arrived (`time.perf_counter`)."""


class Agent(asyncio.Protocol):
    """One agent's socket. `ready` is set once the floor has made the agent ready.

    One who is not `busy` only looks on: their phone answers for them, and their wrap-up ends by itself.
    """

    def __init__(self, name: str, token: str, uri: str, popped: Popped, busy: bool = True) -> None:
        self.ready = asyncio.get_running_loop().create_future()
        self._name = name
        self._token = token
        self._popped = popped
        self._busy = busy
        self._ids = 0
        self._engine = ClientProtocol(parse_uri(uri), subprotocols=[Subprotocol("callfloor.v1")], max_size=None)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast("asyncio.Transport", transport)
        self._engine.send_request(self._engine.connect())
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        arrived = time.perf_counter()
        self._engine.receive_data(data)
        for event in self._engine.events_received():
            if isinstance(event, Response):
                self._say("hello", token=self._token)
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._hear(bytes(event.data), arrived)
        self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop."""
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"{self._name} lost the socket: {self._engine.close_reason}"))

    def close(self) -> None:
        """Leave."""
        if self._transport is not None:
            self._transport.close()

    def _hear(self, text: bytes, arrived: float) -> None:
        frame = _read(text)
        if frame.type == "contact.offered" and frame.contact is not None:
            self._popped(frame.contact.call_id, arrived)
            if self._busy:
                self._say("offer.accept", contact_id=frame.contact.id)
        elif frame.type == "agent.state" and frame.agent is not None:
            self._obey(frame.agent)
        elif frame.type == "welcome":
            self._say("agent.ready")
        elif frame.type == "ping":
            self._say("pong")
        elif not frame.ok and not self.ready.done():
            self.ready.set_exception(AssertionError(f"{self._name} was refused: {text!r}"))

    def _obey(self, mine: _State) -> None:
        if mine.state == "working_after_call" and mine.wrap_up is not None:
            if not self._busy:
                return
            self._say("wrap_up.done", contact_id=mine.wrap_up, code="solved", note="All said.")
        elif mine.state == "ready" and not self.ready.done():
            self.ready.set_result(None)

    def _say(self, kind: str, **facts: Any) -> None:
        self._ids += 1
        self._engine.send_text(_encode({"id": self._ids, "type": kind, **facts}))
        self._flush()

    def _flush(self) -> None:
        assert self._transport is not None
        for data in self._engine.data_to_send():
            if data:
                self._transport.write(data)


async def all_ready(tokens: Iterable[tuple[str, str]], port: int, popped: Popped, busy: bool = True) -> list[Agent]:
    """Connect these agents (id, token) and make them ready."""
    loop, agents = asyncio.get_running_loop(), []
    uri = f"ws://{HOST}:{port}/ws/agent"
    async with asyncio.timeout(PATIENCE):
        for some in _chunks(list(tokens)):
            made = [Agent(name, token, uri, popped, busy) for name, token in some]
            for agent in made:
                await loop.create_connection(partial(_same, agent), HOST, port)
            await asyncio.gather(*(agent.ready for agent in made))
            agents += made
    return agents


def _same(agent: Agent) -> Agent:
    return agent


def _chunks(tokens: list[tuple[str, str]]) -> Iterable[list[tuple[str, str]]]:
    return (tokens[start : start + AT_ONCE] for start in range(0, len(tokens), AT_ONCE))
