"""Copying rows in: COPY is how PostgreSQL takes a hundred thousand of them in a second."""

from collections.abc import Iterable
from typing import Any

from app.db.engine import WriteSession


async def copy(session: WriteSession, table: str, rows: Iterable[tuple[Any, ...]], columns: tuple[str, ...]) -> None:
    """Copy rows into these columns of a table, in the session's transaction; JSON is given as text."""
    connection = await (await session.connection()).get_raw_connection()
    driver: Any = connection.driver_connection
    await driver.copy_records_to_table(table, records=rows, columns=columns)
