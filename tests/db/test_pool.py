"""Connections that ask the same all day plan it once; who borrows one is told in our words what goes wrong."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from app.customers.profiles.parts import PARTS
from app.customers.profiles.reading import of_customer
from app.db import pool as lent
from app.db.errors import DatabaseUnavailable
from app.db.pool import lending, open_pool
from tests.fixtures.database import Database
from tests.fixtures.plans_kept import is_kept


@asynccontextmanager
async def opened(database: Database, size: int) -> AsyncIterator["asyncpg.Pool[Any]"]:
    """A pool of so many connections."""
    pool = await open_pool(database.url, size)
    try:
        yield pool
    finally:
        await pool.close()


async def test_a_statement_is_kept_however_long_it_is(rolled_back: Database) -> None:
    async with opened(rolled_back, 2) as pool, pool.acquire() as connection:
        for padding in (0, 20_000, 1_000_000):
            statement = of_customer(PARTS) + f" /* {'x' * padding} */"
            assert await is_kept(connection, statement), f"{len(statement)} characters are planned for each caller"


async def test_a_borrower_gets_a_connection_and_gives_it_back(rolled_back: Database) -> None:
    async with opened(rolled_back, 1) as pool:
        for _ in range(2):
            async with lending(pool)() as connection:
                assert (await connection.fetchrow("select 1 as one"))["one"] == 1


async def test_where_no_connection_comes_free_the_database_is_unavailable(
    rolled_back: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lent, "LEND_SECONDS", 0.01)
    async with opened(rolled_back, 1) as pool:
        lend = lending(pool)
        async with lend():
            with pytest.raises(DatabaseUnavailable, match="in time"):
                await lend().__aenter__()
        async with lend() as connection:
            assert await connection.fetch("select 1")


async def test_a_connection_that_ends_with_its_borrower_is_told_as_such_and_replaced(rolled_back: Database) -> None:
    async with opened(rolled_back, 1) as pool:
        lend = lending(pool)
        with pytest.raises(DatabaseUnavailable):
            async with lend() as connection:
                await connection.fetch("select pg_terminate_backend(pg_backend_pid())")
        async with lend() as connection:
            assert await connection.fetch("select 1")


def refused_with(sqlstate: str) -> asyncpg.PostgresError:
    return asyncpg.PostgresError.new({"C": sqlstate, "M": "no"})


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        ConnectionResetError(),
        asyncpg.InterfaceError("the connection is closed"),
        refused_with("57014"),
        refused_with("53200"),
        refused_with("40P01"),
    ],
)
async def test_whatever_passes_by_itself_is_told_as_unavailable(rolled_back: Database, error: Exception) -> None:
    async with opened(rolled_back, 1) as pool:
        with pytest.raises(DatabaseUnavailable):
            async with lending(pool)():
                raise error
        await pool.close()
        with pytest.raises(DatabaseUnavailable):
            await lending(pool)().__aenter__()


async def test_a_fault_of_ours_is_told_as_it_is(rolled_back: Database) -> None:
    async with opened(rolled_back, 1) as pool:
        with pytest.raises(asyncpg.UndefinedTableError):
            async with lending(pool)() as connection:
                await connection.fetch("select from nothing")
        with pytest.raises(asyncpg.DataError):
            async with lending(pool)() as connection:
                await connection.fetch("select $1::int", "x")


async def test_most_connections_are_left_to_others_whatever_borrowers_wait_for(
    rolled_back: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lent, "LEND_SECONDS", 0.01)
    async with opened(rolled_back, 8) as pool:
        lend = lending(pool)
        async with lend(), lend():
            with pytest.raises(DatabaseUnavailable):
                await lend().__aenter__()
            assert await pool.fetchval("select 1") == 1
        async with lend(), lend():
            pass


async def test_a_database_that_cannot_be_reached_is_told_as_such() -> None:
    async with asyncpg.create_pool("postgresql://nobody@/none?host=/nonexistent", min_size=0) as pool:
        with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
            await lending(pool)().__aenter__()
