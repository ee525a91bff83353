"""How much a request may bring, and how many may do something costly side by side."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.http.problems import http_problem, problem_response
from app.api.http.resource_router import BELOW
from app.core.errors import Invalid, Unavailable

BODY_BYTES = 1 << 20
WAIT_SECONDS = 30.0
"""How long a request waits for its turn: who asks has given up soon after."""
STREAMS = f"{BELOW}/feeds/"
"""What is posted below is of any length: it is read no faster than it is written, and each line has a limit."""


class BodyLimit:
    """Answers 413 to a larger body: at once where the length is declared, else when the limit is passed; and refuses a
    packed one, of which nobody knows how large it is."""

    def __init__(self, app: ASGIApp, limit: int = BODY_BYTES) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and (refusal := packed(_codings(scope))):
            await problem_response(refusal)(scope, receive, send)
        elif scope["type"] != "http" or (scope["method"] == "POST" and scope["path"].startswith(STREAMS)):
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


def _codings(scope: Scope) -> list[bytes]:
    return [value for name, value in scope["headers"] if name == b"content-encoding"]


def packed(codings: Iterable[bytes]) -> Invalid | None:
    """What is wrong with a body of these `Content-Encoding`s; None where it is sent as it is."""
    if all(coding.strip().lower() in (b"", b"identity") for coding in codings):
        return None
    told = {"where": "header.content-encoding", "what": "says that the body is packed", "accepted": "no such header"}
    return Invalid("A body is taken as it is, and this one is packed: send it unpacked.", faults=[told])


class Turns:
    """Lets so many requests at once do something that would take all connections to the database, were there no bound;
    some more wait for their turn, but not for ever."""

    def __init__(self, what: str, at_once: int, waiting: int) -> None:
        self._what = what
        self._most = at_once + waiting
        self._free = asyncio.Semaphore(at_once)
        self._here = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn; raises `Unavailable` where too many wait already, or those before take too long."""
        if self._here >= self._most:
            raise Unavailable(f"{self._most} others {self._what}; nothing was done, try again in a moment.")
        self._here += 1
        try:
            await self._wait()
            try:
                yield
            finally:
                self._free.release()
        finally:
            self._here -= 1

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise Unavailable(f"Others {self._what}, and it takes long; nothing was done, try again later.") from None
