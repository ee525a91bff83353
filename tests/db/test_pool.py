"""Connections that ask the same all day plan it once."""

from app.customers.profiles.parts import PARTS
from app.customers.profiles.reading import of_customer
from app.db.pool import open_pool
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
