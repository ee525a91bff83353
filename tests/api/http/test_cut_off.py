"""A server that stops does not wait for every request, and says so to those that it cuts off."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.api.application import Application, http_app
from app.core.tasks import begin
from tests.fixtures.serving import serving
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(30)]


def waits(path: str, first: bool, begun: asyncio.Event) -> Application:
    """An application with a route that never answers, before all others or among them."""
    app = http_app()

    async def for_ever(_: Request) -> Response:
        begun.set()
        await asyncio.Event().wait()
        return PlainTextResponse("")

    if first:
        app.serve_first(Route(path, for_ever))
    else:
        app.router.routes.append(Route(path, for_ever))
    return app


@pytest.mark.parametrize("first", [False, True])
async def test_who_is_cut_off_is_told_to_come_again(first: bool) -> None:
    begun = asyncio.Event()
    async with httpx.AsyncClient(timeout=30) as client:
        async with serving(waits("/waits", first, begun), timeout_graceful_shutdown=0.1) as (place, _):
            asking = begin("asking", client.get(f"http://{place}/waits"))
            await begun.wait()
        answer = await asking
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:callfloor:problem:unavailable"


async def test_whoever_does_not_read_an_answer_that_has_begun_is_cut_off_without_a_word() -> None:
    app = http_app()

    async def without_end(_: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            while True:
                yield bytes(1_000_000)

        return StreamingResponse(pieces())

    app.router.routes.append(Route("/much", without_end))
    async with serving(app, http=HttpToolsProtocol, timeout_graceful_shutdown=0.1) as (place, server):
        host, port = place.split(":")
        _, writer = await asyncio.open_connection(host, int(port), limit=1000)
        writer.write(b"GET /much HTTP/1.1\r\nhost: here\r\n\r\n")
        (connection,) = await eventually(lambda: asyncio.sleep(0, server.server_state.connections), bool)
        assert isinstance(connection, HttpToolsProtocol)
        flow = connection.flow
        await eventually(lambda: asyncio.sleep(0, flow.write_paused), bool)
    await eventually(lambda: asyncio.sleep(0, server.server_state.tasks), lambda tasks: not tasks)
    assert connection.transport.is_closing()
    writer.transport.abort()
