"""The HTTP application without its services, which the composition root (or a test) puts into `state.services`."""

import asyncio
from importlib.metadata import version
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from app.api import feed_webhook, health, media, reference_pages
from app.api.http import cut_off, problems
from app.api.http.entrance import Entrance
from app.api.http.headers import telling
from app.api.http.limits import BODY_BYTES, BodyLimit
from app.api.http.slow_bodies import in_time
from app.api.resources.router import api_router

DESCRIPTION = """Call-centre service desk: routes calls, pops the caller's profile, keeps one customer history.

Every error is a problem (RFC 9457) of media type `application/problem+json` with a stable `type`. Lists come in pages:
pass `next` of a page as `cursor` to get the one after it. All instants are RFC 3339 in UTC, all durations seconds."""


class Application(FastAPI):
    """FastAPI with an entrance for busy routes, whose description tells errors in the media type that they have."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._first: list[Route] = []
        self._describing = asyncio.Lock()
        self._described: bytes | None = None

    def serve_first(self, route: Route) -> None:
        """Put `route` before all others, and past everything that the others share.

        No middleware sees its requests, so it limits their bodies and answers its errors, the unexpected too.
        """
        self.router.routes.insert(0, route)
        self._first.append(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            receive = in_time(receive)
            for route in self._first:
                match, found = route.matches(scope)
                if match is Match.FULL:
                    await cut_off.serve(route.app, {**scope, **found}, receive, send)
                    return
        await cut_off.serve(super().__call__, scope, receive, telling(scope, send))

    def complete(self) -> None:
        """Make of the routes what FastAPI makes of them when the first request comes: it takes most of a second, in
        which no call would move."""
        for _ in iter_route_contexts(self.routes):
            pass

    async def described(self) -> bytes:
        """The OpenAPI document as JSON. It is made once, beside the loop: that takes more than a second."""
        async with self._describing:
            if self._described is None:
                self._described = await asyncio.to_thread(lambda: msgspec.json.encode(self.openapi()))
            return self._described

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        document = super().openapi()
        document["components"]["schemas"] |= problems.problem_schemas()
        return document


def _operation_id(route: APIRoute) -> str:
    return route.name


def http_app(*further: APIRouter, body_limit: int = BODY_BYTES, **options: Any) -> Application:
    """The application with all of /api/v1, health and `further` routers; `options` go to FastAPI (e.g. `lifespan`)."""
    app = Application(
        title="Callfloor",
        version=version("callfloor"),
        description=DESCRIPTION,
        generate_unique_id_function=_operation_id,
        openapi_url=None,  # it and the pages are those of `reference_pages`
        docs_url=None,
        redoc_url=None,
        **options,
    )
    problems.install(app)
    app.add_middleware(BodyLimit, limit=body_limit)
    app.add_middleware(Entrance)  # the last is the outermost
    for router in (api_router(), feed_webhook.router, health.router, media.router, reference_pages.router, *further):
        app.include_router(router)
    app.router.routes.append(reference_pages.assets())
    return app
