"""Looking for a text in everything that a database holds."""

from pathlib import Path

import asyncpg

TABLES = """
    select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind = 'r' order by 1"""


async def places_of(dsn: str, *markers: str) -> dict[str, set[str]]:
    """In which tables each marker is, in whatever column of whatever type: as text, or among bytes."""
    connection = await asyncpg.connect(dsn)
    try:
        tables = [row["name"] for row in await connection.fetch(TABLES)]
        found: dict[str, set[str]] = {marker: set() for marker in markers}
        for table in tables:
            rows = await connection.fetch(f"select lower(t::text) as row from {table} t")
            for marker in markers:
                wanted = marker.lower()
                if any(wanted in row["row"] or wanted.encode().hex() in row["row"] for row in rows):
                    found[marker].add(table)
        return found
    finally:
        await connection.close()


def audio_in(folder: Path) -> list[Path]:
    """The recordings that are kept beneath a folder."""
    return list(folder.rglob("*.wav"))
