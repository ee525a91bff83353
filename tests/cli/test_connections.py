"""What comes over a connection without ever being a request is waited for, but not for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect

from app.cli.connections import Frames, Requests
from tests.fixtures.serving import Serving, serving
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(30)]

HEAD = b"GET /slow HTTP/1.1\r\nhost: here\r\n\r\n"
UNREAD = b"POST /at-once HTTP/1.1\r\nhost: here\r\ncontent-length: 100\r\n\r\n"
LIMIT = 0.3
PIECE, PIECES = "x" * 1_000_000, 40
"""More than the buffers of the operating system hold."""


async def slow(_: Request) -> PlainTextResponse:
    await asyncio.sleep(3 * LIMIT)
    return PlainTextResponse("slow")


async def at_once(_: Request) -> PlainTextResponse:
    return PlainTextResponse("at once")


async def later(socket: WebSocket) -> None:
    await socket.accept()
    await asyncio.sleep(3 * LIMIT)
    await socket.send_text(await socket.receive_text())


async def much(socket: WebSocket) -> None:
    await socket.accept()
    for _ in range(PIECES):
        await socket.send_text(PIECE)
    await socket.receive()


APP = Starlette(
    routes=[
        Route("/slow", slow),
        Route("/at-once", at_once, methods=["POST"]),
        WebSocketRoute("/later", later),
        WebSocketRoute("/much", much),
    ]
)


@asynccontextmanager
async def served() -> AsyncIterator[tuple[str, Serving]]:
    async with serving(APP, http=Requests, ws=Frames) as (place, server):
        yield place, server


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with served() as (place, _):
        host, port = place.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            yield reader, writer
        finally:
            writer.close()


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.cli.connections.HEAD_SECONDS", LIMIT)


@pytest.mark.parametrize("beginning", [b"", b"GE", HEAD[:-2]], ids=["nothing", "two bytes", "all but the end"])
async def test_a_connection_that_brings_no_whole_head_is_closed(beginning: bytes) -> None:
    async with connected() as (reader, writer):
        writer.write(beginning)
        assert await reader.read() == b""


async def test_a_byte_at_a_time_does_not_keep_it_open() -> None:
    async with connected() as (reader, writer):
        for place in range(10_000):
            writer.write(b"GET /" if place == 0 else b"x")
            await asyncio.sleep(0.02)
            if reader.at_eof():
                break
        assert reader.at_eof()


@pytest.mark.parametrize("before", [HEAD, UNREAD], ids=["whole", "body left out"])
async def test_after_an_answer_it_is_closed_too_also_where_something_comes_that_is_no_request(before: bytes) -> None:
    """With the first byte uvicorn takes an idle connection for one that is at work."""
    async with connected() as (reader, writer):
        writer.write(before)
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        writer.write(b"G")
        await reader.read()


async def test_who_waits_for_an_answer_is_not_cut_off_and_may_ask_again() -> None:
    async with connected() as (reader, writer):
        for _ in range(2):
            writer.write(HEAD)
            assert (await reader.readuntil(b"\r\n\r\nslow")).startswith(b"HTTP/1.1 200 OK")


async def test_a_socket_is_not_cut_off() -> None:
    async with served() as (place, _), connect(f"ws://{place}/later", proxy=None) as socket:
        await socket.send("here")
        assert await socket.recv() == "here"


async def test_whoever_was_slow_is_told_once_they_read_that_their_last_ping_has_come() -> None:
    async with served() as (place, server):
        address = f"ws://{place}/much"
        async with connect(
            address, proxy=None, compression=None, max_queue=1, max_size=None, ping_interval=None
        ) as slow:
            (connection,) = server.server_state.connections
            assert isinstance(connection, Frames)
            await eventually(lambda: asyncio.sleep(0, connection.writable.is_set()), lambda writable: not writable)
            pongs = [await slow.ping(number.to_bytes(4)) for number in range(3)]
            for _ in range(PIECES):
                assert await slow.recv() == PIECE
            await asyncio.gather(*pongs)  # the answer to the last is one to those before
