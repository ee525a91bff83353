"""Bodies that are too large."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import Request
from starlette.types import Message

from app.api.application import Application, http_app
from app.api.http.limits import Turns
from app.api.http.services import feed_turns
from app.core.tasks import begin
from app.settings import LEAST_POOL

LIMIT = 1000


@pytest.fixture
def small() -> Application:
    """An application that takes little."""
    app = http_app(body_limit=LIMIT)

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.post("/typed")
    async def typed(body: list[int]) -> int:
        return len(body)

    return app


async def pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 100):
        yield b"1" * 100


@pytest.mark.parametrize("path", ["/raw", "/typed"])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_the_limit_is_answered_413(small: Application, path: str, chunked: bool) -> None:
    content = pieces(5 * LIMIT) if chunked else b"1" * (LIMIT + 1)
    transport = httpx.ASGITransport(app=small)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.post(path, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert "1000 bytes" in answer.json()["detail"]


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_at_the_limit_passes(small: Application, chunked: bool) -> None:
    content = pieces(LIMIT) if chunked else b"1" * LIMIT
    transport = httpx.ASGITransport(app=small)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.post("/raw", content=content)).json() == LIMIT


@pytest.mark.parametrize("pool", [LEAST_POOL, 9, 10, 20, 100, 500])
async def test_imports_over_http_leave_a_connection_to_everybody_else(pool: int) -> None:
    turns, at_work, goes_on = feed_turns(pool), list[Turns](), asyncio.Event()

    async def imports(of: Turns) -> None:
        async with of.turn():
            at_work.append(of)
            await goes_on.wait()

    tasks = [begin("import", imports(of)) for of in turns for _ in range(4)]
    await asyncio.wait(tasks, timeout=0.05)
    assert 2 * len(at_work) < pool, "each has two"
    assert set(at_work) == set(turns)
    goes_on.set()
    await asyncio.gather(*tasks)


async def test_what_is_no_request_passes(small: Application) -> None:
    """Servers announce their start and end to the application, too."""
    told: list[str] = []

    async def receive() -> Message:
        return {"type": "lifespan.startup" if not told else "lifespan.shutdown"}

    async def send(message: Message) -> None:
        told.append(message["type"])

    await small({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
