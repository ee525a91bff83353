"""What the database's failures mean to a caller."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.core.errors import Unavailable

DRIVER = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Whatever the driver raises. The last one is how it takes a connection that was ended while nobody was looking."""

UNREACHABLE = (
    OSError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
REFUSED = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached or is too busy right now.

    `detail` is for everybody; `str()` of the error adds the `hint`, which names addresses and users, for logs and for
    whoever runs the server.
    """

    code = "database-unavailable"

    def __init__(self, detail: str, *, hint: str = "", retry_after: int = 2) -> None:
        super().__init__(detail, retry_after=retry_after)
        if hint:
            self.args = (f"{detail} {hint}",)


class DatabaseRefused(DatabaseUnavailable):
    """The database answers, but not to this user or under this name. Waiting does not help."""

    code = "database-refused"


class EmbeddedServerError(Exception):
    """The embedded server cannot be used. The message says why and what to do."""


def meaning(error: BaseException) -> DatabaseUnavailable | None:
    """What `error` means when it is about reaching the database, else None."""
    if isinstance(error, PoolTimeout):
        return DatabaseUnavailable("All connections to the database are in use. Try again shortly.")
    for cause in causes(error):
        if isinstance(cause, REFUSED):
            hint = f"It says: {cause}. Check CALLFLOOR_DATABASE_URL."
            return DatabaseRefused("The database refuses the connection.", hint=hint)
        if isinstance(cause, UNREACHABLE):
            said = str(cause) or type(cause).__name__
            hint = f"({said}) Check that it runs and that CALLFLOOR_DATABASE_URL is right."
            return DatabaseUnavailable("The database cannot be reached.", hint=hint, retry_after=5)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return DatabaseUnavailable("The connection to the database was lost.", retry_after=5)
    return None


def passes(sqlstate: str) -> bool:
    """Whether what a statement was refused for passes by itself: a conflict with others, want of resources, a restart,
    or that the database is read-only, as after a failover."""
    return sqlstate[:2] in ("40", "53", "57") or sqlstate in ("55P03", "25006")


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and all that it was raised from."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        if isinstance(seen, DBAPIError) and seen.orig is not None:
            yield seen.orig
        seen = seen.__cause__


@contextmanager
def translated() -> Iterator[None]:
    """Turn a failure to reach the database into `DatabaseUnavailable`; everything else passes unchanged."""
    try:
        yield
    except (DBAPIError, PoolTimeout, *DRIVER) as error:
        unavailable = meaning(error)
        if unavailable is None:
            raise
        raise unavailable from error


def violated_constraint(error: IntegrityError) -> str | None:
    """The name of the constraint that `error` broke, so that a room can say it in its own words."""
    for cause in causes(error):
        name = getattr(cause, "constraint_name", None)
        if name:
            return str(name)
    return None


async def retrying_delay(attempt: int) -> None:
    """Wait before connection attempt number `attempt` (from 1): longer each time, at most two seconds."""
    await asyncio.sleep(min(0.1 * 2 ** (attempt - 1), 2.0))
