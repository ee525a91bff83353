"""Making and changing customers: nobody's change is lost, nothing exists twice, absent is not null."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.customers.errors import CustomerNotFound, ExternalIdTaken, UnknownTier, VersionConflict
from app.customers.record.finding import CustomerRecord
from app.customers.service import GivenNumber, add_number, change_customer, create_customer, replace_numbers
from app.db.engine import Sessions
from tests.customers.factories import REGION, customer_id, make_customer, make_tier, new_customer

MOBILE = "+8613800138000"


def spelt(record: CustomerRecord) -> list[tuple[str, str | None]]:
    return [(number.raw, number.e164) for number in record.numbers]


async def test_a_new_customer_has_what_was_given(session: AsyncSession) -> None:
    await make_tier(session, "gold")
    new = new_customer(
        "王小明", ["138 0013 8000", "8001"], external_id="C1", tier="gold", attributes={"a": {"b": None}}
    )
    record = await create_customer(session, new, REGION)
    customer = record.customer
    assert (customer.name, customer.external_id, customer.tier_id, customer.version) == ("王小明", "C1", "gold", 1)
    assert customer.attributes == {"a": {"b": None}}
    assert spelt(record) == [("138 0013 8000", MOBILE), ("8001", None)]


async def test_a_number_given_in_two_spellings_is_kept_once(session: AsyncSession) -> None:
    record = await make_customer(session, numbers=["13800138000", MOBILE, "8001", "8001"])
    assert spelt(record) == [("13800138000", MOBILE), ("8001", None)]


async def test_an_external_id_belongs_to_one_customer(session: AsyncSession) -> None:
    owner = await customer_id(session, external_id="C1")
    with pytest.raises(ExternalIdTaken) as taken:
        await make_customer(session, external_id="C1")
    assert taken.value.facts == {"external_id": "C1", "customer_id": str(owner)}
    other = await make_customer(session, external_id="C2")
    with pytest.raises(ExternalIdTaken):
        await change_customer(session, other.customer.id, 1, {"external_id": "C1"})


async def test_an_unknown_tier_is_refused_with_those_there_are(session: AsyncSession) -> None:
    await make_tier(session, "gold")
    with pytest.raises(UnknownTier) as unknown:
        await create_customer(session, new_customer(tier="platinum"), REGION)
    assert unknown.value.facts["faults"] == [
        {"where": "body.tier", "what": "there is no tier 'platinum'", "accepted": "gold"}
    ]


async def test_absent_stays_and_null_clears(session: AsyncSession) -> None:
    made = await make_customer(session, tier="gold", language="zh", latin_name="Wang Xiaoming")
    changed = (await change_customer(session, made.customer.id, 1, {"language": None})).customer
    assert (changed.language, changed.tier_id, changed.latin_name) == (None, "gold", "Wang Xiaoming")
    assert changed.version == 2


async def test_a_change_that_changes_nothing_keeps_the_version(session: AsyncSession) -> None:
    made = await make_customer(session, attributes={"a": 1})
    same = await change_customer(session, made.customer.id, 1, {"name": "王小明", "attributes": {"a": 1}})
    assert same.customer.version == 1


async def test_a_change_of_an_old_version_is_refused_with_the_present_one(session: AsyncSession) -> None:
    made = await make_customer(session)
    await change_customer(session, made.customer.id, 1, {"name": "李丽"})
    with pytest.raises(VersionConflict) as conflict:
        await change_customer(session, made.customer.id, 1, {"name": "张伟"})
    assert conflict.value.facts == {"version": 2, "given": 1}


async def test_nobody_is_there(session: AsyncSession) -> None:
    with pytest.raises(CustomerNotFound):
        await change_customer(session, UUID(new_id()), 1, {})


async def test_numbers_are_replaced_as_a_whole(session: AsyncSession) -> None:
    made = await make_customer(session, numbers=["8001", "13800138000"])
    numbers = [GivenNumber("8001", "desk"), GivenNumber("010 6666 8888", "home")]
    record = await replace_numbers(session, made.customer.id, 1, numbers, REGION)
    assert spelt(record) == [("8001", None), ("010 6666 8888", "+861066668888")]
    assert [number.label for number in record.numbers] == ["desk", "home"]
    assert record.customer.version == 2


async def test_a_number_is_added_once(session: AsyncSession) -> None:
    made = await make_customer(session, numbers=["8001"])
    for given in ("13800138000", MOBILE, "8001"):
        record = await add_number(session, made.customer.id, GivenNumber(given), REGION)
    assert spelt(record) == [("8001", None), ("13800138000", MOBILE)]
    assert record.customer.version == 2


async def test_of_two_writers_of_one_version_one_wins(sessions: Sessions) -> None:
    async with sessions.write() as session:
        wanted = await customer_id(session)

    async def rename(name: str) -> bool:
        try:
            async with sessions.write() as session:
                await change_customer(session, wanted, 1, {"name": name})
        except VersionConflict:
            return False
        return True

    won = await asyncio.gather(*(rename(f"name {n}") for n in range(5)))
    assert sum(won) == 1


async def test_customers_made_at_once_share_no_external_id(sessions: Sessions) -> None:
    async def make() -> bool:
        try:
            async with sessions.write() as session:
                await make_customer(session, external_id="C1")
        except ExternalIdTaken:
            return False
        return True

    assert sum(await asyncio.gather(*(make() for _ in range(5)))) == 1
