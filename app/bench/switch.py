"""The telephone platform of the bench: places calls at a given rate, takes commands, plays each call to its end."""

import asyncio
import time
from collections.abc import Callable
from random import Random
from typing import cast

import msgspec

from app.bench import signed
from app.bench.processes import HOST
from app.bench.signed import Signer
from app.bench.wire import Connection
from app.core.ids import new_id

TALK_SECONDS = 1.0
PATIENCE = 30.0
_TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
_HEAD_END = b"\r\n\r\n"


class _Phone(msgspec.Struct):
    id: str


class _Data(msgspec.Struct):
    call_id: str
    agent: _Phone | None = None


class _Order(msgspec.Struct):
    type: str
    data: _Data


_read_order = msgspec.json.Decoder(_Order).decode


class Commands(asyncio.Protocol):
    """One connection over which the server posts its commands; each is answered at once."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        self._received += data
        end = self._received.find(_HEAD_END)
        if end < 0:
            return
        head = self._received[:end].lower()
        start = head.index(b"content-length:") + len(b"content-length:")
        length = int(head[start:].split(b"\r\n", 1)[0])
        if len(self._received) < end + len(_HEAD_END) + length:
            return
        body = self._received[end + len(_HEAD_END) :]
        self._received = b""
        assert self._transport is not None
        self._transport.write(_TAKEN)
        self._take(body)


class Switch:
    """Places calls and remembers when each was offered; `popped` is told by the agents' sockets."""

    def __init__(self, signer: Signer, port: int, customers: int) -> None:
        self.offered: dict[str, float] = {}
        self.pops: list[float] = []
        self._signer = signer
        self._port = port
        self._customers = customers
        self._idle: list[Connection] = []
        self._work: asyncio.TaskGroup | None = None
        self._places = 0
        self._open = 0

    def popped(self, call_id: str, arrived: float) -> None:
        """The frame of this call has arrived at an agent; only the first one counts."""
        offered = self.offered.pop(call_id, None)
        if offered is not None:
            self.pops.append(arrived - offered)

    def command(self, body: bytes) -> None:
        """The server wants something; a connected agent's phone is answered at once."""
        order = _read_order(body)
        if order.type == "call.connect" and order.data.agent is not None and self._work is not None:
            self._work.create_task(self._talk(order.data.call_id, order.data.agent.id))

    async def place(self, per_second: float, seconds: float, seed: int) -> list[float]:
        """Let callers come independently of each other for so long; gives the seconds from offer to pop of each."""
        dice = Random(seed)  # noqa: S311 - the dice of a load need no cryptography
        self.pops = []
        async with asyncio.TaskGroup() as self._work:
            begun = due = time.perf_counter()
            while due - begun < seconds:
                due += dice.expovariate(per_second)
                await asyncio.sleep(due - time.perf_counter())
                self._work.create_task(self._offer())
            await self._quiet()
        return self.pops

    async def _quiet(self) -> None:
        """Until the last call has ended."""
        async with asyncio.timeout(PATIENCE):
            while self._open:  # noqa: ASYNC110 - the calls end one by one
                await asyncio.sleep(0.05)

    async def _offer(self) -> None:
        call_id, place = new_id(), self._places % self._customers
        self._places += 1
        self._open += 1
        message = self._signer.request(signed.offered(call_id, place))
        connection = await self._connection()
        self.offered[call_id] = time.perf_counter()
        await self._post(connection, message)

    async def _talk(self, call_id: str, agent: str) -> None:
        await self._tell("delivered", call_id, 2, agent)
        await self._tell("established", call_id, 3, agent)
        await asyncio.sleep(TALK_SECONDS)
        await self._tell("connection_cleared", call_id, 4, agent)
        body = signed.event("cleared", call_id, 5, cause="normal")
        await self._post(await self._connection(), self._signer.request(body))
        self._open -= 1

    async def _tell(self, kind: str, call_id: str, sequence: int, agent: str) -> None:
        body = signed.event(kind, call_id, sequence, leg_id="agent", agent=agent)
        await self._post(await self._connection(), self._signer.request(body))

    async def _post(self, connection: Connection, message: bytes) -> None:
        await connection.post(message)
        self._idle.append(connection)

    async def _connection(self) -> Connection:
        """The one used last, since the server closes those that rest."""
        while self._idle:
            connection = self._idle.pop()
            if connection.open:
                return connection
        _, made = await asyncio.get_running_loop().create_connection(Connection, HOST, self._port)
        return made
