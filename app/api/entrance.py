"""Who is nobody stays outside: a stranger is not told which paths there are below /api/v1, nor what they accept, and no
body of theirs is read."""

from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.deps import credentials_of, identify
from app.api.problems import refused
from app.core.errors import CallfloorError

CLOSED = "/api/v1/"
OPEN = frozenset({"/api/v1/token", "/api/v1/token/refresh", "/api/v1/token/revoke"})
"""Where whoever comes is nobody yet, and says by the body who they are."""


class Entrance:
    """Answers 401 to whoever brings no credentials that are good, before anything of the request is looked at.

    FastAPI would read the body first, and look at parameters side by side with credentials.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and scope["path"].startswith(CLOSED) and scope["path"] not in OPEN:
            request = Request(scope)
            try:
                await identify(request, request.app.state.services, await credentials_of(request))
            except (CallfloorError, DBAPIError) as error:
                answer = await refused(request, error)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)
