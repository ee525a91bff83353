"""Months are made ahead, once, for all parents, beside others and beside writers."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from structlog.testing import capture_logs

from app.core.clock import FrozenClock
from app.core.tasks import Supervisor
from app.db.engine import create_engine
from app.db.partitions import PARENTS, ensure_partitions, ensure_present, keep_ahead, month_of, months_between
from tests.fixtures.waiting import eventually


def day(year: int, month: int, number: int = 15) -> datetime:
    return datetime(year, month, number, 12, tzinfo=UTC)


def test_months_are_of_utc_and_carry_over_the_year() -> None:
    assert month_of(datetime.fromisoformat("2027-01-01T03:00:00+08:00")) == datetime(2026, 12, 1, tzinfo=UTC)
    assert month_of(day(2026, 11), 3) == datetime(2027, 2, 1, tzinfo=UTC)
    assert month_of(day(2026, 1), -1) == datetime(2025, 12, 1, tzinfo=UTC)
    assert len(months_between(day(2025, 11), day(2027, 2))) == 16
    assert months_between(day(2026, 5), day(2026, 5)) == [datetime(2026, 5, 1, tzinfo=UTC)]


async def test_the_list_of_parents_is_the_catalogues(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        names = await connection.scalars(text("select relname from pg_class where relkind = 'p' order by 1"))
        assert tuple(names) == PARENTS


async def test_missing_months_are_made_once_and_take_rows(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        made = await ensure_partitions(connection, day(2019, 11), day(2020, 2))
        assert len(made) == 4 * len(PARENTS)
        assert await ensure_partitions(connection, day(2019, 11), day(2020, 2)) == []
        for at in ("2019-11-01T00:00Z", "2020-01-31T23:59:59.999Z", "2020-02-29T23:59:59.999Z"):
            await insert_entry(connection, at)
        rows = await connection.execute(
            text("select tableoid::regclass::text from interaction_entries order by started_at")
        )
        assert [row[0] for row in rows] == [f"interaction_entries_{m}" for m in ("2019_11", "2020_01", "2020_02")]


async def insert_entry(connection: AsyncConnection, at: str) -> None:
    await connection.execute(
        text(
            "insert into interaction_entries (started_at, interaction_id, at, kind) "
            f"values ('{at}', uuidv7(), now(), 'x')"
        )
    )


async def test_a_partition_has_the_keys_indexes_and_checks_of_its_parent(engine: AsyncEngine) -> None:
    count = text("select count(*) from pg_index where indrelid = to_regclass(:t)")
    async with engine.begin() as connection:
        await ensure_partitions(connection, day(2019, 1), day(2019, 1))
        for parent in PARENTS:
            there = await connection.scalar(count, {"t": parent})
            assert there == await connection.scalar(count, {"t": f"{parent}_2019_01"})


async def test_a_month_that_was_not_made_refuses_rows(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError, match="no partition of relation"):
            await insert_entry(connection, "1999-01-01T00:00Z")


async def test_many_at_once_make_each_month_once(engine: AsyncEngine) -> None:
    async def make() -> list[str]:
        async with engine.begin() as connection:
            return await ensure_partitions(connection, day(2018, 1), day(2018, 6))

    made = await asyncio.gather(*(make() for _ in range(5)))
    assert sorted(map(len, made)) == [0, 0, 0, 0, 6 * len(PARENTS)]


async def test_making_a_month_waits_for_no_reader_or_writer(engine: AsyncEngine) -> None:
    async with engine.connect() as busy:
        await busy.execute(text("select count(*) from events"))
        await insert_entry(busy, "2027-01-15T00:00Z")  # its transaction stays open
        async with asyncio.timeout(60), engine.begin() as connection:
            assert await ensure_partitions(connection, day(2017, 1), day(2017, 1))


async def test_a_whole_month_before_and_three_after_are_present(engine: AsyncEngine) -> None:
    made = await ensure_present(engine, day(2035, 1).timestamp())
    assert [name for name in made if name.startswith("events")] == [
        f"events_{month}" for month in ("2034_12", "2035_01", "2035_02", "2035_03", "2035_04")
    ]


async def test_the_program_keeps_ahead_as_time_goes_on(engine: AsyncEngine) -> None:
    clock = FrozenClock(day(2040, 6).timestamp())
    supervisor = Supervisor()
    supervisor.start("keeper", keep_ahead(engine, now=clock, every=0.01))
    for month in ("2040_09", "2040_10"):
        await appears(engine, f"events_{month}")
        clock.advance(30 * 86_400)
    await supervisor.stop()


async def appears(engine: AsyncEngine, table: str) -> None:
    async with asyncio.timeout(30):
        while True:
            async with engine.connect() as connection:
                if await connection.scalar(text("select to_regclass(:t)"), {"t": table}):
                    return
            await asyncio.sleep(0.01)


async def test_keeping_ahead_survives_a_database_that_is_away() -> None:
    engine = create_engine("postgresql+asyncpg://me@/db?host=/nonexistent")
    with capture_logs() as logs:
        supervisor = Supervisor()
        keeper = supervisor.start("keeper", keep_ahead(engine, every=0.01))
        await eventually(lambda: asyncio.sleep(0, len(logs)), lambda told: told > 1)
        assert not keeper.done()
        await supervisor.stop()
    assert logs[0]["event"] == "partitions could not be made ahead"
