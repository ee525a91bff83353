"""What is said to whoever is cut off because the server stops before their request has ended."""

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.http.problems import problem_response
from app.core.errors import Unavailable

CUT_OFF = "The server stops, and did not wait for the end of this. Look whether it was done, or send it again."

TELL_SECONDS = 0.5
"""How long it may take to say so: whoever does not read an answer that has begun would be waited for without an end."""


async def serve(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one connection by `app`. Where that is cancelled before the answer has begun, the answer is 503: the server
    below would say 500, which nobody sends again."""
    try:
        await app(scope, receive, send)
    except asyncio.CancelledError:
        if scope["type"] == "http":
            with suppress(RuntimeError, TimeoutError):  # it has begun
                async with asyncio.timeout(TELL_SECONDS):
                    await problem_response(Unavailable(CUT_OFF))(scope, receive, send)
        raise
