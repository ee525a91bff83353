"""A stream of NDJSON imported as it comes: no more of it is asked for than can be written.

The reading of feeds is plain code in a thread; each time it wants more it waits for the next piece of the stream.
"""

import asyncio
import hashlib
import io
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from app.core.repeats import KeyUsed
from app.customers.feed_models import FeedRun, FeedSource
from app.customers.feeds.chunks import Chunk, chunks
from app.customers.feeds.columns.checking import Checker, FaultyRow
from app.customers.feeds.columns.fields import Kind
from app.customers.feeds.columns.mapping import Mapping
from app.customers.feeds.columns.parsing import Known
from app.customers.feeds.columns.plain import plain_mapping
from app.customers.feeds.columns.plan import Plan, plan
from app.customers.feeds.formats.lines import LONGEST
from app.customers.feeds.formats.ndjson_rows import NdjsonRows
from app.customers.feeds.importing import Course, Importer, Progress, read_apart
from app.customers.feeds.runs import COUNTS, Begun, alone, begin, end
from app.customers.feeds.tables.by_feed import WRITERS, known
from app.customers.feeds.tables.writer import Origin
from app.customers.record.changing import Sources, ensure_may_name
from app.customers.record.ranks import blocking
from app.db.engine import Sessions

PEEKED = 1 << 16
"""Bytes from which the keys of the objects are told."""

_ID = "id."
MOST_TOLD = 1000
"""Faulty rows that an answer lists."""


class Stream(NamedTuple):
    """What comes: pieces of NDJSON in UTF-8 of a feed of a source, under an `id` that is the same when it is sent
    again; with `is_exact` a stream that begins otherwise is refused under it. `by` is who sends it, `region` the
    country of numbers without a +. `claims` are the systems whose ids it may tell, but for those in a mapping that an
    administrator has given to the source."""

    feed: Kind
    source: str
    pieces: AsyncIterator[bytes]
    id: str | None
    by: str | None
    region: str
    now: datetime
    only_known: bool = False
    claims: Sources = None
    is_exact: bool = False


class Taken(NamedTuple):
    """What became of a stream. `faulty` has the first MOST_TOLD faulty rows of `refused` in `counts`."""

    run: str
    rows: int
    counts: dict[str, int]
    faulty: list[FaultyRow]


class _Opened(NamedTuple):
    mapping: Mapping
    plan: Plan
    rows: NdjsonRows
    digest: str
    """Of how the stream begins."""


async def import_stream(sessions: Sessions, stream: Stream) -> Taken:
    """Import a stream to its end. What was committed before a fault of the stream itself stays.

    Raises FeedBusy, UsageIsNew, FeedUnreadable, MappingFaulty, ColumnsFaulty, SourceNotOfKey, KeyUsed.
    """
    async with alone(sessions, stream.source, stream.feed):
        async with sessions.read() as session:
            names = await known(session, stream.region)
            source = await session.get(FeedSource, stream.source)
        stored = (source.mappings if source else {}).get(stream.feed)
        loop = asyncio.get_running_loop()
        opened = await read_apart(_open, stream, stored, names, loop)
        if stored is None:
            systems = [name.removeprefix(_ID) for name in opened.plan.told if name.startswith(_ID)]
            ensure_may_name("body", systems, stream.claims)
        run, importer = await _begun(sessions, stream, opened)
        counts, faulty = Counter(dict.fromkeys(COUNTS, 0)), list[FaultyRow]()
        last = 0

        def tell(progress: Progress) -> None:
            nonlocal last
            last = progress.position
            counts.update(progress.counts)
            faulty.extend(progress.faulty[: MOST_TOLD - len(faulty)])

        await importer.run(_chunks(opened), tell)
        async with sessions.write() as writing:
            ended = await end(writing, run.id)
    return Taken(run.id, last, {name: getattr(ended, name) for name in COUNTS}, faulty)


def _open(stream: Stream, stored: Any, names: Known, loop: asyncio.AbstractEventLoop) -> _Opened:
    pieces = _pieces(stream, loop)
    start = b""
    for piece in pieces:
        start += piece
        if (len(start) >= PEEKED and b"\n" in start) or len(start) > LONGEST:
            break
    if stored is not None:
        mapping = Mapping.model_validate({**stored, "feed": stream.feed, "source": stream.source})
    else:
        # ends as the rows have them: other separators may stand within a text
        lines = io.StringIO(start.decode("utf-8-sig", "replace"), newline="").readlines()
        mapping = plain_mapping(stream.feed, stream.source, lines, stream.only_known)
    optional = [name for name, column in mapping.columns.items() if column.optional]
    rows = NdjsonRows(chain([start], pieces), "utf-8", list(mapping.columns), optional)
    digest = hashlib.sha256(start[:PEEKED]).hexdigest()
    return _Opened(mapping, plan(mapping, rows.header, names, width=rows.width, name="The stream"), rows, digest)


def _pieces(stream: Stream, loop: asyncio.AbstractEventLoop) -> Iterator[bytes]:
    """The pieces, for the thread that reads them: each is asked for when the one before has been used up."""

    async def following() -> bytes | None:
        return await anext(stream.pieces, None)

    while (piece := asyncio.run_coroutine_threadsafe(following(), loop).result()) is not None:
        yield piece


def _chunks(opened: _Opened) -> Iterator[Chunk]:
    return chunks(opened.rows.batches(), Checker(opened.plan))


async def _begun(sessions: Sessions, stream: Stream, opened: _Opened) -> tuple[FeedRun, Importer]:
    told = opened.mapping.model_dump(mode="json", exclude_defaults=True)
    key = None if stream.id is None else f"{stream.source}:{stream.feed}:{stream.id}"
    digest = opened.digest if stream.is_exact and stream.id is not None else None
    async with sessions.write() as session:
        run = await begin(session, Begun(stream.source, stream.feed, "stream", told, digest, key), stream.by)
        if stream.id is not None and digest is not None and run.digest not in (None, digest):
            raise KeyUsed(stream.id)
        barred = await blocking(session, stream.source)
        only_known = opened.mapping.only_known
        origin = Origin(stream.source, opened.plan.told, barred, only_known, stream.now)
        writer = await WRITERS[stream.feed](session, origin)
    why = f"feed of {stream.feed}, run {run.id}"
    return run, Importer(sessions, writer, Course(run.id, stream.source, why, run.position))
