"""A phone's socket: requests are said again until somebody answers, answers when somebody asks again."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.demo.pbx.sip.message import Message, MessageFaulty

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 4.0
KEPT_ANSWERS = 200
Receive = Callable[[Message], None]


class NoAnswer(TimeoutError):
    """Nobody answered a request."""


@dataclass(eq=False)
class Waiting:
    """A request of ours on its way: its final response, and whoever wants to know of the provisional ones."""

    told: Receive | None
    final: asyncio.Future[Message] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    heard: bool = False

    def take(self, response: Message) -> None:
        """A response came."""
        self.heard = True
        if (response.status or 0) < 200:
            if self.told is not None:
                self.told(response)
        elif not self.final.done():
            self.final.set_result(response)


class Wire(asyncio.DatagramProtocol):
    """Speaks with one server; `receive` gets each request of the other side once."""

    def __init__(self, host: str, server: tuple[str, int], receive: Receive) -> None:
        self.host = host
        self.server = server
        self.deaf = False
        """As a phone that lost its network: whatever comes is not heard."""
        self._receive = receive
        self._waiting: dict[tuple[str, str], Waiting] = {}
        self._answers: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self, port: int = 0) -> None:
        """Take the port; any, if none is named."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self.host, port))

    def close(self) -> None:
        """Give the port back."""
        if self._transport is not None:
            self._transport.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._transport is not None, "not open"
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    @property
    def place(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"

    def send(self, message: Message) -> None:
        """Say something once."""
        self._out(message.encode())

    def answer(self, request: Message, response: Message) -> None:
        """Answer a request, and each repetition of it."""
        data = response.encode()
        self._answers[_request(request)] = data
        if len(self._answers) > KEPT_ANSWERS:
            self._answers.popitem(last=False)
        self._out(data)

    async def ask(self, request: Message, seconds: float, told: Receive | None = None) -> Message:
        """Send a request until its final response comes, and give that; raises `NoAnswer`."""
        loop = asyncio.get_running_loop()
        end, pause, waiting = loop.time() + seconds, FIRST_PAUSE, Waiting(told)
        key = (request.branch, request.method)
        self._waiting[key] = waiting
        try:
            while not waiting.final.done() and loop.time() < end:
                if not waiting.heard:
                    self.send(request)
                await asyncio.wait([waiting.final], timeout=min(pause, end - loop.time()))
                pause = min(2 * pause, LONGEST_PAUSE)
        finally:
            del self._waiting[key]
        if not waiting.final.done():
            raise NoAnswer(f"{request.first}: no answer from {self.server[0]}:{self.server[1]} in {seconds:g} s")
        return waiting.final.result()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """A message of the other side."""
        if self.deaf:
            return
        try:
            message = Message.parse(data)
            if message.status is not None:
                waiting = self._waiting.get((message.branch, message.method))
                if waiting is not None:
                    waiting.take(message)
            elif message.method != "ACK" and _request(message) in self._answers:
                self._out(self._answers[_request(message)])
            else:
                self._receive(message)
        except MessageFaulty:
            return

    def _out(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, self.server)


def _request(message: Message) -> tuple[str, str]:
    return message.call_id, message.want("CSeq")
