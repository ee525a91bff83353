"""A file or a stream of rows written chunk by chunk, each committed together with the place that the run has come to.

While chunks are written the next one is read, and of a file two are written side by side, so that the program and the
database both have something to do. They are committed in their order: a run that goes on needs to know one place only.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import asyncpg

from app.core.tasks import begin
from app.customers.feeds.chunks import Chunk
from app.customers.feeds.columns.checking import CellFault, FaultyRow
from app.customers.feeds.runs import COUNTS, be_impatient, move, work_for
from app.customers.feeds.tables.writer import Numbered, Overtaken, Turn, Writer, Written, at_once
from app.db.engine import Sessions
from app.db.errors import causes

T = TypeVar("T")
ATTEMPTS = 5
MOST_READERS = 32
_READERS = ThreadPoolExecutor(MOST_READERS, "reader of a feed")
SIDE_BY_SIDE = 2
"""Chunks of a file that are written at the same time: each id is in one of them only."""

_PASSING = (
    *(asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError),
    *(asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError),
    Overtaken,
)
"""What happens where somebody else writes the same customers at the same time."""


async def read_apart(work: Callable[..., T], *given: object) -> T:
    """Read a feed in a thread of those that are for this alone: a stream waits there for whoever sends it, and all else
    that needs a thread must not wait with it."""
    return await asyncio.get_running_loop().run_in_executor(_READERS, work, *given)


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


class _GaveWay(Exception):
    """Ends the transaction of a chunk that is written anew later."""


class _Begun(NamedTuple):
    """A chunk that is being written, and the row that it begins behind. Where `taking` it fails, those behind it give
    way."""

    chunk: Chunk
    before: int
    taking: asyncio.Task[Progress]


class Importer:
    """Writes the chunks of one run, at most so many `beside` each other; a dry run one by one."""

    def __init__(self, sessions: Sessions, writer: Writer, course: Course, beside: int = 1) -> None:
        self._sessions, self._writer, self._course = sessions, writer, course
        self._beside = 1 if course.run is None else beside
        self._position = course.position
        self._begun = deque[_Begun]()

    async def run(self, chunks: Iterator[Chunk], tell: Callable[[Progress], None]) -> None:
        """Take all chunks; `chunks` is read in a thread beside. Raises FeedBusy."""

        def following() -> Chunk | None:
            return next(chunks, None)

        chunk: Chunk | BaseException | None = await read_apart(following)
        try:
            while isinstance(chunk, Chunk):
                self._begin(chunk, self._position)
                self._position = max(self._position, chunk.last)
                first = self._first() if len(self._begun) == self._beside else _nothing()
                taken, chunk = await asyncio.gather(first, read_apart(following), return_exceptions=True)
                if isinstance(taken, BaseException):
                    raise taken
                if taken is not None:
                    tell(taken)
            while self._begun:
                tell(await self._first())
            if chunk is not None:
                raise chunk
        finally:
            await self._ended()

    def _begin(self, chunk: Chunk, before: int) -> None:
        """Begin to write a chunk behind those that are being written."""
        turn = _turn(self._begun[-1].taking if self._begun else None) if self._beside > 1 else None
        self._begun.append(_Begun(chunk, before, begin("chunk of a feed", self.take(chunk, before, turn))))

    async def _first(self) -> Progress:
        """What became of the chunk that was begun first. If somebody else was in its way it is written again, with
        nothing beside it: what waits for its turn may hold what another waits for, which the database does not see."""
        chunk, before, taking = self._begun[0]
        try:
            progress = await taking
        except Exception as error:
            if self._beside == 1 or not _passes(error):
                raise
            _, *others = await self._ended()
            progress = await self.take(chunk, before)
            for other in others:
                self._begin(other.chunk, other.before)
        else:
            self._begun.popleft()
        return progress

    async def _ended(self) -> list[_Begun]:
        """The chunks that were begun, when none is being written any more. Behind one that failed none is committed."""
        begun = [*self._begun]
        self._begun.clear()
        await asyncio.gather(*(it.taking for it in begun), return_exceptions=True)
        return begun

    async def take(self, chunk: Chunk, before: int, turn: Turn | None = None) -> Progress:
        """Write one chunk, unless it has been written before: rows up to `before` have. Without a `turn`, which others
        wait for beside it, what passes is tried again."""
        old = [row for row in chunk.rows if row[0] <= before]
        faults: Mapping[int, CellFault] = {}
        if old:
            async with self._sessions.read() as session:
                faults = await self._writer.faults(session, old)
        if chunk.last <= before:
            return Progress(chunk.last, dict.fromkeys(COUNTS, 0), chunk.refused(faults))
        rows = [row for row in chunk.rows if row[0] > before]
        attempts = 1 if turn is not None else ATTEMPTS
        written = await self._written(chunk, rows, before, turn, attempts)
        return Progress(chunk.last, _counts(chunk, written, before), chunk.refused({**faults, **written.faults}))

    async def _written(
        self, chunk: Chunk, rows: list[Numbered], before: int, turn: Turn | None, attempts: int
    ) -> Written:
        """Write rows; what somebody else has done to the same customers meanwhile is seen when it is tried again."""
        for _ in range(attempts - 1):
            try:
                return await self._write(chunk, rows, before, turn)
            except Exception as error:
                if not _passes(error):
                    raise
        return await self._write(chunk, rows, before, turn)

    async def _write(self, chunk: Chunk, rows: list[Numbered], before: int, turn: Turn | None) -> Written:
        course = self._course
        try:
            async with self._sessions.write() as session:
                await work_for(session, course.source, course.why)
                if turn is not None:
                    await be_impatient(session)
                written = await self._writer.write(session, rows, turn or at_once) if rows else Written()
                if course.run is None:
                    raise _Rehearsed(written)
                await (turn or at_once)()
                await move(session, course.run, before, chunk.last, _counts(chunk, written, before))
        except _Rehearsed as end:
            return end.written
        return written


def _turn(ahead: asyncio.Task[Progress] | None) -> Turn:
    """What waits until the chunk ahead is committed."""

    async def turn() -> None:
        if ahead is None:
            return
        await asyncio.wait([ahead])
        if ahead.cancelled() or ahead.exception() is not None:
            raise _GaveWay

    return turn


async def _nothing() -> None:
    """There is none to wait for yet."""


def _passes(error: BaseException) -> bool:
    return any(isinstance(cause, _PASSING) for cause in causes(error))


def _counts(chunk: Chunk, written: Written, before: int) -> dict[str, int]:
    told = {name: getattr(written, name) for name in ("made", "changed", "unchanged", "kept")}
    refused = sum(row.number > before for row in chunk.faulty) + len(written.faults)
    return {**told, "refused": refused, "repeated": sum(number > before for number in chunk.repeated)}
