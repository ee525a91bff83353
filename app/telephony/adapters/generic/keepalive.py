"""HTTP/1.1 for orders: connections that stay open, with no more around a request than it needs.

httpx's own transport uses a millisecond and a half of processor time for each request, a third of what a whole call
costs the server; this one leaves reading the answer to the parser that the server itself uses.
"""

import asyncio
from typing import NamedTuple, cast

import httptools
import httpx

from app.core.certificates import trusted
from app.core.guarding import ascii_host

MOST_RESTING = 50
"""Open connections kept for each platform while nothing is ordered from it."""

LARGEST_ANSWER = 1 << 20
MOST_HEARD = 2 * LARGEST_ANSWER
"""Bytes in which an answer must have come: its body with all that is around it, and what comes before it."""

PORTS = {"http": 80, "https": 443}


class Stale(Exception):
    """The other end closed the connection before it answered anything."""


class Answer(NamedTuple):
    """What came back. Header names as they were sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class KeepAlive(httpx.AsyncBaseTransport):
    """The transport of an `httpx.AsyncClient`, which closes it."""

    def __init__(self) -> None:
        self._resting: dict[tuple[str, str, int], list[Connection]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read all of the answer, whose body is given as it came. Raises the exceptions of httpx."""
        if request.url.scheme not in PORTS or not request.url.raw_host:
            raise httpx.UnsupportedProtocol("The address must begin with http:// or https:// and name a host.")
        message = _head(request) + await request.aread()
        limits = request.extensions.get("timeout", {})
        answer = await self._ask(request.url, message, limits.get("connect"), limits.get("read"))
        # httpx would unpack what is said to be packed: a megabyte of that may be a gigabyte
        headers = [header for header in answer.headers if header[0].lower() != b"content-encoding"]
        return httpx.Response(answer.status, headers=headers, content=answer.body)

    async def aclose(self) -> None:
        """Let go of the connections that rest."""
        for connections in self._resting.values():
            for connection in connections:
                connection.close()
        self._resting.clear()

    async def _ask(self, url: httpx.URL, message: bytes, connect: float | None, read: float | None) -> Answer:
        """One that rests may have been closed meanwhile: then the next one is asked, at last a new one.

        What is asked carries a key, so nothing happens twice where the other end did hear it.
        """
        place = (url.scheme, ascii_host(url), url.port or PORTS[url.scheme])
        resting = self._resting.setdefault(place, [])
        while resting:
            connection = resting.pop()
            try:
                return await self._over(connection, message, read, resting)
            except Stale:
                continue
        try:
            return await self._over(await self._connect(place, connect), message, read, resting)
        except Stale as error:
            raise httpx.RemoteProtocolError("The connection was closed without an answer.") from error

    async def _over(
        self, connection: "Connection", message: bytes, read: float | None, resting: list["Connection"]
    ) -> Answer:
        try:
            async with asyncio.timeout(read):
                answer = await connection.ask(message)
        except TimeoutError as error:
            raise httpx.ReadTimeout("No answer in time.") from error
        finally:
            if connection.reusable and len(resting) < MOST_RESTING:
                resting.append(connection)
            else:
                connection.close()
        return answer

    async def _connect(self, place: tuple[str, str, int], seconds: float | None) -> "Connection":
        scheme, host, port = place
        tls = trusted() if scheme == "https" else None
        try:
            async with asyncio.timeout(seconds):
                _, made = await asyncio.get_running_loop().create_connection(Connection, host, port, ssl=tls)
        except TimeoutError as error:
            raise httpx.ConnectTimeout("No connection in time.") from error
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error
        return made


class Connection(asyncio.Protocol):
    """One connection; one request at a time. `reusable` once an answer has been read to its end."""

    def __init__(self) -> None:
        self.reusable = self._broken = False
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._heard = 0
        self._clear()

    async def ask(self, message: bytes) -> Answer:
        """Send a request; gives the answer. Raises `Stale`, `httpx.ReadError` or `httpx.RemoteProtocolError`."""
        self.reusable = False  # first: one that is closing must not rest again, to be asked for ever
        if self._transport is None or self._transport.is_closing():
            raise Stale
        self._clear()
        self._heard = 0
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(message)
        return await self._waiting

    def close(self) -> None:
        """Break it off."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Called by the loop. Whoever speaks without being asked would be taken for answering what is asked next."""
        if self._waiting is None or self._waiting.done():
            self._break_off()
            return
        self._heard += len(data)
        if self._heard > MOST_HEARD:  # also where none of it is a body: headers, or news before the answer, for ever
            self._fail(httpx.ReadError(f"The answer is larger than {LARGEST_ANSWER} bytes."))
            self._break_off()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(httpx.RemoteProtocolError(f"This is no HTTP answer: {error}"))

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop. An answer of unannounced length ends with its connection."""
        self.reusable = False
        if self._endless and error is None:
            self._finish()
        elif self._heard:
            self._fail(httpx.ReadError("The connection was closed in the middle of the answer."))
        else:
            self._fail(Stale())

    def on_message_begin(self) -> None:
        """Called by the parser. A second answer to one question is no answer to the next."""
        if self._waiting is not None and self._waiting.done():
            self._clear()
            self._break_off()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser."""
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        names = {name.lower() for name, _ in self._headers}
        self._endless = not names & {b"content-length", b"transfer-encoding"}

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._body += body  # in place: in pieces of a byte a copy of each would hold the loop for minutes
        if len(self._body) > LARGEST_ANSWER:
            self._fail(httpx.ReadError(f"The answer is larger than {LARGEST_ANSWER} bytes."))

    def on_message_complete(self) -> None:
        """Called by the parser. What comes before the real answer (100 to 199) is passed over."""
        if self._parser.get_status_code() < httpx.codes.OK:
            self._clear()
            return
        self.reusable = self._parser.should_keep_alive() and not self._broken
        self._finish()

    def _clear(self) -> None:
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = bytearray()
        self._endless = False

    def _finish(self) -> None:
        self._endless = False
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(Answer(self._parser.get_status_code(), self._headers, bytes(self._body)))

    def _break_off(self) -> None:
        self._broken, self.reusable = True, False
        self.close()

    def _fail(self, error: Exception) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)


def _head(request: httpx.Request) -> bytes:
    lines = [b"%b %b HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%b: %b" % header for header in request.headers.raw]
    return b"\r\n".join(lines) + b"\r\n\r\n"
