"""A database is dumped and restored by PostgreSQL's own programs, as docs/backup.md says."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from app.customers.service import change_customer
from app.db import migrate
from app.db.engine import Sessions, create_engine
from tests.fixtures.database import Database, Server
from tests.fixtures.programs import run
from tests.history.factories import make_life

TABLES = """
    select relname from pg_class where relkind in ('r', 'p') and not relispartition
    and relnamespace = 'public'::regnamespace order by 1"""
ROWS = "select coalesce(string_agg(row::text, e'\\n' order by row::text), '') from {} row"
UNSAFE = """
    select proname from pg_proc where prorettype = 'trigger'::regtype and pronamespace = 'public'::regnamespace
    and not exists (select from unnest(proconfig) set where set = 'search_path=public, pg_temp')"""
SEEDS = "truncate configuration, feed_sources, audit_entries cascade"


@pytest.fixture
async def empty(server: Server) -> AsyncIterator[Database]:
    """A database without tables."""
    async with server.empty() as database:
        yield database


@pytest.fixture
async def other(server: Server) -> AsyncIterator[Database]:
    """A migrated database that nothing has been written into."""
    async with server.copy() as database:
        yield database


async def kept(database: Database) -> dict[str, str]:
    """All rows of all tables as text."""
    connection = await asyncpg.connect(database.dsn)
    names = [row["relname"] for row in await connection.fetch(TABLES)]
    found = {name: await connection.fetchval(ROWS.format(name)) for name in names}
    await connection.close()
    return found


async def test_the_whole_is_restored_into_an_empty_database_and_work_goes_on(
    database: Database, sessions: Sessions, empty: Database, tmp_path: Path
) -> None:
    async with sessions.write() as session:
        who = await make_life(session)
    dump = str(tmp_path / "whole.dump")
    await run("pg_dump", "-Fc", "-f", dump, database.dsn)
    await run("pg_restore", "--exit-on-error", "-d", empty.dsn, dump)
    before = await kept(database)
    assert await kept(empty) == before
    assert sum(map(bool, before.values())) > 20
    await migrate.prepare(empty.url)
    assert await migrate.differences(empty.url) == []
    restored = Sessions(create_engine(empty.url))
    async with restored.write() as session:
        changed = await change_customer(session, who, None, {"name": "王小"})
    await restored.engine.dispose()
    assert changed.customer.version > 1
    assert '{""name"": [""王大明"", ""王小""]}' in (await kept(empty))["customer_versions"]


@pytest.mark.parametrize("how", ["--disable-triggers", "--verbose"])
async def test_rows_alone_are_restored_into_a_migrated_database(
    database: Database, sessions: Sessions, other: Database, tmp_path: Path, how: str
) -> None:
    """With triggers as well, which tell of them anew: what writes has no search path."""
    async with sessions.write() as session:
        await make_life(session)
    dump, connection = str(tmp_path / "rows.dump"), await asyncpg.connect(other.dsn)
    await connection.execute(SEEDS)
    await connection.close()
    await run("pg_dump", "-Fc", "--data-only", "--exclude-table=alembic_version", "-f", dump, database.dsn)
    await run("pg_restore", "--data-only", how, "--exit-on-error", "-d", other.dsn, dump)
    before, after = await kept(database), await kept(other)
    anew = set() if how == "--disable-triggers" else {"audit_entries", "configuration", "customer_versions"}
    assert {table for table, rows in before.items() if after[table] != rows} == anew
    assert all(row in after["audit_entries"] for row in before["audit_entries"].splitlines())


async def test_every_trigger_finds_its_tables_whatever_the_search_path(database: Database) -> None:
    """A function that is made anew forgets what was set: a migration that does that sets it again, as 0048 does."""
    connection = await asyncpg.connect(database.dsn)
    found = [row["proname"] for row in await connection.fetch(UNSAFE)]
    await connection.close()
    assert found == []
