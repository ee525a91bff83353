"""Writes down what became of the orders: one statement for all that settled within a few milliseconds."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import asyncpg
import msgspec
import structlog

from app.core.clock import utc
from app.db.errors import DRIVER

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 0.05
AGAIN_SECONDS = 1.0
STATEMENT_SECONDS = 10.0
CLOSE_SECONDS = 2.0
"""Who stops holds the floor's lock until then; a mark that is missing only repeats an order under its key."""

Connect = Callable[[], Awaitable["asyncpg.Connection[Any]"]]

_MARK = """
update outbox set status = mark.status, attempts = mark.attempts, last_error = mark.error, settled_at = mark.at
from unnest($2::bigint[], $3::text[], $4::smallint[], $5::text[], $6::timestamptz[])
     as mark(id, status, attempts, error, at)
where outbox.floor = $1 and outbox.id = mark.id and outbox.status = 'pending'
"""


class Mark(msgspec.Struct, frozen=True):
    """What is known of an order. `status` is pending (a miss, more to come), delivered or failed; `at` ends it."""

    order: int
    status: str
    attempts: int
    error: str | None = None
    at: float | None = None


class Settling:
    """Keeps marks until the database has them, through any outage; the newest mark of an order counts."""

    def __init__(
        self, connect: Connect, floor: str, pause: float = FLUSH_SECONDS, again: float = AGAIN_SECONDS
    ) -> None:
        self._connect = connect
        self._floor = floor
        self._pause = pause
        self._again = again
        self._marks: dict[int, Mark] = {}
        self._filled = asyncio.Event()
        self._connection: asyncpg.Connection[Any] | None = None

    def add(self, mark: Mark) -> None:
        """Write this down soon."""
        self._marks[mark.order] = mark
        self._filled.set()

    async def run(self) -> None:
        """Write until cancelled; `close` afterwards."""
        while True:
            await self._filled.wait()
            await asyncio.sleep(self._pause)
            if not await self._try():
                await asyncio.sleep(self._again)

    async def close(self) -> None:
        """Write what is left, if the database is there just now, and let go of the connection."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._try()
        self._drop()

    async def _try(self) -> bool:
        marks = self._marks
        self._marks = {}
        self._filled.clear()
        if not marks:
            return True
        try:
            await self._write(list(marks.values()))
        except (OSError, *DRIVER) as error:
            log.warning("orders not marked yet", orders=len(marks), error=str(error) or type(error).__name__)
            self._drop()
            self._keep(marks)
            return False
        except asyncio.CancelledError:
            self._keep(marks)
            raise
        return True

    def _keep(self, marks: dict[int, Mark]) -> None:
        self._marks = marks | self._marks
        self._filled.set()

    async def _write(self, marks: list[Mark]) -> None:
        if self._connection is None:
            self._connection = await self._connect()
        columns = (
            [mark.order for mark in marks],
            [mark.status for mark in marks],
            [min(mark.attempts, 32_767) for mark in marks],
            [mark.error for mark in marks],
            [None if mark.at is None else utc(mark.at) for mark in marks],
        )
        await self._connection.execute(_MARK, self._floor, *columns, timeout=STATEMENT_SECONDS)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
