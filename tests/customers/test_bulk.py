"""Many customers at once end up exactly as given, however often they are sent."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.customers import bulk
from app.customers.bulk import upsert_many
from app.customers.errors import UnknownAgent, UnknownTier
from app.customers.models import Customer
from app.customers.record.finding import Wanted, find_customers, get_customer
from app.customers.service import GivenNumber, NewCustomer
from app.db.engine import Sessions
from tests.customers.factories import REGION, make_agent, make_customer, make_tier, new_customer

MOBILE = "+8613800138000"


async def versions(session: AsyncSession) -> dict[str | None, int]:
    rows = await session.execute(select(Customer.external_id, Customer.version))
    return {row.external_id: row.version for row in rows}


async def test_customers_are_made_with_all_they_have(session: AsyncSession) -> None:
    await make_tier(session, "gold")
    made = UUID(new_id())
    numbers = (GivenNumber("13800138000", "mobile"), GivenNumber(MOBILE, "same"), GivenNumber("8001"))
    new = NewCustomer(
        id=made, name="王小明", external_id="C1", tier="gold", language="zh", attributes={"a": [1]}, numbers=numbers
    )
    assert await upsert_many(session, [new], REGION) == [made]
    record = await get_customer(session, made)
    assert (record.customer.tier_id, record.customer.attributes) == ("gold", {"a": [1]})
    assert [(one.raw, one.e164, one.label) for one in record.numbers] == [
        ("13800138000", MOBILE, "mobile"),
        ("8001", None, None),
    ]
    assert await find_customers(session, Wanted(typed="xiaoming"), default_region=REGION, limit=2)


async def test_what_does_not_differ_keeps_its_version(session: AsyncSession) -> None:
    new = [new_customer("王小明", [MOBILE], external_id="C1"), new_customer("李丽", external_id="C2")]
    first = await upsert_many(session, new, REGION)
    assert await upsert_many(session, new, REGION) == first
    assert await versions(session) == {"C1": 1, "C2": 1}


async def test_what_differs_is_changed_and_numbers_are_replaced(session: AsyncSession) -> None:
    old = await make_customer(session, "王小明", ["8001", "8002"], external_id="C1", language="zh")
    await make_customer(session, "李丽", ["8003"], external_id="C2")
    new = [new_customer("王大明", ["8002", "8004"], external_id="C1"), new_customer("李丽", [], external_id="C2")]
    ids = await upsert_many(session, new, REGION)
    session.expire_all()
    changed = await get_customer(session, ids[0])
    assert ids[0] == old.customer.id
    assert (changed.customer.name, changed.customer.language) == ("王大明", None)
    assert [number.raw for number in changed.numbers] == ["8002", "8004"]
    assert await versions(session) == {"C1": 2, "C2": 2}


async def test_a_closed_customer_that_comes_again_is_open(session: AsyncSession) -> None:
    await make_customer(session, external_id="C1", active=False)
    [found] = await upsert_many(session, [new_customer(external_id="C1")], REGION)
    session.expire_all()
    assert (await get_customer(session, found)).customer.active


async def test_of_one_external_id_given_twice_the_later_counts(session: AsyncSession) -> None:
    ids = await upsert_many(
        session, [new_customer("A", ["1"], external_id="C1"), new_customer("B", ["2"], external_id="C1")], REGION
    )
    assert ids[0] == ids[1]
    record = await get_customer(session, ids[0])
    assert (record.customer.name, [number.raw for number in record.numbers]) == ("B", ["2"])


async def test_without_external_id_each_is_a_customer_of_its_own(session: AsyncSession) -> None:
    ids = await upsert_many(session, [new_customer(), new_customer()], REGION)
    assert len(set(ids)) == 2
    assert await session.scalar(select(func.count()).select_from(Customer)) == 2


async def test_an_unknown_tier_is_named(session: AsyncSession) -> None:
    await make_tier(session, "gold")
    with pytest.raises(UnknownTier) as unknown:
        await upsert_many(session, [new_customer(tier="gold"), new_customer(tier="platinum")], REGION)
    assert "platinum" in unknown.value.detail


async def test_customers_bring_the_agent_who_looks_after_them(session: AsyncSession) -> None:
    await make_agent(session, "mei")
    [made] = await upsert_many(session, [new_customer(external_id="C1", preferred_agent="mei")], REGION)
    assert (await get_customer(session, made)).customer.preferred_agent == "mei"
    await upsert_many(session, [new_customer(external_id="C1")], REGION)
    session.expire_all()
    assert (await get_customer(session, made)).customer.preferred_agent is None
    assert await versions(session) == {"C1": 2}
    with pytest.raises(UnknownAgent) as unknown:
        await upsert_many(session, [new_customer(preferred_agent="mei"), new_customer(preferred_agent="bob")], REGION)
    assert "Unknown agent 'bob'." in unknown.value.detail


async def test_batches_change_nothing(session: AsyncSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BATCH", 3)
    new = [new_customer(f"N{n}", [f"80{n:02}"], external_id=f"C{n}") for n in range(10)]
    ids = await upsert_many(session, new, REGION)
    assert [(await get_customer(session, one)).customer.name for one in ids] == [f"N{n}" for n in range(10)]


async def test_two_imports_at_once_end_in_one_state(sessions: Sessions) -> None:
    new = [new_customer(f"N{n}", [f"80{n:02}"], external_id=f"C{n}") for n in range(50)]

    async def load(given: list[NewCustomer]) -> list[UUID]:
        async with sessions.write() as session:
            return await upsert_many(session, given, REGION)

    forth, back = await asyncio.gather(load(new), load(new[::-1]))
    assert forth == back[::-1]


async def test_no_customers_are_no_work(session: AsyncSession) -> None:
    assert await upsert_many(session, [], REGION) == []
