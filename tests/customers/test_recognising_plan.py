"""The look-up behind every screen pop stays on indexes and out of old months, also with the plan that is kept."""

import re
from datetime import datetime

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import now, utc
from app.customers.bulk import upsert_many
from app.customers.profiles.parts import PARTS, POPPING
from app.customers.profiles.reading import of_customer, of_number
from app.customers.profiles.whole import AHEAD, HISTORY
from app.customers.recognising import ENDED_CALLS, recognise
from app.db.partitions import ensure_partitions, month_of, months_between
from app.db.pool import connection_of, plan_once
from tests.customers.factories import REGION, new_customer

BY_E164, BY_RAW, BY_ID = of_number("e164")(POPPING), of_number("raw")(POPPING), of_customer(PARTS)

WHOLE = re.compile(r"Seq Scan on (interactions|customers |customer_numbers)")
"""The tables that are filled here; `profiles/test_plans` looks at the others."""

_FILL = text("""
    insert into interactions (id, started_at, ended_at, channel, direction, source_id, call_id, customer_id,
                              outcome, wait_seconds, talk_seconds, hold_seconds)
    select uuidv7(), at, at + interval '5 min', 'voice', 'inbound', 'pbx', 'c' || n, who.id, 'answered', 1, 299, 0
    from generate_series(1, 8000) n
    cross join lateral (select cast(:now as timestamptz) - n * interval '88 min' as at) moment
    join (select id, row_number() over (order by id) as place from customers) who on who.place = 1 + n % 1000""")


def midmonth() -> datetime:
    """At the end of a month the next one's partition is read as well, which is empty: a planner reads the whole of
    that, unless it is told not to, as for the plans that are kept."""
    return utc(now()).replace(day=15)


@pytest.fixture
async def bank(session: AsyncSession) -> asyncpg.Connection:
    """A thousand customers, sixteen months of history, counted by the planner."""
    today = midmonth()
    await ensure_partitions(await session.connection(), month_of(today, -16), today)
    await upsert_many(session, [new_customer(f"N{n}", [f"139{n:08}"]) for n in range(1000)], REGION)
    await session.execute(_FILL, {"now": today})
    await session.execute(text("analyze customers, customer_numbers, interactions"))
    connection = await connection_of(session)
    assert isinstance(connection, asyncpg.Connection)
    return connection


def bounds(today: datetime) -> list[datetime]:
    return [today - HISTORY, today + AHEAD, today]


def months(plan: str, index: str) -> set[str]:
    """The partitions that the plan reads by their copy of an index, in its order or by a bitmap."""
    return set(re.findall(rf"(?:using|Index Scan on) interactions_(\d{{4}}_\d{{2}})_{index}_idx", plan))


def between(since: datetime, until: datetime) -> set[str]:
    return {f"{month:%Y_%m}" for month in months_between(since, until)}


@pytest.mark.parametrize(("query", "wanted"), [(BY_E164, "+8613900000007"), (BY_RAW, "13900000007")])
async def test_it_reads_by_index_and_only_the_months_it_needs(
    bank: asyncpg.Connection, query: str, wanted: str
) -> None:
    today = midmonth()
    given = [wanted, *bounds(today), "pbx", "c7", today - ENDED_CALLS, None]
    plan = "\n".join(row[0] for row in await bank.fetch(f"explain {query}", *given))
    assert not WHOLE.search(plan)
    assert ("ix_customer_numbers_raw" if query is BY_RAW else "ix_customer_numbers_e164") in plan
    assert months(plan, "customer_id_started_at_id") == between(today - HISTORY, today + AHEAD)
    assert months(plan, "source_id_call_id") == between(today - ENDED_CALLS, today + AHEAD)


@pytest.mark.parametrize("query", [BY_E164, BY_RAW, BY_ID])
async def test_the_plan_that_is_kept_is_as_good(bank: asyncpg.Connection, query: str) -> None:
    await bank.execute("set local plan_cache_mode = force_generic_plan")
    today = midmonth()
    number = await bank.fetchrow("select * from customer_numbers limit 1")
    assert number is not None
    first = {BY_E164: number["e164"], BY_RAW: number["raw"], BY_ID: number["customer_id"]}[query]
    rest = [] if query is BY_ID else ["pbx", "c7", today - ENDED_CALLS, ""]
    await bank.execute(f"prepare look_up as {query}")
    given = ", ".join(f"'{value}'" for value in (first, *bounds(today), *rest))
    plan = "\n".join(row[0] for row in await bank.fetch(f"explain (analyze) execute look_up({given})"))
    assert not WHOLE.search(plan)
    index = {BY_E164: "ix_customer_numbers_e164", BY_RAW: "ix_customer_numbers_raw", BY_ID: "pk_customers"}[query]
    assert index in plan
    assert "Subplans Removed" in plan
    assert months(plan, "customer_id_started_at_id") == between(today - HISTORY, today + AHEAD)


async def test_a_plan_that_is_made_while_tables_are_empty_still_goes_by_index(session: AsyncSession) -> None:
    """It is kept while they grow: a new month, a new floor."""
    connection = await connection_of(session)
    assert isinstance(connection, asyncpg.Connection)
    await plan_once(connection)
    await connection.execute(f"prepare look_up as {BY_E164}")
    today = utc(now())
    given = ", ".join(f"'{value}'" for value in ("+861", *bounds(today), "pbx", "c7", today - ENDED_CALLS, ""))
    plan = "\n".join(row[0] for row in await connection.fetch(f"explain execute look_up({given})"))
    assert "Seq Scan" not in plan


async def test_it_is_quick(bank: asyncpg.Connection) -> None:
    """A loose bound for the quickest, whatever a busy machine adds to others; a lost index costs each far more."""
    took = []
    for n in range(50):
        started = now()
        found = await recognise(
            bank, source="pbx", call_id=f"c{n}", raw_number=f"139{n:08}", default_region=REGION, now=now()
        )
        took.append(now() - started)
        assert found.customer is not None
    assert min(took) < 0.05
