"""When the commit happens. FastAPI's default for `yield` dependencies commits after the answer was sent."""

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.http import problems
from app.api.http.deps import Using, Write, current_user
from app.api.http.services import Services
from app.auth import keys
from app.db.engine import Sessions
from app.routing.records.models import WrapUpCode
from tests.fixtures.database import beneath


@pytest.fixture
def real(services: Services, sessions: Sessions) -> Services:
    """Services whose commits are real."""
    return replace(services, sessions=sessions, lend=lambda: beneath(sessions))


def noting(app: ASGIApp, note: Callable[[str], None]) -> ASGIApp:
    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def noted(message: Message) -> None:
            note(message["type"])
            await send(message)

        await app(scope, receive, noted)

    return wrapped


def client_of(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


@pytest.fixture
def writing(real: Services) -> FastAPI:
    """An application whose endpoint leaves everything, even the insert, to the commit."""
    app = FastAPI()
    problems.install(app)
    app.state.services = real

    @app.put("/{code}")
    async def put(code: str, session: Write) -> dict[str, str]:
        session.add(WrapUpCode(id=code, name=code))
        return {"code": code}

    return app


async def test_the_commit_comes_before_the_answer(writing: FastAPI, engine: AsyncEngine) -> None:
    happened: list[str] = []
    event.listen(engine.sync_engine, "commit", lambda connection: happened.append("commit"))
    async with client_of(noting(writing, happened.append)) as client:
        assert (await client.put("/fees")).status_code == 200
    assert happened == ["commit", "http.response.start", "http.response.body"]


async def test_a_failing_commit_is_not_told_as_a_success(writing: FastAPI) -> None:
    async with client_of(writing) as client:
        assert (await client.put("/fees")).status_code == 200
        answer = await client.put("/fees")
    assert answer.status_code == 409
    assert answer.json()["rule"] == "pk_wrap_up_codes"


async def test_asking_who_it_is_holds_no_connection(real: Services, engine: AsyncEngine) -> None:
    """mem0#6236: the authentication dependency pins a connection for the whole request."""
    app = FastAPI()
    app.state.services = real

    @app.get("/", dependencies=[Depends(current_user)])
    async def held(using: Using) -> int:
        return using.sessions.engine.pool.checkedout()  # type: ignore[attr-defined,no-any-return]

    async with real.sessions.write() as session:
        _, key = await keys.create_key(session, "Core banking")
    async with client_of(app) as client:
        answer = await client.get("/", headers={"Authorization": f"Bearer {key}"})
    assert answer.json() == 0
