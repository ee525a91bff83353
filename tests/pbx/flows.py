"""Flows in the records of a call centre, and the numbers that lead to them."""

import asyncpg
import yaml

from tests.fixtures.database import Database
from tests.pbx.desk import SOURCE


async def publish(database: Database, text: str, number: str | None = None) -> None:
    """Publish a flow; a number of the trunk leads to it."""
    key = yaml.safe_load(text)["flow"]
    connection = await asyncpg.connect(database.dsn)
    await connection.execute("INSERT INTO flows (id, name) VALUES ($1, $1)", key)
    await connection.execute(
        """INSERT INTO flow_versions (flow_id, number, state, text, author, published_at, published_by)
           VALUES ($1, 1, 'published', $2, 'adm', now(), 'adm')""",
        key,
        text,
    )
    if number is not None:
        insert = "INSERT INTO dialled_numbers (source_id, number, flow_id) VALUES ($1, $2, $3)"
        await connection.execute(insert, SOURCE, number, key)
    await connection.close()


async def everything_kept(database: Database) -> str:
    """All rows of all tables as one text."""
    connection = await asyncpg.connect(database.dsn)
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    texts = []
    for table in tables:
        rows = await connection.fetch(f'SELECT t::text AS row FROM "{table["tablename"]}" t')
        texts += [row["row"] for row in rows]
    await connection.close()
    return "\n".join(texts)
