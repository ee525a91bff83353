"""A little HTTP server for tests: answers as told, remembers what it was asked."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.fixtures.listening import listening

Answerer = Callable[["Request"], tuple[int, dict[str, str], Any]]


@dataclass
class Request:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The decoded body."""
        return msgspec.json.decode(self.body)


@dataclass
class LittleServer:
    """Where it listens, what it was asked so far, and how it answers."""

    answer: Answerer
    url: str = ""
    requests: list[Request] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *rest = head.strip().split("\r\n")
        method, path, _ = line.split()
        headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in rest)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        request = Request(method, path, headers, body)
        self.requests.append(request)
        status, extra, value = self.answer(request)
        content = msgspec.json.encode(value)
        fields = {
            "content-type": "application/json",
            "content-length": str(len(content)),
            "connection": "close",
        } | extra
        lines = "".join(f"{name}: {text}\r\n" for name, text in fields.items())
        writer.write(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + content)
        await writer.drain()


@asynccontextmanager
async def little_server(answer: Answerer) -> AsyncIterator[LittleServer]:
    """A server on a free loopback port for the length of the block."""
    little = LittleServer(answer)
    async with listening(little.serve) as port:
        little.url = f"http://127.0.0.1:{port}"
        yield little


async def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until `condition` holds; fail after `seconds`."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for lives elsewhere and has no event
            await asyncio.sleep(0.005)
