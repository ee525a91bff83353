"""PostgreSQL's COPY within a session's transaction: the quickest way in for many rows.

`copy` takes values of the driver's types. `copy_lines` takes rows that are text already: the driver looks at each
element of a list several times, which costs more than all the rest of a row that has a list of forty words.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import islice
from typing import Any, cast
from uuid import UUID

import uuid_utils
from asyncpg.pgproto import pgproto
from sqlalchemy.ext.asyncio import AsyncSession

LINES = 250
"""So many are sent together: the next ones are made while the database is at these, and whoever else waits for the
loop, a call perhaps, comes in between."""


async def copy(session: AsyncSession, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Append rows to a table. Values are of the driver's types; what is jsonb is given as JSON text."""

    async def in_turns() -> AsyncIterator[tuple[Any, ...]]:
        for number, row in enumerate(rows):
            if number % LINES == 0:
                await asyncio.sleep(0)
            yield row

    await (await _driver(session)).copy_records_to_table(table, records=in_turns(), columns=columns)


async def copy_lines(session: AsyncSession, table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    """Append rows to a table, each as `app.core.tabbed` writes its columns, with a tab between. They may be made as
    they are asked for."""
    source = iter(lines)

    async def blocks() -> AsyncIterator[bytes]:
        while block := list(islice(source, LINES)):
            yield "\n".join([*block, ""]).encode()
            await asyncio.sleep(0)  # the driver does not wait while the database takes what comes

    await (await _driver(session)).copy_to_table(table, source=blocks(), columns=columns, format="text")


def fresh_id() -> UUID:
    """A fresh UUIDv7 of the driver's own type, which is made and written several times as quickly."""
    return cast(UUID, pgproto.UUID(uuid_utils.uuid7().bytes))


async def _driver(session: AsyncSession) -> Any:
    return (await (await session.connection()).get_raw_connection()).driver_connection
