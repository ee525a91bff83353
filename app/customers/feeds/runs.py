"""The runs of feeds: begun, moved on with each chunk in the chunk's transaction, ended, and begun again where one broke
off. One run of a source and a feed is at work at a time."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.errors import Conflict
from app.core.ids import new_id
from app.customers.feed_models import FeedRun, FeedSource
from app.customers.record.ranks import ensure_system
from app.db.engine import Sessions, WriteSession

COUNTS = ("made", "changed", "unchanged", "kept", "refused", "repeated")

_LOCK = text("select pg_try_advisory_lock(hashtextextended(:key, 0))")
_SETTINGS = text("""
    select set_config('callfloor.source', :source, true), set_config('callfloor.who', :who, true),
           set_config('callfloor.why', :why, true), set_config('synchronous_commit', 'off', true)""")
_IMPATIENT = text("select set_config('lock_timeout', :most, true)")
END_SECONDS = 3.0
"""How long an import may seem to be at work whose process was killed: the database sees it go a little later."""

PATIENCE = "2s"
"""So long rows that are written beside others wait for a lock."""


class FeedBusy(Conflict):
    """Another import of the same feed of the same source is at work."""

    code = "feed-busy"


class Begun(NamedTuple):
    """What is imported: `name` and `digest` are those of the file, `mapping` as JSON has it. With an `id` the run is
    known by it, else by its digest."""

    source: str
    feed: str
    name: str
    mapping: dict[str, Any]
    digest: str | None = None
    id: str | None = None


@asynccontextmanager
async def alone(sessions: Sessions, source: str, feed: str) -> AsyncIterator[None]:
    """Nobody else imports this feed of this source meanwhile. Raises FeedBusy where somebody does for END_SECONDS, and
    SourceIsPeople."""
    ensure_system(source)
    async with sessions.engine.connect() as connection:
        quiet = await connection.execution_options(isolation_level="AUTOCOMMIT")
        if not await _locked(quiet, f"callfloor.feed {source} {feed}"):
            raise FeedBusy(f"Another import of {feed} of {source} is at work; try again when it has ended.")
        try:
            yield
        finally:
            await connection.execute(text("select pg_advisory_unlock_all()"))


async def _locked(connection: AsyncConnection, key: str) -> bool:
    until = time.monotonic() + END_SECONDS
    while not await connection.scalar(_LOCK, {"key": key}):
        if time.monotonic() >= until:
            return False
        await asyncio.sleep(0.05)
    return True


async def begin(session: WriteSession, given: Begun, by: str | None = None) -> FeedRun:
    """The run of what is given: one that broke off, else a new one that `by` started. Others of the feed that broke off
    are given up. A run with an id is gone on with whatever its state: its rows are not written twice."""
    await session.execute(insert(FeedSource).values(id=given.source).on_conflict_do_nothing())
    same = (
        FeedRun.id == given.id
        if given.id is not None
        else (FeedRun.digest == given.digest) & (FeedRun.state == "running")
    )
    mine = (FeedRun.source == given.source) & (FeedRun.feed == given.feed)
    found = await session.scalar(select(FeedRun).where(mine, same))
    if found is None:
        found = FeedRun(**{**given._asdict(), "id": given.id or new_id(), "started_by": by})
        session.add(found)
    elif found.state != "running":
        found.state = "running"
    await session.flush()
    others = update(FeedRun).where(mine, FeedRun.state == "running", FeedRun.id != found.id)
    await session.execute(others.values(state="superseded"))
    await session.refresh(found)
    return found


async def work_for(session: WriteSession, source: str, why: str) -> None:
    """From here to the commit, what is changed is changed by the feed. A lost commit is only done again, so none is
    waited for."""
    await session.execute(_SETTINGS, {"source": source, "who": f"feed:{source}", "why": why})


async def be_impatient(session: WriteSession) -> None:
    """From here to the commit, a lock that somebody else has is an error after a while."""
    await session.execute(_IMPATIENT, {"most": PATIENCE})


async def move(session: WriteSession, run: str, before: int, after: int, counts: dict[str, int]) -> None:
    """Let the run stand at row `after`. Raises FeedBusy where it does not stand at `before` any more."""
    added = {name: getattr(FeedRun, name) + counts[name] for name in COUNTS}
    here = (FeedRun.id == run) & (FeedRun.position == before) & (FeedRun.state == "running")
    moved = await session.scalar(
        update(FeedRun).where(here).values(position=after, updated_at=func.now(), **added).returning(FeedRun.id)
    )
    if moved is None:
        raise FeedBusy("Another process has gone on with this import.")


async def end(session: WriteSession, run: str) -> FeedRun:
    """The run has come to its end."""
    await session.execute(update(FeedRun).where(FeedRun.id == run).values(state="done", updated_at=func.now()))
    return await session.get_one(FeedRun, run, populate_existing=True)
