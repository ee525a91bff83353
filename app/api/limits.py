"""How much a request may bring."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import http_problem

BODY_BYTES = 1 << 20
STREAMS = "/api/v1/feeds/"
"""What is posted below is of any length: it is read no faster than it is written, and each line has a limit."""


class BodyLimit:
    """Answers 413 to a larger body: at once where the length is declared, else when the limit is passed."""

    def __init__(self, app: ASGIApp, limit: int = BODY_BYTES) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or (scope["method"] == "POST" and scope["path"].startswith(STREAMS)):
            await self._app(scope, receive, send)
        elif self._declared(scope) > self._limit:
            await http_problem(413, self._detail)(scope, receive, send)
        else:
            await self._app(scope, self._counted(receive), send)

    @property
    def _detail(self) -> str:
        return f"The body is too large; at most {self._limit} bytes are accepted."

    def _declared(self, scope: Scope) -> int:
        lengths = [value for name, value in scope["headers"] if name == b"content-length"]
        return int(lengths[0]) if lengths and lengths[0].isdigit() and len(lengths[0]) < 20 else 0

    def _counted(self, receive: Receive) -> Receive:
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                raise HTTPException(413, self._detail)
            return message

        return counted
