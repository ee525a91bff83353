"""What the planner makes of the statements that code really runs."""

from collections.abc import Awaitable
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.pool import connection_of


async def plan_of(session: AsyncSession, work: Awaitable[Any], place: int = 0, how: str = "explain") -> str:
    """The plan of the first statement that `work` runs on the session, or of the one at another place; -1: the last."""
    seen: list[tuple[str, tuple[object, ...]]] = []

    def keep(_c: object, _cursor: object, statement: str, parameters: tuple[object, ...], *_rest: object) -> None:
        seen.append((statement, parameters))

    bound = (await session.connection()).sync_connection
    event.listen(bound, "before_cursor_execute", keep)
    await work
    event.remove(bound, "before_cursor_execute", keep)
    connection = await connection_of(session)
    assert isinstance(connection, asyncpg.Connection)
    statement, parameters = seen[place]
    return "\n".join(row[0] for row in await connection.fetch(f"{how} {statement}", *parameters))
