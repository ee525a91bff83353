"""A file or a stream of rows written chunk by chunk, each committed together with the place that the run has come to.

While one chunk is written the next one is read, so that the program and the database both have something to do.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import asyncpg

from app.customers.feeds.checking import CellFault, FaultyRow
from app.customers.feeds.chunks import Chunk
from app.customers.feeds.runs import COUNTS, move, work_for
from app.customers.feeds.writing import Numbered, Writer, Written
from app.db.engine import Sessions, WriteSession
from app.db.errors import causes

ATTEMPTS = 5
_PASSING = (asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError, asyncpg.DeadlockDetectedError)
"""What happens where somebody else writes the same customers at the same time."""


class Progress(NamedTuple):
    """A chunk that has been taken: up to which row, what became of its rows, and the faulty ones."""

    position: int
    counts: dict[str, int]
    faulty: list[FaultyRow]


class Course(NamedTuple):
    """For which run rows are written: None for a dry run, of which nothing stays. Rows up to `position` have been
    written before."""

    run: str | None
    source: str
    why: str
    position: int = 0


class _Rehearsed(Exception):
    """Ends the transaction of a dry run."""

    def __init__(self, written: Written) -> None:
        self.written = written


class Importer:
    """Writes the chunks of one run."""

    def __init__(self, sessions: Sessions, writer: Writer, course: Course) -> None:
        self._sessions, self._writer, self._course = sessions, writer, course
        self._position = course.position

    async def run(self, chunks: Iterator[Chunk], tell: Callable[[Progress], None]) -> None:
        """Take all chunks; `chunks` is read in a thread beside. Raises FeedBusy."""
        chunk = await asyncio.to_thread(next, chunks, None)
        while chunk is not None:
            taken, following = await asyncio.gather(
                self.take(chunk), asyncio.to_thread(next, chunks, None), return_exceptions=True
            )
            if isinstance(taken, BaseException):
                raise taken
            tell(taken)
            if isinstance(following, BaseException):
                raise following
            chunk = following

    async def take(self, chunk: Chunk) -> Progress:
        """Write one chunk, unless it has been written before."""
        before = self._position
        old = [row for row in chunk.rows if row[0] <= before]
        faults: Mapping[int, CellFault] = {}
        if old:
            async with self._sessions.read() as session:
                faults = await self._writer.faults(session, old)
        if chunk.last <= before:
            return Progress(chunk.last, dict.fromkeys(COUNTS, 0), chunk.refused(faults))
        written = await self._written(chunk, [row for row in chunk.rows if row[0] > before])
        self._position = chunk.last
        return Progress(chunk.last, _counts(chunk, written, before), chunk.refused({**faults, **written.faults}))

    async def _written(self, chunk: Chunk, rows: list[Numbered]) -> Written:
        """Write rows; what somebody else has done to the same customers meanwhile is seen when it is tried again."""
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._write(chunk, rows)
            except Exception as error:
                if not any(isinstance(cause, _PASSING) for cause in causes(error)):
                    raise
        return await self._write(chunk, rows)

    async def _write(self, chunk: Chunk, rows: list[Numbered]) -> Written:
        course = self._course
        try:
            async with self._sessions.write() as session:
                await work_for(session, course.source, course.why)
                written = await self._rows(session, rows)
                if course.run is None:
                    raise _Rehearsed(written)
                await move(session, course.run, self._position, chunk.last, _counts(chunk, written, self._position))
        except _Rehearsed as end:
            return end.written
        return written

    async def _rows(self, session: WriteSession, rows: list[Numbered]) -> Written:
        return await self._writer.write(session, rows) if rows else Written()


def _counts(chunk: Chunk, written: Written, before: int) -> dict[str, int]:
    told = {name: getattr(written, name) for name in ("made", "changed", "unchanged", "kept")}
    refused = sum(row.number > before for row in chunk.faulty) + len(written.faults)
    return {**told, "refused": refused, "repeated": chunk.repeated}
