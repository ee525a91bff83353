"""How long the database may work at an answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.errors import causes

_LIMIT = text("""
    select set_config('statement_timeout', cast(least(nullif(cast(setting as int), 0), :most) as text), true)
    from pg_settings where name = 'statement_timeout'""")


@asynccontextmanager
async def at_most(session: AsyncSession, seconds: float) -> AsyncIterator[None]:
    """Each statement from here to the end of the transaction may take so long, or shorter where the house says so.
    Raises TimeoutError where one in the block was given up by the database, and the transaction with it."""
    await session.execute(_LIMIT, {"most": max(1, round(seconds * 1e3))})
    try:
        yield
    except DBAPIError as error:
        if any(isinstance(cause, asyncpg.QueryCanceledError) for cause in causes(error)):
            raise TimeoutError("a statement was given up by the database") from error
        raise
