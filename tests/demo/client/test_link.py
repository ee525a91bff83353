"""The socket that comes back: resume, the same session, unanswered commands asked again under their id."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve

from app.core.tasks import Supervisor
from app.demo.client.account import Account
from app.demo.client.link import Link, SocketRefused

pytestmark = pytest.mark.enable_socket
Handler = Callable[[ServerConnection, dict[str, Any]], Awaitable[None]]


class Known(Account):
    """Somebody who is signed in already."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.login = "mei"

    async def token(self) -> str:
        return "token"


def encode(**frame: Any) -> str:
    return msgspec.json.encode(frame).decode()


async def read(socket: ServerConnection) -> Any:
    return msgspec.json.decode(await socket.recv())


@asynccontextmanager
async def linked(*handlers: Handler) -> AsyncIterator[tuple[Link, asyncio.Task[None]]]:
    """A link to a server that treats its connections one after the other with `handlers`."""
    turns = iter(handlers)

    async def handle(socket: ServerConnection) -> None:
        hello = await read(socket)
        await next(turns)(socket, hello)

    async with serve(handle, "127.0.0.1", 0, subprotocols=["callfloor.v1"]) as server:  # type: ignore[list-item]
        port = server.sockets[0].getsockname()[1]
        tasks = Supervisor()
        link = Link(Known(f"http://127.0.0.1:{port}"))
        yield link, tasks.start("link", link.run())
        await tasks.stop()


async def frames(link: Link, number: int) -> list[Any]:
    async with asyncio.timeout(30):
        return [await link.frames.get() for _ in range(number)]


async def test_hello_carries_the_token_and_welcome_brings_it_up() -> None:
    async def handle(socket: ServerConnection, hello: Any) -> None:
        assert (hello["type"], hello["token"], "resume" in hello) == ("hello", "token", False)
        await socket.send(encode(type="welcome", re=hello["id"], ok=True, seq=7, contacts=[]))
        await socket.send(encode(seq=9, type="agent.state"))
        await socket.wait_closed()

    async with linked(handle) as (link, _):
        types = [frame["type"] for frame in await frames(link, 3)]
    assert types == ["welcome", "link.up", "agent.state"]
    assert link.seq == 9


async def test_it_comes_back_where_it_was_and_sees_nothing_twice() -> None:
    async def first(socket: ServerConnection, hello: Any) -> None:
        await socket.send(encode(type="welcome", re=hello["id"], ok=True, seq=7, contacts=[]))
        await socket.send(encode(seq=9, type="agent.state"))
        await socket.close(1012, "restart")

    async def second(socket: ServerConnection, hello: Any) -> None:
        assert (hello["resume"], hello["session"]) == (9, link.session)
        for seq in (9, 10, 10, 11):
            await socket.send(encode(seq=seq, type="contact.updated"))
        await socket.send(encode(type="welcome", re=hello["id"], ok=True, seq=11, contacts=[]))
        await socket.wait_closed()

    async with linked(first, second) as (link, _):
        seen = await frames(link, 8)
    assert [frame.get("seq") for frame in seen if "seq" in frame] == [7, 9, 10, 11, 11]
    assert seen[3] == {"type": "link.down", "detail": "closed with 1012: restart"}


async def test_an_unanswered_command_is_asked_again_under_its_id() -> None:
    asked: list[Any] = []

    async def first(socket: ServerConnection, hello: Any) -> None:
        await socket.send(encode(type="welcome", re=hello["id"], ok=True, seq=1))
        asked.append(await read(socket))
        socket.transport.abort()

    async def second(socket: ServerConnection, hello: Any) -> None:
        await socket.send(encode(type="welcome", re=hello["id"], ok=True, seq=1))
        asked.append(await read(socket))
        await socket.send(encode(re=asked[-1]["id"], ok=True))
        await socket.wait_closed()

    async with linked(first, second) as (link, _):
        answer = await asyncio.wait_for(link.ask("agent.not_ready", reason="lunch"), 30)
    assert answer["ok"]
    assert asked[0] == asked[1] == {"id": asked[0]["id"], "type": "agent.not_ready", "reason": "lunch"}


async def test_a_ping_is_answered_and_not_shown() -> None:
    pongs: list[Any] = []

    async def handle(socket: ServerConnection, hello: Any) -> None:
        await socket.send(encode(type="ping"))
        pongs.append(await read(socket))
        await socket.send(encode(type="degraded", since="now"))
        await socket.wait_closed()

    async with linked(handle) as (link, _):
        assert await frames(link, 1) == [{"type": "degraded", "since": "now"}]
    assert pongs == [{"type": "pong"}]


async def test_a_forbidden_role_ends_it_with_a_reason() -> None:
    async def handle(socket: ServerConnection, hello: Any) -> None:
        await socket.close(4003, "agents only")

    async with linked(handle) as (_, running):
        with pytest.raises(SocketRefused, match="agents only"):
            await asyncio.wait_for(running, 30)
