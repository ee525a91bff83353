"""What an import in bulk can come to at the most on this machine: COPY of the rows that it writes, and nothing else."""

import asyncio
import io
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg

ONE, TWO = "COPY, one connection", "COPY, two connections at once"
UNCHECKED = "the same without the foreign key of numbers"
CHUNK = 10_000
"""Customers that go in together, as those of an import do."""

_ALL = "select {columns} from {table}"
_OF_CHUNKS = {
    "customers": "select {columns} from customers order by id offset {first} limit {count}",
    "customer_numbers": "select {columns} from customer_numbers where customer_id in (select id from customers "
    "order by id offset {first} limit {count})",
}
_KEY = "alter table customer_numbers drop constraint fk_customer_numbers_customer_id_customers"

Chunk = dict[str, tuple[list[str], bytes]]
"""What goes into each table: the columns, and the rows as COPY has them."""


async def taken(
    connection: "asyncpg.Connection[Any]", table: str, query: str = _ALL, *, unnamed: bool = False, **given: object
) -> tuple[list[str], bytes]:
    """All rows of a table, or those of a query, as COPY has them, with the columns that are not made by the database;
    `unnamed` without what names are found by."""
    columns = await connection.fetch(
        "select attname from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped "
        "and attidentity = '' and attgenerated = '' order by attnum",
        table,
    )
    names, content = [row["attname"] for row in columns], io.BytesIO()
    told = query.format(columns=", ".join(names), table=table, **given)
    if unnamed:
        told = told.replace(" search,", " null::text[] as search,", 1)
    await connection.copy_from_query(told, output=content, format="binary")
    return names, content.getvalue()


async def chunks_of(dsn: str, rows: int, first: int) -> list[Chunk]:
    """The customers of a database from the `first` on in the order of their ids, as a bulk import writes them: not yet
    found by their names."""
    connection = await asyncpg.connect(dsn)
    try:
        found = []
        for start in range(first, first + rows, CHUNK):
            given = {"first": start, "count": min(CHUNK, first + rows - start)}
            found.append(
                {
                    table: await taken(connection, table, query, unnamed=True, **given)
                    for table, query in _OF_CHUNKS.items()
                }
            )
        return found
    finally:
        await connection.close()


async def limits(dsn: str, chunks: list[Chunk], lap: Callable[[str | None], None]) -> None:
    """COPY the chunks into the emptied tables in each way; `lap` is told when one begins (None), and what it was when
    it has ended."""
    for what, beside in ((ONE, 1), (TWO, 2), (UNCHECKED, 2)):
        connections = [await asyncpg.connect(dsn) for _ in range(beside)]
        try:
            await connections[0].execute("truncate customers cascade")
            if what == UNCHECKED:
                await connections[0].execute(_KEY)
            for each in connections:
                await each.execute("set synchronous_commit = off")
            lap(None)
            left = iter(chunks)
            await asyncio.gather(*(_copied(each, left) for each in connections))
            lap(what)
        finally:
            for each in connections:
                await each.close()


async def _copied(connection: "asyncpg.Connection[Any]", chunks: Iterator[Chunk]) -> None:
    for chunk in chunks:
        for table, (columns, rows) in chunk.items():
            await connection.copy_to_table(table, source=io.BytesIO(rows), columns=columns, format="binary")
