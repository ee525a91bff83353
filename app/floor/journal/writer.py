"""The journal: one connection that holds the floor's lock and writes every batch in one commit.

Ownership is the advisory lock of this connection, so the death of the process or of the connection frees it; the epoch,
raised by each new owner and checked in each commit, keeps one that has not noticed from writing. An owner that stands
still, or whose machine is gone, keeps its connection: whoever waits for the floor ends it after some silence.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import structlog

from app.core.errors import Unavailable
from app.db.pool import ANY_LENGTH, FOR_GOOD, plan_once
from app.floor.journal.batch import Batch
from app.floor.journal.statement import statement

log = structlog.get_logger(__name__)

COMMIT_TIMEOUT = 10.0
SILENT_SECONDS = 8.0
"""An owner speaks to the database every two seconds; one that has been silent for so long is taken for dead."""

_LOCK = "hashtextextended('callfloor floor ' || $1, 0)"
_TRY_LOCK = f"SELECT pg_try_advisory_lock({_LOCK})"
_END_SILENT_OWNER = f"""
SELECT pid, pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND classid::bigint << 32 | objid::bigint = {_LOCK}
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND state <> 'active' AND state_change < clock_timestamp() - make_interval(secs => $2)
"""  # noqa: S608 - made of the constant above
_RETRY_PAUSE = (0.05, 0.1, 0.2, 0.5)
TRANSIENT = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.ReadOnlySQLTransactionError,
    Unavailable,
)
"""What passes by itself: the server restarts, is full, or cut us off. Everything else is a fault of the batch."""


class Fenced(Exception):
    """Another process has become the owner; nothing more can be written here."""


class AlreadyAnswered(Exception):
    """A command of the batch was answered in an earlier life of the floor; `answers` are those of the inbox."""

    def __init__(self, answers: dict[tuple[str, str], bytes]) -> None:
        super().__init__(f"{len(answers)} commands were answered before")
        self.answers = answers


class Journal:
    """Writes for one floor. `dsn` is a libpq address; `floor` the floor's id."""

    def __init__(self, dsn: str, floor: str) -> None:
        self.floor = floor
        self.epoch = 0
        self.seq = 0
        self._dsn = dsn
        self._connection: asyncpg.Connection[Any] | None = None

    @property
    def connection(self) -> "asyncpg.Connection[Any]":
        """The owning connection; recovery reads through it. Raises InterfaceError while there is none."""
        if self._connection is None:
            raise asyncpg.InterfaceError("not connected")
        return self._connection

    async def own(self, poll_seconds: float, wanted: Callable[[], bool] = lambda: True) -> bool:
        """Wait until the floor is ours, and start a new epoch. Asks every `poll_seconds`, as long as it is `wanted`."""
        while not await self._locked():
            await asyncio.sleep(poll_seconds)
            if not wanted():
                return False
        row = await self.connection.fetchrow(
            """INSERT INTO floors (id, epoch, seq) VALUES ($1, 1, 0)
               ON CONFLICT (id) DO UPDATE SET epoch = floors.epoch + 1 RETURNING epoch, seq""",
            self.floor,
        )
        assert row is not None
        self.epoch, self.seq = row["epoch"], row["seq"]
        return True

    async def commit(self, batch: Batch, seq: int) -> None:
        """Write the batch and move the sequence to `seq`; returns when it is durable, however long that takes.

        A connection that breaks is made anew; whether the broken commit got through is read from the sequence.
        Raises Fenced, AlreadyAnswered, or the database's own error where the batch itself is at fault.
        """
        sql, arrays = statement(batch.rows())
        attempt = 0
        while True:
            try:
                if await self.connection.fetchval(
                    sql, self.floor, seq, self.epoch, self.seq, *arrays, timeout=COMMIT_TIMEOUT
                ) or await self._got_through(seq):
                    self.seq = seq
                    return
                raise Fenced
            except asyncpg.UniqueViolationError as error:
                await self._look_up(batch, error)
            except TRANSIENT as error:
                log.warning("commit failed, trying again", error=repr(error), attempt=attempt)
                await self._reconnect(attempt)
                attempt += 1

    async def check(self) -> None:
        """See that the floor is still ours. Raises Fenced if it is not."""
        attempt = 0
        while True:
            try:
                if not await self._got_through(self.seq):
                    raise Fenced
                return
            except TRANSIENT:
                await self._reconnect(attempt)
                attempt += 1

    async def close(self) -> None:
        """Give the floor up."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.close(timeout=2)
        except (*TRANSIENT, asyncpg.PostgresError):
            connection.terminate()

    async def _got_through(self, seq: int) -> bool:
        row = await self.connection.fetchrow(
            "SELECT epoch, seq FROM floors WHERE id = $1", self.floor, timeout=COMMIT_TIMEOUT
        )
        return row is not None and (row["epoch"], row["seq"]) == (self.epoch, seq)

    async def _locked(self) -> bool:
        try:
            return await self._lock()
        except TRANSIENT as error:
            log.warning("the database is away", error=repr(error))
            await self.close()
            return False

    async def _lock(self) -> bool:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(
                self._dsn,
                timeout=5,
                command_timeout=60,
                max_cached_statement_lifetime=FOR_GOOD,
                max_cacheable_statement_size=ANY_LENGTH,
            )
            await plan_once(self._connection)
        taken: bool = await self._connection.fetchval(_TRY_LOCK, self.floor)
        if not taken:
            for row in await self._connection.fetch(_END_SILENT_OWNER, self.floor, SILENT_SECONDS):
                log.warning(
                    "ended the connection of an owner that has gone silent", floor=self.floor, backend=row["pid"]
                )
        return taken

    async def _reconnect(self, attempt: int) -> None:
        """Get the lock again before anybody else does; raises Fenced when somebody did."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
        await asyncio.sleep(_RETRY_PAUSE[min(attempt, len(_RETRY_PAUSE) - 1)])
        try:
            locked = await self._lock()
            epoch = await self.connection.fetchval("SELECT epoch FROM floors WHERE id = $1", self.floor)
        except TRANSIENT:
            if self._connection is not None:
                self._connection.terminate()  # it may be there without the lock: whoever stands by would take that
            return
        if epoch != self.epoch:
            raise Fenced
        if not locked:
            log.warning("the floor's lock is held by a connection that has not died yet")
            self.connection.terminate()

    async def _look_up(self, batch: Batch, error: asyncpg.UniqueViolationError) -> None:
        """A key of the batch is in the inbox from before: tell its answer, or raise the error if that is not it."""
        scopes, keys = [row[0] for row in batch.inbox], [row[1] for row in batch.inbox]
        rows = await self.connection.fetch(
            """SELECT scope, id, answer FROM inbox
               WHERE floor = $1 AND (scope, id) IN (SELECT * FROM unnest($2::text[], $3::text[]))""",
            self.floor,
            scopes,
            keys,
        )
        if not rows:
            raise error
        raise AlreadyAnswered({(row["scope"], row["id"]): row["answer"] for row in rows})
