"""Connections as uvicorn serves them, and what a stranger may not hold by one."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

HEAD_SECONDS = 75.0
"""How long a connection may be there without the whole head of a request: one that says nothing, or a byte at a time,
would be kept for ever. As long as one that is idle between two requests."""


class Requests(HttpToolsProtocol):
    """Closes a connection that brings no request in time; uvicorn does so only after an answer, until the next byte."""

    _limit: asyncio.TimerHandle | None = None
    _handed_on = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The connection is there."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Something has come. Where nothing is asked by now, it is the beginning of a head, or the rest of a body that
        was answered before its end."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._expect()

    def on_headers_complete(self) -> None:
        """A head has come."""
        self._expect_no_more()
        super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        """The connection is a socket's from now on."""
        self._handed_on = True
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has gone."""
        self._expect_no_more()
        super().connection_lost(exc)

    def _expect(self) -> None:
        if self._limit is None and not self._handed_on and not self.transport.is_closing():
            self._limit = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _expect_no_more(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None


class Frames(WebSocketsSansIOProtocol):
    """Answers no ping of whoever does not read before they do, and then the last alone: pongs would pile up without an
    end, but whoever was only slow takes the connection for dead where a ping has no answer at all."""

    _owed = b""

    def handle_ping(self) -> None:
        """A ping has come, and its pong has been made."""
        if self.writable.is_set() or self.conn.close_rcvd is not None:  # after a close nothing more can come
            super().handle_ping()
            return
        for pong in self.conn.data_to_send():
            self._owed = pong

    def resume_writing(self) -> None:
        """What there was to send has gone."""
        super().resume_writing()
        owed, self._owed = self._owed, b""
        if owed and not self.close_sent and not self.transport.is_closing():
            self.transport.write(owed)
