"""Connections that ask the same all day plan it once; who borrows one is told in our words what goes wrong."""

import asyncpg
import pytest

from app.customers.profiles.parts import PARTS
from app.customers.profiles.reading import of_customer
from app.db import pool as lent
from app.db.errors import DatabaseUnavailable
from app.db.pool import lending, open_pool
from tests.fixtures.database import Database
from tests.fixtures.plans_kept import is_kept


async def test_a_statement_is_kept_however_long_it_is(rolled_back: Database) -> None:
    pool = await open_pool(rolled_back.url, 2)
    try:
        async with pool.acquire() as connection:
            for padding in (0, 20_000, 1_000_000):
                statement = of_customer(PARTS) + f" /* {'x' * padding} */"
                assert await is_kept(connection, statement), f"{len(statement)} characters are planned for each caller"
    finally:
        await pool.close()


async def test_a_borrower_gets_a_connection_and_gives_it_back(rolled_back: Database) -> None:
    pool = await open_pool(rolled_back.url, 1)
    try:
        for _ in range(2):
            async with lending(pool)() as connection:
                assert (await connection.fetchrow("select 1 as one"))["one"] == 1
    finally:
        await pool.close()


async def test_where_no_connection_comes_free_the_database_is_unavailable(
    rolled_back: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lent, "LEND_SECONDS", 0.01)
    pool = await open_pool(rolled_back.url, 1)
    lend = lending(pool)
    try:
        async with lend():
            with pytest.raises(DatabaseUnavailable, match="was free"):
                await lend().__aenter__()
        async with lend() as connection:
            assert await connection.fetch("select 1")
    finally:
        await pool.close()


async def test_a_connection_that_ends_with_its_borrower_is_told_as_such_and_replaced(rolled_back: Database) -> None:
    pool = await open_pool(rolled_back.url, 1)
    lend = lending(pool)
    try:
        with pytest.raises(DatabaseUnavailable):
            async with lend() as connection:
                await connection.fetch("select pg_terminate_backend(pg_backend_pid())")
        async with lend() as connection:
            assert await connection.fetch("select 1")
    finally:
        await pool.close()


async def test_a_database_that_cannot_be_reached_is_told_as_such() -> None:
    async with asyncpg.create_pool("postgresql://nobody@/none?host=/nonexistent", min_size=0) as pool:
        with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
            await lending(pool)().__aenter__()
