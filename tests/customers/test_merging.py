"""Merges at the same moment: one of them wins, and nothing ends in a circle or a deadlock."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import now, utc
from app.core.errors import Conflict
from app.customers.errors import CustomerMerged
from app.customers.imports import upsert_many
from app.customers.merging import Side, merge, unmerge
from app.customers.models import Customer
from app.customers.record import whole_record
from app.customers.records import Wanted, find_customers
from app.db.engine import Sessions, WriteSession
from tests.customers.factories import REGION, customer_id, new_customer


async def survivors(session: AsyncSession) -> dict[UUID, UUID | None]:
    return {row.id: row.merged_into for row in await session.execute(select(Customer.id, Customer.merged_into))}


async def test_two_merged_into_each_other_at_once_end_as_one(sessions: Sessions) -> None:
    async with sessions.write() as session:
        a, b = await customer_id(session, "A"), await customer_id(session, "B")

    async def attempt(one: UUID, other: UUID) -> bool:
        try:
            async with sessions.write() as session:
                await merge(session, Side(one), Side(other))
        except Conflict:
            return False
        return True

    won = await asyncio.gather(*(attempt(*pair) for pair in ((a, b), (b, a)) * 3))
    assert sum(won) == 1
    async with sessions.read() as reading:
        assert sorted(each is None for each in (await survivors(reading)).values()) == [False, True]


async def test_merges_of_a_whole_line_at_once_all_end_at_its_end(sessions: Sessions) -> None:
    async with sessions.write() as session:
        line = [await customer_id(session, f"N{n}") for n in range(6)]

    async def attempt(one: UUID, other: UUID) -> None:
        while True:
            try:
                async with sessions.write() as session:
                    await merge(session, Side(one), Side(other))
            except CustomerMerged as merged:
                other = UUID(merged.facts["survivor"])
            else:
                return

    await asyncio.gather(*(attempt(one, line[-1]) for one in line[:-1]))
    async with sessions.read() as reading:
        assert await survivors(reading) == dict.fromkeys(line[:-1], line[-1]) | {line[-1]: None}


async def test_one_merge_is_taken_back_once(sessions: Sessions) -> None:
    async with sessions.write() as session:
        a, b = await customer_id(session, "A"), await customer_id(session, "B")
        await merge(session, Side(a), Side(b))

    async def attempt() -> bool:
        try:
            async with sessions.write() as session:
                await unmerge(session, Side(a))
        except Conflict:
            return False
        return True

    assert sum(await asyncio.gather(*(attempt() for _ in range(4)))) == 1
    async with sessions.read() as reading:
        assert await survivors(reading) == {a: None, b: None}


async def test_what_a_feed_tells_of_a_merged_customer_is_read_through_the_survivor(session: WriteSession) -> None:
    """The bank's other systems may know them as two for years."""
    ids = await upsert_many(
        session, [new_customer("王小明", external_id="C1"), new_customer("X", external_id="C2")], REGION
    )
    await merge(session, Side(ids[0]), Side(ids[1]))
    await upsert_many(session, [new_customer("王大明", ["13800138000"], external_id="C1")], REGION)
    session.expire_all()
    whole = await whole_record(session, ids[0], utc(now()))
    assert whole.record.customer.id == ids[1]
    assert [number.raw for number in whole.numbers] == ["13800138000"]
    assert await survivors(session) == {ids[0]: ids[1], ids[1]: None}


@pytest.mark.parametrize("found_by", ["王小明", "wxm", "xiaoming"])
async def test_the_survivor_is_found_by_the_name_of_the_merged(session: WriteSession, found_by: str) -> None:
    one, other = await customer_id(session, "王小明"), await customer_id(session, "Amy Smith")
    await merge(session, Side(one), Side(other))
    await customer_id(session, "Somebody Else")
    found = await find_customers(session, Wanted(name=found_by), default_region=REGION, limit=9)
    assert [record.customer.id for record in found] == [other]
