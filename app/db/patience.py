"""How long the database may work at an answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.errors import causes


@asynccontextmanager
async def at_most(session: AsyncSession, seconds: float) -> AsyncIterator[None]:
    """Each statement from here to the end of the transaction may take so long. Raises TimeoutError where one in the
    block did not end by then: it was given up by the database, and the transaction with it."""
    await session.execute(select(func.set_config("statement_timeout", f"{seconds * 1e3:.0f}", True)))
    try:
        yield
    except DBAPIError as error:
        if any(isinstance(cause, asyncpg.QueryCanceledError) for cause in causes(error)):
            raise TimeoutError(f"a statement took longer than {seconds:g} seconds") from error
        raise
