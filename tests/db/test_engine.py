"""Sessions: what is committed, what is refused, what a failure is called."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

from app.agents.models import Skill
from app.db.engine import Sessions, WriteSession, create_engine, dsn_of
from app.db.errors import DatabaseRefused, DatabaseUnavailable, violated_constraint
from app.floor.journal.models import LiveAgent
from tests.fixtures.database import Database


async def test_write_commits_at_the_end(sessions: Sessions) -> None:
    async with sessions.write() as session:
        session.add(Skill(id="loans", name="Loans"))
    async with sessions.read() as session:
        assert await session.get_one(Skill, "loans")


async def test_write_rolls_back_when_the_block_raises(sessions: Sessions) -> None:
    async def fail() -> None:
        async with sessions.write() as session:
            session.add(Skill(id="loans", name="Loans"))
            await session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with sessions.read() as session:
        assert await session.get(Skill, "loans") is None


async def test_a_read_session_cannot_write(sessions: Sessions) -> None:
    async with sessions.read() as session:
        with pytest.raises(DBAPIError, match="read-only transaction"):
            await session.execute(text("insert into skills (id, name) values ('x', 'X')"))


async def test_reading_leaves_the_connection_writable(sessions: Sessions) -> None:
    for number in range(3):
        async with sessions.read() as reader:
            await reader.execute(text("select 1"))
        async with sessions.write() as writer:
            writer.add(Skill(id=f"s{number}", name="S"))


async def test_json_goes_both_ways(session: WriteSession) -> None:
    value = {"名": "李", "n": [1, 2.5, None, True]}
    agent = LiveAgent(floor="f", id="a", state=value)
    session.add(agent)
    await session.flush()
    await session.refresh(agent)
    assert agent.state == value


async def test_nothing_stays_of_a_session_test_first(session: WriteSession) -> None:
    session.add(Skill(id="left-behind", name="X"))
    await session.commit()


async def test_nothing_stays_of_a_session_test_then(session: WriteSession) -> None:
    assert await session.get(Skill, "left-behind") is None


async def test_the_broken_constraint_is_named(session: WriteSession) -> None:
    session.add_all([Skill(id="a", name="A")])
    await session.flush()
    with pytest.raises(IntegrityError) as caught:
        await session.execute(text("insert into skills (id, name) values ('a', 'B')"))
    assert violated_constraint(caught.value) == "pk_skills"


async def test_an_unreachable_database_is_unavailable() -> None:
    engine = create_engine("postgresql+asyncpg://me@/db?host=/nonexistent", poolclass=NullPool)
    with pytest.raises(DatabaseUnavailable, match="CALLFLOOR_DATABASE_URL") as caught:
        async with Sessions(engine).read() as session:
            await session.execute(text("select 1"))
    assert caught.value.retry_after > 0
    assert caught.value.detail == "The database cannot be reached."


async def test_a_file_missing_inside_the_block_is_not_the_databases_fault(sessions: Sessions) -> None:
    async def work() -> None:
        async with sessions.read() as session:
            await session.execute(text("select 1"))
            raise FileNotFoundError("report.csv")

    with pytest.raises(FileNotFoundError):
        await work()


async def test_an_unknown_database_is_refused(database: Database) -> None:
    engine = create_engine(database.url.replace("/test_", "/no_test_"), poolclass=NullPool)
    with pytest.raises(DatabaseRefused, match="does not exist"):
        async with Sessions(engine).write() as session:
            await session.execute(text("select 1"))


async def test_a_connection_killed_while_used_is_unavailable(sessions: Sessions, engine: AsyncEngine) -> None:
    async def lose_the_connection() -> None:
        async with sessions.write() as session:
            pid = await session.scalar(text("select pg_backend_pid()"))
            async with engine.connect() as other:
                await other.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid})
            await session.execute(text("select 1"))

    with pytest.raises(DatabaseUnavailable):
        await lose_the_connection()
    async with sessions.read() as session:
        assert await session.scalar(text("select 1")) == 1


async def test_a_driver_that_a_dead_connection_confuses_means_an_absent_database(sessions: Sessions) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with sessions.read():
            raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")


async def test_connections_that_died_in_the_pool_are_replaced_unseen(sessions: Sessions, database: Database) -> None:
    async def use() -> None:
        async with sessions.read() as session:
            await session.execute(text("select pg_sleep(0.02)"))

    await asyncio.gather(*(use() for _ in range(5)))
    outside = await asyncpg.connect(database.dsn)
    kill = "select count(pg_terminate_backend(pid, 30000)) from pg_stat_activity where datname = current_database()"
    assert await outside.fetchval(f"{kill} and pid <> pg_backend_pid()") == 5
    await outside.close()
    await asyncio.sleep(0.05)
    await asyncio.gather(*(use() for _ in range(5)))


def test_sslmode_as_people_write_it_reaches_the_driver() -> None:
    engine = create_engine("postgresql+asyncpg://me@db/x?sslmode=require&host=a")
    arguments = engine.dialect.create_connect_args(engine.url)[1]
    assert arguments["ssl"] == "require"
    assert "sslmode" not in arguments
    assert dsn_of("postgresql+asyncpg://me@db/x?sslmode=require") == "postgresql://me@db/x?sslmode=require"


async def test_what_a_statement_was_given_is_not_told_with_its_failure(database: Database) -> None:
    """Failures go into the log: hashes of passwords, names and numbers do not."""
    engine = create_engine(database.url)
    with pytest.raises(DBAPIError) as caught:
        async with Sessions(engine).write() as session:
            await session.execute(text("select 1 / (length(:secret) - 7)"), {"secret": "hunter2"})
    await engine.dispose()
    assert "division by zero" in str(caught.value)
    assert "hunter2" not in str(caught.value) + repr(caught.value)
