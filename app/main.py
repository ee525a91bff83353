"""The composition root: makes everything of the server and puts it together. Nothing else knows the concrete parts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from app.api.application import Application, http_app
from app.api.services import Floor, FloorStatus, Services
from app.auth.passwords import Passwords
from app.auth.service import signing_key
from app.auth.sign_in import SignIn
from app.auth.tokens import TokenService
from app.core.clock import now
from app.core.errors import Unavailable
from app.db.embedded import EmbeddedServer
from app.db.engine import Sessions, create_engine
from app.db.migrate import prepare
from app.floor.commands import Answer, Command
from app.settings import Settings


def create_app(settings: Settings) -> Application:
    """The server as an ASGI application. Everything starts and stops with its lifespan."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as running:
            url = await running.enter_async_context(database(settings))
            await prepare(url)
            engine = create_engine(url, pool=settings.database.pool)
            running.push_async_callback(engine.dispose)
            app.state.services = await services(settings, Sessions(engine), NoFloor())
            yield

    return http_app(lifespan=lifespan)


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[str]:
    """The address of the database: the one that is set, or the embedded server's for as long as it is needed."""
    if settings.database.url is not None:
        yield settings.database.url.get_secret_value()
        return
    server = EmbeddedServer(settings.var / "database")
    url = await asyncio.to_thread(server.start)
    try:
        yield url
    finally:
        await asyncio.to_thread(server.stop)


async def services(settings: Settings, sessions: Sessions, floor: Floor) -> Services:
    """What the endpoints work with."""
    async with sessions.write() as session:
        key = await signing_key(session)
    tokens = TokenService(key, now, settings.tokens.access_seconds)
    passwords = Passwords()
    return Services(
        sessions=sessions,
        tokens=tokens,
        passwords=passwords,
        sign_in=SignIn(sessions, passwords, tokens, now, settings.tokens.refresh_seconds),
        clock=now,
        floor=floor,
    )


class NoFloor:
    """Stands where no floor is run: everything but live things is served."""

    status: FloorStatus = "standby"

    async def submit(self, command: Command, scope: str | None = None, id: str | None = None) -> Answer:  # noqa: A002
        """Refused."""
        raise Unavailable("This process runs no floor.")
