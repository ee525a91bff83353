"""Merges at the same moment: one of them wins, and nothing ends in a circle or a deadlock."""

import asyncio
from collections.abc import Awaitable
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import now, utc
from app.core.errors import Conflict, Unavailable
from app.customers.bulk import upsert_many
from app.customers.duplicates.merging import Side, merge, unmerge
from app.customers.errors import CustomerMerged
from app.customers.models import Customer
from app.customers.record.finding import Wanted, find_customers
from app.customers.record.whole import whole_record
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


async def test_merges_and_unmerges_of_one_line_at_once_do_not_deadlock(sessions: Sessions) -> None:
    """Each wants rows that another has, and they meet them from both ends of the line."""
    async with sessions.write() as session:
        lines = [[await customer_id(session, f"{name}{n}") for name in "abcd"] for n in range(4)]
        for a, b, *_ in lines:
            await merge(session, Side(a), Side(b))

    async def attempt(work: Awaitable[object]) -> bool:
        try:
            await work
        except Conflict:
            return False
        return True

    async def merged(one: UUID, other: UUID) -> None:
        async with sessions.write() as session:
            await merge(session, Side(one), Side(other))

    async def unmerged(one: UUID) -> None:
        async with sessions.write() as session:
            await unmerge(session, Side(one))

    for a, b, c, d in lines:
        work = (merged(b, c), unmerged(a), merged(c, b), merged(d, b), merged(b, d), unmerged(d))
        assert any(await asyncio.gather(*(attempt(each) for each in work)))
    async with sessions.read() as reading:
        found = await survivors(reading)
    assert {found[root] for root in found.values() if root is not None} <= {None}


@pytest.mark.parametrize(("deadlocks", "made"), [(2, True), (99, False)])
async def test_a_merge_that_is_ended_for_a_deadlock_is_tried_again(
    session: WriteSession, deadlocks: int, made: bool
) -> None:
    a, b = await customer_id(session, "A"), await customer_id(session, "B")
    for statement in (
        "create sequence tries",
        f"""create function refuse() returns trigger language plpgsql as $$ begin
            if nextval('tries') <= {deadlocks} then raise exception 'deadlock detected' using errcode = '40P01'; end if;
            return new; end $$""",
        "create trigger refuse before insert on customer_merges for each row execute function refuse()",
    ):
        await session.execute(text(statement))
    if made:
        assert (await merge(session, Side(a), Side(b))).survivor_id == b
    else:
        with pytest.raises(Unavailable, match="Try again"):
            await merge(session, Side(a), Side(b))
    assert await survivors(session) == {a: b if made else None, b: None}


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
    found = await find_customers(session, Wanted(typed=found_by), default_region=REGION, limit=9)
    assert [record.customer.id for record in found] == [other]
