"""Who is nobody stays outside, and who may not use a route does not come to it: neither is told what it accepts, a
stranger not even which paths there are below /api/v1, and no body of theirs is read."""

from collections import defaultdict
from re import Pattern
from typing import NamedTuple

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.http.deps import credentials_of, identify
from app.api.http.gates import Gate, asked_by
from app.api.http.problems import refused
from app.api.http.resource_router import BELOW
from app.core.errors import CallfloorError

CLOSED = f"{BELOW}/"
OPEN = frozenset({"/api/v1/token", "/api/v1/token/refresh", "/api/v1/token/revoke"})
"""Where whoever comes is nobody yet, and says by the body who they are."""


class Entrance:
    """Answers 401 to whoever brings no credentials that are good, and 403 to whoever the gates of a route refuse,
    before anything else of the request is looked at.

    FastAPI would read the body first, and look at parameters side by side with credentials.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._doors: Doors | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and scope["path"].startswith(CLOSED) and scope["path"] not in OPEN:
            request = Request(scope)
            try:
                await self._let_in(request)
            except (CallfloorError, DBAPIError) as error:
                answer = await refused(request, error)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _let_in(self, request: Request) -> None:
        user = await identify(request, request.app.state.services, await credentials_of(request))
        if self._doors is None:  # not before: routers are included after middleware is added
            self._doors = Doors(request.app)
        door = self._doors.of(request.method, request.scope["path"])
        if door is not None:
            for gate in door.gates:
                gate.ensure(user, request, door.route)


class Door(NamedTuple):
    """A route, and who decides on who may use it."""

    path: Pattern[str]
    methods: set[str]
    gates: tuple[Gate, ...]
    route: Dependant


class Doors:
    """The routes below /api/v1, found as the router will find them: the first that fits is the one."""

    def __init__(self, app: FastAPI) -> None:
        self._by_name: dict[str, list[Door]] = defaultdict(list)
        for each in iter_route_contexts(app.routes):
            if isinstance(each.original_route, APIRoute) and str(each.path).startswith(CLOSED):
                asked = dict.fromkeys(asked_by(each.dependant))
                gates = tuple(call for call in asked if isinstance(call, Gate))
                door = Door(each.path_regex, each.methods or set(), gates, each.dependant)
                self._by_name[_name(str(each.path))].append(door)

    def of(self, method: str, path: str) -> Door | None:
        """The route that a request will come to, None where there is none."""
        doors = self._by_name.get(_name(path), ())
        return next((door for door in doors if method in door.methods and door.path.match(path)), None)


def _name(path: str) -> str:
    """What stands first below /api/v1; it is a name in every route."""
    return path.removeprefix(CLOSED).removesuffix("\n").partition("/")[0]  # the router lets a path end in one
