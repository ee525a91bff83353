"""The cheapest HTTP/1.1 client there can be: ready-made requests over connections that stay open.

It shares the machine with what it measures, so it does nothing but write bytes and look for the end of an answer.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

_LENGTH = b"content-length: "


class Unexpected(Exception):
    """The server answered something else than success, or closed the connection."""


def request(path: str, headers: dict[str, str], body: bytes) -> bytes:
    """A POST as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", "host: bench", f"content-length: {len(body)}", "content-type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[bytes] | None = None
        self._received = b""

    @property
    def open(self) -> bool:
        """Whether it can still be used."""
        return self._transport is not None and not self._transport.is_closing()

    async def post(self, message: bytes) -> bytes:
        """Send a ready-made request; gives the body of the answer. Raises `Unexpected` unless it is 2xx."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(message)
        return await self._answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        self._received = self._received + data if self._received else data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        start = self._received.find(_LENGTH, 0, end)
        length = int(self._received[start + len(_LENGTH) : self._received.find(b"\r", start)]) if start >= 0 else 0
        if len(self._received) < end + 4 + length:
            return
        head, body, self._received = self._received[:end], self._received[end + 4 :], b""
        if self._answer is None or self._answer.done():
            return
        if head[9:10] == b"2":
            self._answer.set_result(body)
        else:
            self._answer.set_exception(Unexpected(f"{head[:60]!r} {body[:500]!r}"))

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Unexpected(f"the server closed the connection: {error}"))

    def close(self) -> None:
        """Let go."""
        if self._transport is not None:
            self._transport.close()


@asynccontextmanager
async def connections(host: str, port: int, count: int) -> AsyncIterator[list[Connection]]:
    """So many open connections."""
    loop, opened = asyncio.get_running_loop(), []
    try:
        for _ in range(count):
            _, connection = await loop.create_connection(Connection, host, port)
            opened.append(connection)
        yield opened
    finally:
        for connection in opened:
            connection.close()
