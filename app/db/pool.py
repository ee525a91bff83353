"""Plain asyncpg connections, for the paths where one round trip counts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import CLOSE_SECONDS, dsn_of
from app.db.errors import DatabaseUnavailable, meaning, passes, translated

log = structlog.get_logger(__name__)

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[Any] | PoolConnectionProxy[Any]
else:
    Connection = asyncpg.Connection
"""A connection of one's own, or one borrowed from a pool."""

FOR_GOOD = 0
"""How long the driver is to keep a prepared statement, in seconds: as long as the connection lives. It would throw each
away after five minutes, and the next caller would wait for a new plan. A table that changes has its plans made anew by
PostgreSQL itself."""

ANY_LENGTH = 0
"""How long a statement may be to be kept, in characters: as long as it likes. The driver would plan one of more than
15 KiB anew for every caller, without a word, and that of a profile has 12 and grows with each part."""

RETURN_SECONDS = 2.0
"""How long a borrower waits until the database has taken back what was broken off. One that stands still never does,
and a connection to it is not worth waiting for."""

LONGEST_SECONDS = 60.0
"""How long a statement may take that says nothing else: whoever looks again and again would, without any bound, look no
more once an answer was lost on its way."""

CONNECT_SECONDS = 5.0

LEND_SECONDS = 10.0
"""How long who wants a connection waits until one is free."""


class Fetches(Protocol):
    """What most readers need of the database: an asyncpg connection or pool."""

    async def fetch(self, query: str, *args: Any) -> Any:
        """All rows of the answer."""

    async def fetchrow(self, query: str, *args: Any, timeout: float | None = None) -> Any:  # noqa: ASYNC109
        """The first row of the answer."""


Lend = Callable[[], AbstractAsyncContextManager[Fetches]]
"""Lends a connection for a while, as `acquire` of a pool does."""


class Pool(asyncpg.Pool):
    """A pool that has its connections back whatever the database does."""

    async def release(self, connection: Any, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the driver's
        """Take a connection back; one with which that takes too long is ended. Never raises for that: who was cancelled
        or out of time is to hear of this and nothing else."""
        try:
            await super().release(connection, timeout=RETURN_SECONDS if timeout is None else timeout)
        except TimeoutError:
            log.warning("a connection was ended, because the database does not break off what it was asked")


async def plan_once(connection: Connection) -> None:
    """Let this connection plan each statement once, for all values: for connections that ask the same few all day.

    Planning the look-up of a caller anew costs four times as much as answering it. What such a connection asks for is
    a few rows by their keys, so the plan goes by an index however small a table is when it is made: a month's partition
    is empty at first, and a plan that reads the whole of it would be kept while it grows.
    """
    await connection.execute("set plan_cache_mode = force_generic_plan; set enable_seqscan = off")


async def open_pool(url: str, size: int) -> "asyncpg.Pool[Any]":
    """A pool of at most `size` connections, half of them open at once.

    Borrowers leave no session state behind (no SET, no LISTEN, no temporary tables), so nothing is reset between them:
    that would double the round trips of a single query. Close it with `close_pool`.
    """

    async def leave(_: Connection) -> None:
        return None

    smallest = max(1, size // 2)
    return await Pool(
        dsn_of(url),
        timeout=CONNECT_SECONDS,
        command_timeout=LONGEST_SECONDS,
        min_size=smallest,
        max_size=size,
        max_queries=50_000,
        max_inactive_connection_lifetime=300.0,
        loop=asyncio.get_running_loop(),
        connection_class=asyncpg.Connection,
        record_class=asyncpg.Record,
        max_cached_statement_lifetime=FOR_GOOD,
        max_cacheable_statement_size=ANY_LENGTH,
        init=plan_once,
        reset=leave,
    )


async def close_pool(pool: "asyncpg.Pool[Any]") -> None:
    """Close the connections in order, or where that takes too long, at once."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await pool.close()


async def connection_of(session: AsyncSession) -> Fetches:
    """The driver's connection beneath a session, which sees what the session has written."""
    raw = await (await session.connection()).get_raw_connection()
    assert raw.driver_connection is not None
    connection: Fetches = raw.driver_connection
    return connection


def lending(pool: "asyncpg.Pool[Any]") -> Lend:
    """Lends connections of a pool, at most a quarter of them at once: whoever else uses it is not to wait for these
    borrowers, should what they ask for stand still. They are told in our words what goes wrong with the database:
    raises `DatabaseUnavailable`, also where they get none within `LEND_SECONDS`, and for a TimeoutError of theirs."""
    turns = asyncio.Semaphore(max(1, pool.get_max_size() // 4))

    @asynccontextmanager
    async def lend() -> AsyncIterator[Fetches]:
        with _in_our_words():
            async with AsyncExitStack() as borrowed:
                async with asyncio.timeout(LEND_SECONDS):
                    await borrowed.enter_async_context(turns)
                    connection = await pool.acquire()
                borrowed.push_async_callback(pool.release, connection)
                yield connection

    return lend


@contextmanager
def _in_our_words() -> Iterator[None]:
    with translated():
        try:
            yield
        except TimeoutError as error:
            raise DatabaseUnavailable("The database does not answer in time. Try again shortly.") from error
        except (OSError, asyncpg.InterfaceError) as error:
            lost = DatabaseUnavailable("The connection to the database was lost.", retry_after=5)
            raise meaning(error) or lost from error
        except asyncpg.PostgresError as error:
            if not passes(error.sqlstate or ""):
                raise
            raise meaning(error) or DatabaseUnavailable("The database is busy. Try again shortly.") from error


async def fetch_apart(database: Any, query: str, *given: Any, seconds: float) -> Any:
    """The first row that a pool or a connection answers within `seconds`; a failure leaves the connection as it was,
    also where it is in a transaction. Raises TimeoutError, and what the driver raises."""
    if getattr(database, "is_in_transaction", bool)():
        async with database.transaction():
            return await database.fetchrow(query, *given, timeout=seconds)
    return await database.fetchrow(query, *given, timeout=seconds)
