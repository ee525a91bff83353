"""One connection at the level of frames: text in and out, closed with a code, or gone."""

import asyncio

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from app.core.clock import Clock

SUBPROTOCOL = "callfloor.v1"
CLOSE_SECONDS = 5.0

PROTOCOL_ERROR = 4000
BAD_TOKEN = 4001
FORBIDDEN = 4003
TOO_SLOW = 4008
TRY_LATER = 1013
OUR_FAULT = 1011


class Close(Exception):
    """The connection is to be closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Gone(Exception):
    """The other end has left, or the server is shutting down (code 1012)."""

    def __init__(self, code: int) -> None:
        super().__init__(f"gone ({code})")
        self.code = code


class Line:
    """A WebSocket that knows when its other end was last heard."""

    def __init__(self, websocket: WebSocket, clock: Clock) -> None:
        self._websocket = websocket
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()

    @property
    def silent_for(self) -> float:
        """Seconds since anything was heard, by a clock that nobody sets."""
        return self._loop.time() - self._heard

    @property
    def last_heard(self) -> float:
        """The instant at which anything was last heard (epoch seconds)."""
        return self._clock() - self.silent_for

    async def accept(self) -> None:
        """Open the connection. Raises `Gone`; or `Close` with the reason where our subprotocol is not offered."""
        offered = SUBPROTOCOL in self._websocket.scope["subprotocols"]
        try:
            await self._websocket.accept(SUBPROTOCOL if offered else None)
        except (OSError, RuntimeError) as error:
            raise Gone(1006) from error
        if not offered:
            raise Close(PROTOCOL_ERROR, f"the subprotocol {SUBPROTOCOL} is needed")

    async def receive(self) -> bytes:
        """The next frame. Raises `Gone`; or `Close` for a binary frame."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise Gone(message.get("code", 1005))
        self._heard = self._loop.time()
        text = message.get("text")
        if text is None:
            raise Close(PROTOCOL_ERROR, "text frames only")
        return bytes(text, "utf-8")

    async def send(self, frame: bytes) -> None:
        """Send a frame; waits while the other end does not read. Raises `Gone`."""
        try:
            await self._websocket.send({"type": "websocket.send", "text": frame.decode()})
        except (WebSocketDisconnect, OSError, RuntimeError) as error:
            raise Gone(1006) from error

    async def close(self, code: int, reason: str) -> None:
        """Close with a code. Who does not even read that within seconds is dropped."""
        if self._websocket.client_state is WebSocketState.DISCONNECTED:
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._websocket.close(code, _short(reason))
        except (WebSocketDisconnect, OSError, RuntimeError):
            return


def _short(reason: str) -> str:
    """What fits into a close frame: 123 bytes of UTF-8."""
    return reason.encode()[:123].decode(errors="ignore")
