"""Every revision goes up, down and up again; two processes may start at once; models and migrations agree."""

import asyncio
import sys
from collections.abc import AsyncIterator

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from app.core.tasks import Supervisor
from app.db import check, migrate
from app.db.errors import DatabaseRefused, DatabaseUnavailable
from app.floor.journal.models import FloorHead
from tests.fixtures.database import Database, Server

REVISIONS = [script.revision for script in ScriptDirectory.from_config(migrate.config()).walk_revisions()][::-1]


@pytest.fixture
async def empty(server: Server) -> AsyncIterator[Database]:
    """A database without tables."""
    async with server.empty() as database:
        yield database


async def tables(database: Database) -> set[str]:
    """Everything in it that a migration may have made: tables, indexes, sequences, functions."""
    connection = await asyncpg.connect(database.dsn)
    rows = await connection.fetch(
        "select relname as name from pg_class where relnamespace = 'public'::regnamespace "
        "union all select proname from pg_proc where pronamespace = 'public'::regnamespace"
    )
    await connection.close()
    return {row["name"] for row in rows} - {"alembic_version", "alembic_version_pkc"}


async def test_each_revision_goes_up_down_and_up(empty: Database) -> None:
    for revision in REVISIONS:
        before = await tables(empty)
        await migrate.upgrade(empty.url, revision)
        after = await tables(empty)
        await migrate.downgrade(empty.url, "-1")
        assert await tables(empty) == before, revision
        await migrate.upgrade(empty.url, revision)
        assert await tables(empty) == after
        assert await migrate.current(empty.url) == revision
    assert await migrate.is_current(empty.url)


async def test_the_whole_way_down_leaves_nothing_even_with_partitions(empty: Database) -> None:
    await migrate.prepare(empty.url)
    await migrate.downgrade(empty.url, "base")
    assert await tables(empty) == set()
    await migrate.prepare(empty.url)


async def test_an_extension_that_others_use_too_stays_and_is_in_nobodys_way(empty: Database) -> None:
    await migrate.upgrade(empty.url, "0043")
    connection = await asyncpg.connect(empty.dsn)
    await connection.execute("create table theirs (room int, exclude using gist (room with =))")
    await migrate.downgrade(empty.url, "-1")
    assert await migrate.current(empty.url) == "0042"
    await connection.execute("insert into theirs values (1)")
    await connection.close()
    await migrate.upgrade(empty.url, "0043")


async def test_keys_of_a_source_are_revoked_where_they_would_name_any_and_others_stay(database: Database) -> None:
    connection = await asyncpg.connect(database.dsn)
    await connection.execute(
        "insert into api_keys (id, name, hash, sources) values ('a', 'A', '1', null), ('b', 'B', '2', '{core}')"
    )
    await migrate.downgrade(database.url, "0046")
    revoked = "select id from api_keys where revoked_at is not null"
    assert [row["id"] for row in await connection.fetch(revoked)] == ["b"]
    await connection.close()


@pytest.mark.parametrize("revision", [*REVISIONS[:-2:9], *REVISIONS[-2:]])
async def test_from_some_revision_to_the_newest_at_once(empty: Database, revision: str) -> None:
    await migrate.upgrade(empty.url, revision)
    await migrate.prepare(empty.url)
    assert await migrate.is_current(empty.url)


def test_there_is_one_line_of_revisions() -> None:
    assert len(ScriptDirectory.from_config(migrate.config()).get_heads()) == 1


async def test_models_and_migrations_agree(database: Database) -> None:
    assert await migrate.differences(database.url) == []


async def test_a_difference_is_told(database: Database) -> None:
    connection = await asyncpg.connect(database.dsn)
    await connection.execute("alter table floors drop column epoch; create table strange (id int)")
    await connection.close()
    found = " ".join(await migrate.differences(database.url))
    assert "strange" in found
    assert FloorHead.epoch.key in found


async def test_many_that_start_at_once_migrate_once(empty: Database) -> None:
    await asyncio.gather(*(migrate.prepare(empty.url) for _ in range(4)))
    assert await migrate.is_current(empty.url)


async def test_processes_that_start_at_once_migrate_once(empty: Database) -> None:
    program = "import asyncio, sys; from app.db.migrate import prepare; asyncio.run(prepare(sys.argv[1]))"
    started = [await asyncio.create_subprocess_exec(sys.executable, "-c", program, empty.url) for _ in range(2)]
    assert [await process.wait() for process in started] == [0, 0]
    assert await migrate.is_current(empty.url)


async def test_a_second_process_waits_for_the_first(empty: Database) -> None:
    first = await asyncpg.connect(empty.dsn)
    await first.execute(f"select pg_advisory_lock({migrate.LOCK})")
    second = Supervisor().start("second", migrate.upgrade(empty.url))
    await asyncio.sleep(0.3)
    assert not second.done()
    assert await migrate.current(empty.url) is None
    await first.close()
    await second
    assert await migrate.is_current(empty.url)


async def test_a_migration_that_waits_for_ever_is_told(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "PATIENCE", 0.1)
    first = await asyncpg.connect(empty.dsn)
    await first.execute(f"select pg_advisory_lock({migrate.LOCK})")
    with pytest.raises(migrate.MigrationError, match="Another process"):
        await migrate.upgrade(empty.url)
    await first.close()


async def test_the_lock_is_given_back_after_a_failure(database: Database) -> None:
    connection = await asyncpg.connect(database.dsn)
    await connection.execute("update alembic_version set version_num = 'unheard-of'")
    with pytest.raises(migrate.MigrationError, match="newer Callfloor"):
        await migrate.upgrade(database.url)
    assert await connection.fetchval(f"select pg_try_advisory_lock({migrate.LOCK})")
    await connection.close()


async def test_a_database_that_is_away_is_waited_for_and_told() -> None:
    with pytest.raises(DatabaseUnavailable, match="CALLFLOOR_DATABASE_URL"):
        await migrate.prepare("postgresql+asyncpg://me@/db?host=/nonexistent", wait=0.2)


async def test_a_database_that_refuses_is_not_waited_for(database: Database) -> None:
    with pytest.raises(DatabaseRefused):
        await migrate.prepare(database.url.replace("/test_", "/no_"), wait=30)


def test_lint_checks_on_a_server_of_its_own() -> None:
    assert check.check_migrations() == []
    check.main()


def test_lint_says_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "check_migrations", lambda: ["('add_table', 'x')"])
    with pytest.raises(SystemExit, match="add_table"):
        check.main()
