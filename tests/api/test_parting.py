"""A server that stops does not wait for every request, and says so to those that it cuts off."""

import asyncio

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.api.application import Application, http_app
from app.core.tasks import begin
from tests.fixtures.serving import serving

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
    async with httpx.AsyncClient() as client:
        async with serving(waits("/waits", first, begun), timeout_graceful_shutdown=0.1) as (place, _):
            asking = begin("asking", client.get(f"http://{place}/waits"))
            await begun.wait()
        answer = await asking
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:callfloor:problem:unavailable"
