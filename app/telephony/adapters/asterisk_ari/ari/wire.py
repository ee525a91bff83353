"""A client's WebSocket without tasks and queues between the network and whoever reads or writes.

Every call over an Asterisk is two dozen frames, and each task that a frame passes through is a turn of the loop that it
waits for. Here a frame is handed over where its bytes arrive, and written where it is sent; the loop puts together what
is written in one turn.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import cast

from websockets.client import ClientProtocol
from websockets.exceptions import PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

Take = Callable[[bytes], None]
MOST_BYTES = 64 * 1024 * 1024
"""The longest text that is taken: the list of 50,000 channels. So much may also wait for the other side to take it."""


class Wire(asyncio.Protocol):
    """Made by `open_wire`. Texts are kept until `read` says who takes them; `ended` is done once the connection is
    over, with the error of whoever took a text, or of a text that was too long, if that is why."""

    def __init__(self, url: str, headers: Mapping[str, str], ping_seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self._ping_seconds = ping_seconds
        self._engine = ClientProtocol(parse_uri(url), max_size=MOST_BYTES)
        self._headers = headers
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._alive = True
        self._kept: list[bytes] = []
        self._take: Take = self._kept.append
        self._parts: list[bytes] = []

    def read(self, take: Take) -> None:
        """Hand over what has come, and all that comes."""
        kept, self._kept, self._take = self._kept, [], take
        for text in kept:
            take(text)

    def send(self, text: bytes) -> None:
        """Send a text; into the void when the connection is over."""
        if self._engine.state is State.OPEN and not self.ended.done():
            self._engine.send_text(text)
            self._flush()
            if self._transport is not None and self._transport.get_write_buffer_size() > MOST_BYTES:
                self._transport.abort()  # the other side takes nothing

    def abort(self) -> None:
        """End it without goodbye."""
        if self._transport is not None:
            self._transport.abort()

    async def close(self, seconds: float) -> None:
        """Say goodbye, and wait so long for it to be said in return."""
        if self._transport is None:
            return
        if self._engine.state is State.OPEN and not self._transport.is_closing():
            self._stop_pinging()
            self._engine.send_close(1000)
            self._flush()
            await asyncio.wait([self.ended], timeout=seconds)
        self._transport.abort()

    # -- called by the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The network is there."""
        self._transport = cast("asyncio.Transport", transport)
        request = self._engine.connect()
        request.headers.update(self._headers)
        self._engine.send_request(request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Bytes of the other side."""
        self._alive = True
        self._engine.receive_data(data)
        self._turn()

    def eof_received(self) -> None:
        """The other side says nothing more."""
        self._engine.receive_eof()
        self._turn()

    def connection_lost(self, error: Exception | None) -> None:
        """The network is gone."""
        self._stop_pinging()
        if not self.opened.done():
            self.opened.set_exception(error or EOFError())
        if not self.ended.done():
            self.ended.set_result(None)

    # -- within

    def _turn(self) -> None:
        try:
            for event in self._engine.events_received():
                if isinstance(event, Response):
                    self._shaken()
                elif isinstance(event, Frame):
                    self._frame(event)
        except Exception as error:
            if not self.ended.done():
                self.ended.set_exception(error)
            self.abort()
            return
        if self._engine.handshake_exc is not None and not self.opened.done():
            self.opened.set_exception(self._engine.handshake_exc)
        if isinstance(self._engine.parser_exc, PayloadTooBig) and not self.ended.done():
            self.ended.set_exception(self._engine.parser_exc)
        self._flush()
        if self._engine.close_expected() and self._transport is not None:
            self._transport.close()

    def _shaken(self) -> None:
        if self._engine.handshake_exc is None and not self.opened.done():
            self._ping()
            self.opened.set_result(None)

    def _frame(self, frame: Frame) -> None:
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        if frame.fin and not self._parts:
            self._take(bytes(frame.data))
            return
        self._parts.append(bytes(frame.data))
        if frame.fin:
            whole, self._parts = b"".join(self._parts), []
            self._take(whole)

    def _ping(self) -> None:
        """Ask whether the other side is there; one that was silent since the last time has gone."""
        if not self._alive and self._transport is not None:
            self._stop_pinging()
            self._transport.abort()
            return
        self._alive = False
        self._engine.send_ping(b"")
        self._flush()
        self._timer = asyncio.get_running_loop().call_later(self._ping_seconds, self._ping)

    def _stop_pinging(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _flush(self) -> None:
        if self._transport is None:
            return
        for data in self._engine.data_to_send():
            if data:
                self._transport.write(data)


async def open_wire(url: str, headers: Mapping[str, str], open_seconds: float, ping_seconds: float) -> Wire:
    """Connect. Raises OSError, TimeoutError, EOFError or WebSocketException."""
    loop, uri = asyncio.get_running_loop(), parse_uri(url)
    context = ssl.create_default_context() if uri.secure else None
    async with asyncio.timeout(open_seconds):
        made = loop.create_connection(lambda: Wire(url, headers, ping_seconds), uri.host, uri.port, ssl=context)
        transport, wire = await made
        try:
            await wire.opened
        except BaseException:
            transport.abort()
            raise
    return wire
