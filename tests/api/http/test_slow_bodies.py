"""Bodies that come no more are given up on every route; those that come slowly are not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.api.application import Application, http_app
from app.api.platforms.webhooks import read_body, refused
from tests.fixtures.serving import Serving, serving
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(30)]

ROUTES = ["/typed", "/raw", "/first"]


@pytest.fixture
def taking() -> Application:
    """An application that reads bodies as its routes do: by FastAPI, by the route itself, and before all others."""
    app = http_app()

    @app.post("/typed")
    async def typed(body: list[int]) -> int:
        return len(body)

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.get("/long")
    async def long() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(4):
                await asyncio.sleep(0.1)
                yield b"1"

        return StreamingResponse(pieces())

    class First:
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            try:
                body = await read_body(dict(scope["headers"]), receive)
            except Exception as error:
                await refused(scope["path"], error)(scope, receive, send)
            else:
                await StreamingResponse(iter([str(len(body))]))(scope, receive, send)

    app.serve_first(Route("/first", First(), methods=["POST"]))
    return app


@asynccontextmanager
async def at(app: Application) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter, Serving]]:
    async with serving(app, http="httptools") as (place, server):
        host, port = place.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            yield reader, writer, server
        finally:
            writer.close()


def beginning(path: str, length: int) -> bytes:
    kind = "content-type: application/json"
    return f"POST {path} HTTP/1.1\r\nhost: here\r\n{kind}\r\ncontent-length: {length}\r\n\r\n".encode()


@pytest.mark.parametrize("path", ROUTES)
async def test_a_body_that_stands_still_is_answered_408_and_keeps_nothing(
    taking: Application, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.http.slow_bodies.STILL_SECONDS", 0.2)
    async with at(taking) as (reader, writer, server):
        writer.write(beginning(path, 100) + b"[1")
        answer = await reader.read()  # to the end: the connection is closed
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"urn:callfloor:problem:request-timeout" in answer
        assert b"Nothing came of the body for 0.2 s; send the request again." in answer
        state = server.server_state
        await eventually(lambda: asyncio.sleep(0, (len(state.connections), len(state.tasks))), lambda n: n == (0, 0))


@pytest.mark.parametrize("path", ROUTES)
async def test_a_body_that_comes_slowly_is_taken(
    taking: Application, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.http.slow_bodies.STILL_SECONDS", 2.0)
    async with at(taking) as (reader, writer, _):
        body = b"[1,2,3,4,5]"
        writer.write(beginning(path, len(body)))
        for place in range(len(body)):
            await asyncio.sleep(0.25)
            writer.write(body[place : place + 1])
        assert (await reader.readline()) == b"HTTP/1.1 200 OK\r\n"


async def test_an_answer_may_take_longer_than_a_body(taking: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.http.slow_bodies.STILL_SECONDS", 0.1)
    async with serving(taking, http="httptools") as (place, _), httpx.AsyncClient(timeout=30) as client:
        assert (await client.get(f"http://{place}/long")).text == "1111"
