"""A socket of the public protocol that survives the server: it reconnects, resumes and repeats what was unanswered.

What the owner reads from `frames` is the server's frames, each once and in order, and two of the link's own:
{"type": "link.up"} after every welcome and {"type": "link.down", "detail": ...} when the connection is lost.
"""

import asyncio
from itertools import count
from typing import Any, ClassVar

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from app.core.errors import NotAllowed
from app.core.ids import new_id
from app.demo.client.account import Account, Away

SUBPROTOCOL = Subprotocol("callfloor.v1")
SILENCE_SECONDS = 45.0
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
LARGEST_FRAME = 4 * 1024 * 1024
BAD_TOKEN = 4001
FORBIDDEN = 4003
Frame = dict[str, Any]


class SocketRefused(NotAllowed):
    """This account may not use this socket."""

    code: ClassVar[str] = "socket-refused"


class Link:
    """One tab of one person. `session` names the tab: the server knows its commands again after a reconnection."""

    def __init__(self, account: Account, path: str = "/ws/agent", session: str | None = None) -> None:
        self.frames: asyncio.Queue[Frame] = asyncio.Queue()
        self.session = session or new_id()
        self.up = False
        self.seq: int | None = None
        self._account = account
        self._address = account.url.replace("http", "ws", 1) + path
        self._ids = count(1)
        self._asked: dict[int, tuple[bytes, asyncio.Future[Frame]]] = {}
        self._socket: ClientConnection | None = None

    async def run(self) -> None:
        """Keep the link up until cancelled. Raises `SignInRefused` or `SocketRefused` when there is no point in it."""
        pause = FIRST_PAUSE
        while True:
            was_up, detail = await self._once()
            self.frames.put_nowait({"type": "link.down", "detail": detail})
            pause = FIRST_PAUSE if was_up else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def ask(self, kind: str, **data: Any) -> Frame:
        """Send a command and return its answer, over however many connections that takes."""
        number = next(self._ids)
        frame = msgspec.json.encode({"id": number, "type": kind, **data})
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._asked[number] = (frame, answer)
        await self._send(frame)
        try:
            return await answer
        finally:
            self._asked.pop(number, None)

    async def _once(self) -> tuple[bool, str]:
        """One connection from its beginning to its end; returns whether it came up and why it ended."""
        try:
            token = await self._account.token()
            async with connect(
                self._address,
                subprotocols=[SUBPROTOCOL],
                compression=None,
                ping_interval=None,
                max_size=LARGEST_FRAME,
                max_queue=1024,
                proxy=None,
                open_timeout=5.0,
                close_timeout=2.0,
            ) as socket:
                return await self._talk(socket, token)
        except (OSError, InvalidHandshake, TimeoutError, Away) as error:
            return False, str(error) or type(error).__name__

    async def _talk(self, socket: ClientConnection, token: str) -> tuple[bool, str]:
        hello = {"id": next(self._ids), "type": "hello", "token": token, "session": self.session}
        if self.seq is not None:
            hello["resume"] = self.seq
        try:
            await socket.send(msgspec.json.encode(hello), text=True)
            while True:
                async with asyncio.timeout(SILENCE_SECONDS):
                    frame = msgspec.json.decode(await socket.recv())
                await self._take(socket, frame)
        except ConnectionClosed as error:
            return self.up, self._closed(error)
        except TimeoutError:
            return self.up, f"nothing heard for {SILENCE_SECONDS:.0f} s"
        finally:
            self.up, self._socket = False, None

    async def _take(self, socket: ClientConnection, frame: Frame) -> None:
        if frame.get("type") == "ping":
            await socket.send('{"type":"pong"}')
        elif frame.get("type") == "welcome":
            await self._welcomed(socket, frame)
        elif "re" in frame:
            self._answered(frame)
        elif frame.get("seq") is None or self._is_news(frame["seq"]):
            self.frames.put_nowait(frame)

    async def _welcomed(self, socket: ClientConnection, frame: Frame) -> None:
        """The server is level with us again: ask once more what it has not answered."""
        self.seq = frame["seq"]
        self.up, self._socket = True, socket
        self.frames.put_nowait(frame)
        self.frames.put_nowait({"type": "link.up"})
        for unanswered, _ in list(self._asked.values()):
            await self._send(unanswered)

    def _answered(self, frame: Frame) -> None:
        asked = self._asked.get(frame["re"])
        if asked is not None and not asked[1].done():
            asked[1].set_result(frame)

    def _is_news(self, seq: int) -> bool:
        if self.seq is not None and seq <= self.seq:
            return False
        self.seq = seq
        return True

    async def _send(self, frame: bytes) -> None:
        """Send now if the link is up; what gets lost on the way is sent again after the next welcome."""
        if self._socket is None:
            return
        try:
            await self._socket.send(frame, text=True)
        except ConnectionClosed:
            self._socket = None

    def _closed(self, error: ConnectionClosed) -> str:
        code = error.rcvd.code if error.rcvd else None
        reason = error.rcvd.reason if error.rcvd else ""
        if code == FORBIDDEN:
            raise SocketRefused(f"{self._account.login} may not use {self._address}: {reason or 'wrong role'}")
        if code == BAD_TOKEN:
            self._account.forget()
        return f"closed with {code}: {reason}" if code else "connection lost"
