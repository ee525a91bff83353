"""A customer's tier is there, whoever writes and in whatever order: what triggers check in place of a foreign key."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from itertools import permutations, product
from typing import Any

import asyncpg
import pytest

from app.core.tasks import begin
from tests.fixtures.database import Database
from tests.fixtures.waiting import eventually

KEY = "fk_customers_tier_id_tiers"
TIERS = (
    "insert into tiers (id, name, rank) values ('gold', 'Gold', 1), ('silver', 'Silver', 2), ('bronze', 'Bronze', 3)"
)
CUSTOMERS = "insert into customers (name, tier_id) values ('A', 'silver'), ('B', 'silver'), ('C', null)"
BLOCKED = "select count(*) from pg_locks where not granted and pid = $1"

Connection = asyncpg.Connection


@asynccontextmanager
async def connected(database: Database) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(database.dsn)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def connection(rolled_back: Database) -> AsyncIterator[Connection]:
    """Three tiers, two customers of one of them, and one of none; nothing stays."""
    async with connected(rolled_back) as connection:
        outer = connection.transaction()
        await outer.start()
        await connection.execute(f"{TIERS}; {CUSTOMERS}")
        yield connection
        await outer.rollback()


KEY_ALONE = f"""alter table customers disable trigger user; alter table tiers disable trigger user;
    alter table customers alter constraint {KEY} enforced"""


async def refused(connection: Connection, *statements: str) -> tuple[str | None, ...]:
    """What is told of a key that the statements break."""
    with pytest.raises(asyncpg.ForeignKeyViolationError) as caught:
        await run(connection, *statements)
    error = caught.value
    return error.constraint_name, error.schema_name, error.table_name, error.detail, str(error)


async def run(connection: Connection, *statements: str) -> None:
    async with connection.transaction():
        for statement in statements:
            await connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into customers (name, tier_id) values ('D', 'gold'), ('E', 'glod'), ('F', null)",
        "update customers set tier_id = 'glod' where name = 'A'",
        "update customers set tier_id = 'glod'",
        "insert into customers (id, name) select id, name from customers "
        "on conflict (id) do update set tier_id = 'glod'",
        "merge into customers c using (values ('A'), ('Z')) n(name) on c.name = n.name when matched then "
        "update set tier_id = 'gold' when not matched then insert (name, tier_id) values ('Z', 'glod')",
    ],
    ids=["insert", "update of one", "update of all", "upsert", "merge"],
)
async def test_a_tier_that_is_not_there_is_refused_in_the_words_of_a_foreign_key(
    connection: Connection, statement: str
) -> None:
    told = await refused(connection, statement)
    assert told[:4] == (KEY, "public", "customers", 'Key (tier_id)=(glod) is not present in table "tiers".')
    assert told == await refused(connection, KEY_ALONE, statement)


async def test_copy_is_refused_if_one_row_of_many_has_a_tier_that_is_not_there(connection: Connection) -> None:
    async def copy(rows: list[tuple[str, str | None]]) -> None:
        async with connection.transaction():
            await connection.copy_records_to_table("customers", columns=("name", "tier_id"), records=rows)

    rows = [(f"N{n}", "gold" if n % 3 else None) for n in range(300)]
    await copy(rows)
    with pytest.raises(asyncpg.ForeignKeyViolationError, match=KEY):
        await copy([*rows[:150], ("odd", "glod"), *rows[150:]])
    assert await connection.fetchval("select count(*) from customers where name like 'N%'") == 300


@pytest.mark.parametrize(
    "statement",
    [
        "delete from tiers where id = 'silver'",
        "delete from tiers",
        "update tiers set id = 'argent' where id = 'silver'",
        "with gone as (delete from tiers where id = 'silver') update customers set tier_id = 'gold' where name = 'A'",
    ],
    ids=["removed", "all removed", "named otherwise", "one of two classed otherwise"],
)
async def test_a_tier_that_customers_have_stays(connection: Connection, statement: str) -> None:
    told = await refused(connection, statement)
    assert told[:4] == (KEY, "public", "customers", 'Key (id)=(silver) is still referenced from table "customers".')
    assert told == await refused(connection, KEY_ALONE, statement)


async def test_a_tier_goes_that_nobody_has_any_more_and_may_be_changed_otherwise(connection: Connection) -> None:
    await connection.execute("update tiers set bonus_seconds = 5, name = 'S', id = id")
    await connection.execute("update tiers set id = 'iron' where id = 'bronze'")
    await connection.execute(
        "with gone as (delete from tiers where id = 'silver') "
        "update customers set tier_id = 'gold' where tier_id = 'silver'"
    )
    await connection.execute("delete from customers")
    await connection.execute("delete from tiers")
    assert await connection.fetchval("select count(*) from tiers") == 0


async def test_changes_of_anything_else_do_not_look_for_tiers(connection: Connection) -> None:
    calls = (
        "select coalesce(sum(calls), 0) from pg_stat_xact_user_functions where funcname = 'check_tiers_of_customers'"
    )
    await connection.execute("set local track_functions = 'pl'")
    before = await connection.fetchval(calls)
    await connection.execute("update customers set language = 'zh', tier_id = tier_id, version = version + 1")
    await connection.execute("update customers set tier_id = null where name = 'A'")
    assert await connection.fetchval(calls) == before
    await connection.execute("update customers set tier_id = 'gold'")
    assert await connection.fetchval(calls) == before + 3


async def test_tiers_are_not_emptied_without_their_customers(connection: Connection) -> None:
    with pytest.raises(asyncpg.FeatureNotSupportedError, match="foreign key"):
        async with connection.transaction():
            await connection.execute("truncate tiers")
    await connection.execute("truncate tiers cascade")
    assert await connection.fetchval("select count(*) from customers") == 0


CLASSES = (
    "insert into customers (name, tier_id) values ('D', 'gold')",
    "update customers set tier_id = 'gold' where name = 'C'",
)
REMOVES = ("delete from tiers where id = 'gold'", "update tiers set id = 'or' where id = 'gold'")
ORPHANS = "select count(*) from customers where tier_id is not null and tier_id not in (select id from tiers)"


@asynccontextmanager
async def one_after_the_other(database: Database, first: str, second: str) -> AsyncIterator[tuple[Any, Awaitable[str]]]:
    """The transaction of the one that was first, still open, and the other who waits for it."""
    async with connected(database) as one, connected(database) as other:
        await one.execute(f"delete from customers; delete from tiers; {TIERS}; {CUSTOMERS}")
        ours = one.transaction()
        await ours.start()
        await one.execute(first)
        waiting = begin("the second", other.execute(second))
        pid = other.get_server_pid()
        await eventually(lambda: one.fetchval(BLOCKED, pid), bool)
        yield ours, waiting
        assert await one.fetchval(ORPHANS) == 0


async def test_who_removes_a_tier_waits_for_whoever_is_just_classed_so(database: Database) -> None:
    for classes, removes in product(CLASSES, REMOVES):
        async with one_after_the_other(database, classes, removes) as (ours, waiting):
            await ours.commit()
            with pytest.raises(asyncpg.ForeignKeyViolationError, match=KEY):
                await waiting


async def test_who_is_classed_waits_for_whoever_just_removes_the_tier(database: Database) -> None:
    for classes, removes in product(CLASSES, REMOVES):
        async with one_after_the_other(database, removes, classes) as (ours, waiting):
            await ours.commit()
            with pytest.raises(asyncpg.ForeignKeyViolationError, match=KEY):
                await waiting


async def test_what_is_taken_back_is_in_nobodys_way(database: Database) -> None:
    for first, second in permutations((CLASSES[0], REMOVES[0])):
        async with one_after_the_other(database, first, second) as (ours, waiting):
            await ours.rollback()
            assert await waiting in ("INSERT 0 1", "DELETE 1")


async def test_two_who_class_so_do_not_wait_for_each_other(database: Database) -> None:
    async with connected(database) as one, connected(database) as other:
        await one.execute(f"{TIERS}; {CUSTOMERS}")
        async with one.transaction():
            await one.execute(CLASSES[0])
            await asyncio.wait_for(other.execute(CLASSES[0]), 30)


OLDER = ("repeatable_read", "serializable")


@pytest.mark.parametrize("isolation", OLDER)
async def test_with_an_older_view_no_tier_goes_that_somebody_may_have_since(database: Database, isolation: Any) -> None:
    async with connected(database) as one, connected(database) as other:
        await one.execute(f"{TIERS}; {CUSTOMERS}")
        later = other.transaction(isolation=isolation)
        await later.start()
        await other.fetch("select from tiers")
        await one.execute(CLASSES[0])
        with pytest.raises(asyncpg.FeatureNotSupportedError, match="READ COMMITTED only"):
            await other.execute(REMOVES[0])
        await later.rollback()
        assert await one.fetchval(ORPHANS) == 0


@pytest.mark.parametrize("isolation", OLDER)
async def test_with_an_older_view_nobody_is_classed_as_what_has_gone_since(database: Database, isolation: Any) -> None:
    async with connected(database) as one, connected(database) as other:
        await one.execute(f"{TIERS}; {CUSTOMERS}")
        later = other.transaction(isolation=isolation)
        await later.start()
        await other.fetch("select from tiers")
        await one.execute(REMOVES[0])
        with pytest.raises(asyncpg.SerializationError):
            await other.execute(CLASSES[0])
        await later.rollback()
        assert await one.fetchval(ORPHANS) == 0
