"""Before the API: the first page, and for the machinery around us whether the process lives, can serve, its numbers."""

import asyncio

import structlog
from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from app.api.http import live
from app.api.http.deps import Using
from app.api.http.services import Services
from app.api.schemas.health import HealthOut, ReadyOut
from app.core.errors import Unavailable
from app.floor import gauges

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 2.0

router = APIRouter(tags=["health"])


@router.get("/", include_in_schema=False)
async def first_page() -> RedirectResponse:
    """Whoever opens the bare address finds what can be asked."""
    return RedirectResponse("/docs")


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz")
async def healthz() -> HealthOut:
    """Whether the process lives. Asks nobody, so that a database outage restarts no process."""
    return HealthOut(status="alive")


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", responses={503: {"model": ReadyOut, "description": "Cannot serve; the body says why"}})
async def readyz(using: Using, response: Response) -> ReadyOut:
    """Whether this process can take work: it reaches the database and owns the floor."""
    database = await _database(using)
    ready = database == "reachable" and using.floor.status == "owner"
    response.status_code = 200 if ready else 503
    return ReadyOut(ready=ready, database=database, floor=using.floor.status)


async def _database(using: Services) -> str:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), using.sessions.read() as session:
            await session.execute(text("select 1"))
    except TimeoutError:
        return f"no answer within {PATIENCE_SECONDS:g} s"
    except Unavailable as error:
        log.warning("not ready", reason=str(error))
        return error.detail
    return "reachable"


@router.get("/metrics", response_class=Response, responses={200: {"content": {CONTENT_TYPE_LATEST: {}}}})
async def metrics(using: Using) -> Response:
    """Counters and gauges in Prometheus' text form; what the floor holds is told by the process that owns it."""
    held = await _floor(using)
    return Response(generate_latest() + held, media_type=CONTENT_TYPE_LATEST)


async def _floor(using: Services) -> bytes:
    try:
        picture = await live.picture(using)
    except Unavailable:
        return b""
    sources = {each: using.connections.connection(each) for each in picture.config.sources}
    connected = {each: standing.connected for each, standing in sources.items() if standing is not None}
    return await asyncio.to_thread(gauges.told, picture, connected)
