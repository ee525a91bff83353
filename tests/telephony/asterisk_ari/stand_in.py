"""A scripted Asterisk: ARI over a real WebSocket, and whatever can go wrong with it."""

import asyncio
import base64
import http
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

USER, PASSWORD = "callfloor", "secret of ari"
Asked = dict[str, Any]


class StandIn:
    """`asked` holds every request in its order; `answers` gives the status of one, None for no answer at all."""

    def __init__(self) -> None:
        self.version = "22.10.1"
        self.since = "2026-01-01T00:00:00.000+0000"
        self.full = False
        self.info = b""
        self.port = 0
        self.tried = 0
        self.open = 0
        self.asked: list[Asked] = []
        self.filters = 0
        self.opened: list[str] = []
        self.heard = ["__AST_CHANNEL_ALL_TOPIC"]
        self.channels: list[dict[str, Any]] = []
        self.bridges: list[dict[str, Any]] = []
        self.endpoints: list[dict[str, Any]] = []
        self.stored: list[dict[str, Any]] = []
        self.answers: Callable[[Asked], int | None] = lambda asked: 204
        self.sockets: list[ServerConnection] = []

    @property
    def url(self) -> str:
        """Where its ARI is."""
        return f"ws://127.0.0.1:{self.port}/ari"

    def said(self, method: str, path: str) -> list[Asked]:
        """The requests with this method whose path begins so."""
        return [each for each in self.asked if each["method"] == method and each["uri"].startswith(path)]

    async def tell(self, kind: str, **data: Any) -> None:
        """An event, to whoever connected last."""
        await self.sockets[-1].send(json.dumps({"type": kind, "timestamp": self.since, **data}))

    async def call(self, channel: str = "17.1") -> None:
        """A call comes in."""
        self.channels.append(incoming(channel))
        await self.tell("StasisStart", args=["inbound", "4001"], channel=incoming(channel))

    async def drop(self) -> None:
        """The connection breaks."""
        socket = self.sockets.pop()
        socket.transport.abort()

    def greet(self, connection: ServerConnection, request: Request) -> Response | None:
        """What comes first."""
        self.tried += 1
        if self.full:
            connection.transport.abort()
            raise ConnectionResetError
        key = request.headers.get("Authorization", "").removeprefix("Basic ")
        if base64.b64decode(key).decode() != f"{USER}:{PASSWORD}":
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "{}")
        if request.path.startswith("/ari/asterisk/info"):
            body = self.info or json.dumps({"system": {"version": self.version}}).encode()
            return Response(200, "OK", Headers({"Content-Length": str(len(body)), "Connection": "close"}), body)
        return None

    async def serve(self, socket: ServerConnection) -> None:
        """One connection."""
        self.sockets.append(socket)
        self.opened.append(socket.request.path if socket.request is not None else "")
        self.open += 1
        try:
            with suppress(ConnectionClosed):
                await self._answer_all(socket)
        finally:
            self.open -= 1

    async def _answer_all(self, socket: ServerConnection) -> None:
        async for frame in socket:
            asked = json.loads(frame)
            asked["query"] = {each["name"]: each["value"] for each in asked.get("query_strings", [])}
            asked["body"] = json.loads(asked.get("message_body", "{}"))
            self.asked.append(asked)
            status, body = self._answer(asked)
            if status is not None:
                told = {"type": "RESTResponse", "request_id": asked["request_id"], "status_code": status}
                await socket.send(json.dumps({**told, "message_body": body}))

    def _answer(self, asked: Asked) -> tuple[int | None, str]:
        lists = {
            "channels": self.channels,
            "bridges": self.bridges,
            "endpoints/PJSIP": self.endpoints,
            "recordings/stored": self.stored,
        }
        if asked["method"] == "GET" and asked["uri"] in lists:
            return 200, json.dumps(lists[asked["uri"]])
        if asked["uri"] == "asterisk/info":
            return 200, json.dumps({"status": {"startup_time": self.since}})
        if asked["uri"].endswith("/eventFilter"):
            self.filters += 1
            return 200, "{}"
        return self.answers(asked), json.dumps({"channel_ids": self.heard})


def incoming(channel: str) -> dict[str, Any]:
    """A caller's channel."""
    plan = {"exten": "4001", "app_name": "Stasis", "app_data": "callfloor,inbound,4001"}
    return {"id": channel, "name": "PJSIP/carrier-1", "state": "Up", "caller": {"number": "138"}, "dialplan": plan}


@asynccontextmanager
async def stand_in(asterisk: StandIn) -> AsyncIterator[None]:
    """Let it be reached."""
    async with serve(asterisk.serve, "127.0.0.1", asterisk.port, process_request=asterisk.greet) as server:
        asterisk.port = next(iter(server.sockets)).getsockname()[1]
        yield


async def until(seen: Callable[[], Any], seconds: float = 30) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not seen():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
