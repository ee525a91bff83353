"""PostgreSQL's COPY within a session's transaction: the quickest way in for many rows."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession


async def copy(session: AsyncSession, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Append rows to a table. Values are of the driver's types; what is jsonb is given as JSON text."""
    driver: Any = (await (await session.connection()).get_raw_connection()).driver_connection
    await driver.copy_records_to_table(table, records=rows, columns=columns)
