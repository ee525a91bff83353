"""Bodies that are too large."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import Request

from app.api.application import Application, http_app

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
