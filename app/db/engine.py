"""The engine and the two kinds of session: one that only reads, one that commits at the end."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
from sqlalchemy import URL, Dialect, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from app.db.errors import meaning, translated

CLOSE_SECONDS = 1.0
"""How long closing waits for the database to say goodbye: one that stands still never does."""

KEEPALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 60_000))
"""After a minute without a sign of the database's machine (seconds; the last in milliseconds) a connection is over: one
that vanished would be waited for for ever, since a statement of a session may take as long as it likes."""


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def dsn_of(url: str) -> str:
    """The same address for `asyncpg.connect`."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


def _for_driver(url: str) -> URL:
    # in an address people write libpq's sslmode; the driver takes it as ssl when it is not given an address
    parsed = make_url(url)
    mode = parsed.query.get("sslmode")
    return parsed if mode is None else parsed.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})


def create_engine(url: str, *, pool: int = 20, **options: Any) -> AsyncEngine:
    """An engine for `url` (postgresql+asyncpg://...), at most `pool` connections. Nothing connects yet.

    Create it inside the running loop that uses it, and `await close_engine(engine)` at the end.
    """
    defaults: dict[str, Any] = {"pool_timeout": 10, "pool_recycle": 1800}
    if "poolclass" in options:
        defaults = {}
    else:
        defaults |= {"pool_size": min(pool, 10), "max_overflow": max(pool - 10, 0)}
    engine = create_async_engine(
        _for_driver(url),
        json_serializer=_encode,
        json_deserializer=msgspec.json.decode,
        hide_parameters=True,  # failures go into the log: hashes of passwords, names and numbers do not
        **(defaults | options),
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    event.listen(engine.sync_engine, "do_connect", _connect)
    event.listen(engine.sync_engine, "connect", _keep_alive)
    return engine


async def close_engine(engine: AsyncEngine) -> None:
    """Close the connections in order, as far as the database takes part in it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await engine.dispose()


def _connect(dialect: Dialect, record: object, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    # here an OSError can only be about the database; later it may come from whatever a session's block does
    try:
        return dialect.connect(*arguments, **options)
    except OSError as error:
        raise meaning(error) or error from error


def _keep_alive(connection: Any, record: object) -> None:
    line = connection.driver_connection._transport.get_extra_info("socket")  # the driver has no option for it
    if line is None or line.family == socket.AF_UNIX:
        return
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE:
        if hasattr(socket, name):  # not every system has each
            line.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _refuse_closed(connection: Any, record: object, proxy: object) -> None:
    # the driver hears of a closed connection by itself; asking the server each time costs a third of a short query
    if connection.driver_connection.is_closed():
        raise DisconnectionError("closed by the server while it waited in the pool")


class ReadSession(AsyncSession):
    """A session in a read-only transaction: the database refuses any write through it."""


class WriteSession(AsyncSession):
    """A session whose transaction `Sessions.write()` commits; the code that uses it never does."""


class Sessions:
    """Makes the sessions of one engine. Failure to reach the database is `Unavailable`, whatever the driver raised."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._reading = engine.execution_options(postgresql_readonly=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        """A read-only session, rolled back at the end."""
        with translated():
            async with ReadSession(self._reading, expire_on_commit=False) as session:
                yield session

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[ReadSession]:
        """As `read`, and all that it reads is of one moment, however long that takes."""
        with translated():
            one = self._reading.execution_options(isolation_level="REPEATABLE READ")
            async with ReadSession(one, expire_on_commit=False) as session:
                yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteSession]:
        """A session that commits when the block ends well and rolls back when it raises."""
        with translated():
            async with WriteSession(self.engine, expire_on_commit=False) as session, session.begin():
                yield session
