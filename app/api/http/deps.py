"""What endpoints ask for: the services, a session whose commit comes before the answer, and who is asking."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.api.http.services import Services
from app.api.schemas.seen import SIGHT
from app.audit.service import act_as
from app.auth import keys
from app.auth.access_tokens import Principal
from app.auth.errors import BadToken
from app.auth.standing import ensure_standing
from app.core.errors import Unavailable
from app.db.engine import ReadSession, WriteSession


async def services(request: Request) -> Services:
    """The services of this application."""
    found = request.app.state.services
    assert isinstance(found, Services)
    return found


Using = Annotated[Services, Depends(services)]


async def _read(using: Using) -> AsyncIterator[ReadSession]:
    async with using.sessions.read() as session:
        yield session


async def _write(using: Using, request: Request) -> AsyncIterator[WriteSession]:
    async with using.sessions.write() as session:
        who = getattr(request.state, "who", None)
        if who is not None:
            await act_as(session, who)
        yield session


# scope="function": the commit comes before the answer is sent, so a failing commit is never told as a success
Read = Annotated[ReadSession, Depends(_read, scope="function")]
Write = Annotated[WriteSession, Depends(_write, scope="function")]

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="An access token from POST /api/v1/token, or an API key (`cfk_...`) of another system.",
)


async def identify(request: Request, using: Services, credentials: str | None) -> Principal:
    """Who is asking, found out once a request; raises `BadToken`. A key, or whether a sign-in still stands, is looked
    up over a plain connection, which is given back at once: a session would take longer than most of what follows."""
    known = getattr(request.state, "principal", None)
    if isinstance(known, Principal):
        return known
    if credentials is None:
        raise BadToken("This needs `Authorization: Bearer <access token or API key>`.")
    if keys.is_key(credentials):
        async with using.lend() as connection:
            found = await keys.holder(connection, credentials, using.clock())
    else:
        found = using.tokens.verify(credentials)
        if found.sign_in is not None:
            async with using.lend() as connection:
                await ensure_standing(connection, found)
    request.state.principal = found
    request.state.who = found.id
    SIGHT.set(using.masking.sight(found.role))
    return found


async def credentials_of(request: Request) -> str | None:
    """The access token or API key that a request brings, unread."""
    given = await _bearer(request)
    return given.credentials if given is not None else None


async def current_user(
    request: Request, using: Using, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Principal:
    """Who is asking; raises `BadToken`.

    Routes ask for it (by `dependencies=`) before anything else, so a session that writes knows for whom. Below /api/v1
    `Entrance` has found out already.
    """
    return await identify(request, using, given.credentials if given is not None else None)


CurrentUser = Annotated[Principal, Depends(current_user)]


async def _surveying(using: Using, request: Request) -> AsyncIterator[None]:
    async with using.surveys.turn():
        if await request.is_disconnected():
            raise Unavailable("Whoever asked has gone.")
        yield


SURVEYS = Depends(_surveying, scope="function")
"""For `dependencies=` of a route that reads for seconds, after those who say who may: whoever waits for a turn holds no
connection to the database, so that everybody else is served."""
