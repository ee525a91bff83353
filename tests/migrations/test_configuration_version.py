"""Whatever changes what the floor decides by raises the configuration's version, once a statement."""

import importlib

import asyncpg
import pytest

from tests.fixtures.database import Database

WATCHED = importlib.import_module("migrations.versions.2026_11_23_0007_configuration").WATCHED
VERSION = "select version from configuration"


def test_all_tables_that_the_floor_decides_by_are_watched() -> None:
    assert set(WATCHED) == {
        "agent_skills", "agents", "cti_sources", "dialled_numbers", "queue_skills", "queues", "skills", "tiers",
        "wrap_up_codes",
    }  # fmt: skip


@pytest.mark.parametrize("table", WATCHED)
async def test_truncating_and_deleting_raise_it(database: Database, table: str) -> None:
    connection = await asyncpg.connect(database.dsn)
    before = await connection.fetchval(VERSION)
    await connection.execute(f"delete from {table}")
    assert await connection.fetchval(VERSION) == before + 1
    await connection.execute(f"truncate {table} cascade")
    assert await connection.fetchval(VERSION) > before + 1
    await connection.close()


async def test_many_rows_in_one_statement_raise_it_once(database: Database) -> None:
    connection = await asyncpg.connect(database.dsn)
    before = await connection.fetchval(VERSION)
    await connection.execute("insert into skills (id, name) select 's' || n, 'S' from generate_series(1, 100) n")
    assert await connection.fetchval(VERSION) == before + 1
    await connection.execute("update skills set name = 'T'")
    assert await connection.fetchval(VERSION) == before + 2
    await connection.close()


async def test_a_change_rolled_back_does_not_raise_it(database: Database) -> None:
    connection = await asyncpg.connect(database.dsn)
    before = await connection.fetchval(VERSION)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("insert into skills (id, name) values ('x', 'X')")
    await transaction.rollback()
    assert await connection.fetchval(VERSION) == before
    await connection.close()
