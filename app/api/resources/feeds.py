"""Feeds: other systems stream what they know of customers; administrators say how the systems rank."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Header, Path, Query, Request

from app.api.http.claiming import BoundTo
from app.api.http.deps import Read, Using, Write
from app.api.http.gates import ADMINISTRATES, READS, require
from app.api.http.problems import problem_responses
from app.api.http.resource_router import ResourceRouter
from app.api.schemas.common import SYSTEM, VISIBLE
from app.api.schemas.feeds import FeedAnswer, FeedName, FeedRunOut, FeedSecret, FeedSourceIn, FeedSourceOut
from app.auth.access_tokens import Principal
from app.core.clock import utc
from app.customers.feeds import sources
from app.customers.feeds.streams import Stream, import_stream
from app.customers.record.changing import ensure_may_name

router = ResourceRouter(prefix="/feeds", tags=["feeds"])

SourceId = Annotated[str, Path(max_length=60, pattern=SYSTEM, description="the name of a system")]
Key = Annotated[
    str | None,
    Header(max_length=200, pattern=VISIBLE, description="the same when the same lines are sent again"),
]
Feeds = Annotated[Principal, Depends(require("administrator", "integration"))]


@router.get("/sources", dependencies=[ADMINISTRATES])
async def list_feed_sources(session: Read) -> list[FeedSourceOut]:
    """All sources, the highest first; people are the source `hand`."""
    return [FeedSourceOut.of(row) for row in await sources.sources(session)]


@router.put("/sources/{source}", dependencies=[ADMINISTRATES], responses=problem_responses(404, 409))
async def put_feed_source(source: SourceId, given: FeedSourceIn, session: Write) -> FeedSourceOut:
    """Make a source, or let it rank otherwise or have other mappings. Runs that are at work go on as they began."""
    return FeedSourceOut.of(await sources.put_source(session, source, **given.model_dump(exclude_unset=True)))


@router.post(
    "/sources/{source}/secrets", status_code=201, dependencies=[ADMINISTRATES], responses=problem_responses(404)
)
async def new_feed_secret(source: SourceId, session: Write) -> FeedSecret:
    """A secret for webhooks of the source; the one before it verifies on."""
    return FeedSecret(secret=await sources.new_secret(session, source))


@router.get("/runs", dependencies=[READS])
async def list_feed_runs(session: Read, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[FeedRunOut]:
    """The latest runs of feeds, the newest first."""
    return [FeedRunOut.model_validate(row) for row in await sources.runs(session, limit)]


@router.post("/{feed}", responses=problem_responses(403, 404, 408, 409, 503))
async def feed_rows(
    feed: FeedName,
    request: Request,
    using: Using,
    user: Feeds,
    bound: BoundTo,
    source: Annotated[str, Query(max_length=60, pattern=SYSTEM)],
    only_known: bool = False,
    idempotency_key: Key = None,
) -> FeedAnswer:
    """Make and change records of a stream of any length: NDJSON in UTF-8, a line of less than 1 MiB a record. Keys are
    named by the mapping of the source, else as the fields in docs/feeds.md; the first lines say which there are.

    What is committed stays if the stream breaks off; sent again with its `Idempotency-Key` it goes on from there, and
    another stream is refused under that. An API key
    that is bound to sources feeds as those only, and tells no ids of other systems unless the mapping does. 503 with
    Retry-After where too many streams are at work."""
    ensure_may_name("query.source", [source], bound)
    pieces = _pieces(request)
    now = utc(using.clock())
    region = using.default_region
    stream = Stream(feed, source, pieces, idempotency_key, user.id, region, now, only_known, bound, is_exact=True)
    async with using.feeds.streams.turn():
        return FeedAnswer.of(await import_stream(using.sessions, stream))


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    async for piece in request.stream():
        if piece:
            yield piece
