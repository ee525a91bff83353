"""Finding customers by what is known of them, and that the index does the work."""

from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.customers.bulk import upsert_many
from app.customers.duplicates.matching import candidates, holders_of
from app.customers.duplicates.scoring import Facts, HeldNumber, Probe
from app.customers.errors import CustomerNotFound
from app.customers.record import finding
from app.customers.record.finding import Wanted, find_customers, get_customer
from app.customers.record_models import CustomerEmail, CustomerExternalId
from tests.customers.factories import REGION, customer_id, make_customer, new_customer
from tests.customers.plans import plan_of

MOBILE = "+8613800138000"


async def names(session: AsyncSession, limit: int = 50, **wanted: object) -> list[str]:
    found = await find_customers(session, Wanted(**wanted), default_region=REGION, limit=limit)  # type: ignore[arg-type]
    return [record.customer.name for record in found]


async def test_a_customer_is_found_by_id(session: AsyncSession) -> None:
    wanted = await customer_id(session, numbers=[MOBILE], active=False)
    record = await get_customer(session, wanted)
    assert (record.customer.name, record.numbers[0].e164) == ("王小明", MOBILE)
    with pytest.raises(CustomerNotFound):
        await get_customer(session, UUID(new_id()))


@pytest.mark.parametrize("typed", ["13800138000", "+86 138 0013 8000", "138/0013/8000", "008613800138000"])
async def test_by_number_in_any_spelling(session: AsyncSession, typed: str) -> None:
    await make_customer(session, "王小明", ["(+86)13800138000"])
    await make_customer(session, "李丽", ["+8613800138001"])
    assert await names(session, number=typed) == ["王小明"]


async def test_by_what_is_no_number_as_it_is(session: AsyncSession) -> None:
    await make_customer(session, numbers=["8001"])
    assert await names(session, number="8001") == ["王小明"]
    assert await names(session, number="800") == []


async def test_what_is_no_number_is_none_that_was_written_so(session: AsyncSession) -> None:
    """What is an extension here is a number where another country is the usual one."""
    who = await customer_id(session, numbers=["8001"])
    await session.execute(text("update customer_numbers set e164 = '+8618001' where customer_id = :id"), {"id": who})
    assert await names(session, number="8001") == []
    assert (await candidates(session, Probe(numbers=("8001",)), REGION)).matches == []


@pytest.mark.parametrize("typed", ["小明", "王", "xiaoming", "wang xiao", "wxm", "WANG", "ming", "小明 wang"])
async def test_by_a_part_of_a_chinese_name(session: AsyncSession, typed: str) -> None:
    await make_customer(session, "王小明")
    await make_customer(session, "李丽华")
    assert await names(session, typed=typed) == ["王小明"]


@pytest.mark.parametrize("typed", ["zoë", "ZOE", "mull", "üller zo", "M"])
async def test_by_a_part_of_a_latin_name(session: AsyncSession, typed: str) -> None:
    await make_customer(session, "Zoë Müller")
    await make_customer(session, "Ann Brown")
    assert await names(session, typed=typed) == ["Zoë Müller"]


async def test_by_the_latin_name_and_after_a_change(session: AsyncSession) -> None:
    await make_customer(session, "王小明", latin_name="Max Wong")
    assert await names(session, typed="wong") == ["王小明"]


@pytest.mark.parametrize("typed", ["%", "_", "=王小明", "^w", "'", "\\", "!!!", " "])
async def test_signs_find_nobody_or_mean_nothing(session: AsyncSession, typed: str) -> None:
    await make_customer(session, "李丽华")
    assert await names(session, typed=typed) == []


async def test_the_same_letters_in_another_order_are_not_found(session: AsyncSession) -> None:
    await make_customer(session, "bcabda abcab")
    assert await names(session, typed="abcabd") == []


async def test_everything_asked_for_must_fit(session: AsyncSession) -> None:
    await make_customer(session, "王小明", [MOBILE], external_id="C1")
    await make_customer(session, "王小红", [MOBILE], external_id="C2")
    assert await names(session, external_id="C2") == ["王小红"]
    assert await names(session, number=MOBILE, typed="xiaoming") == ["王小明"]
    assert await names(session, external_id="C1", typed="xiaohong") == []


KNOWN = {
    "13800138000": "by number",
    "+86 138 0013 8000": "by number",
    "8001": "by number",
    "Wang@Bank.example ": "by e-mail",
    "K-77/1": "by id",
    "crm 9": "by id elsewhere",
}


@pytest.mark.parametrize("typed", KNOWN)
async def test_by_whatever_somebody_typed(session: AsyncSession, typed: str) -> None:
    made = {
        "by number": await customer_id(session, "by number", numbers=["(+86)13800138000", "8001"]),
        "by e-mail": await customer_id(session, "by e-mail"),
        "by id": await customer_id(session, "by id", external_id="K-77/1"),
        "by id elsewhere": await customer_id(session, "by id elsewhere"),
    }
    session.add(CustomerEmail(customer_id=made["by e-mail"], address="wang@bank.example"))
    session.add(CustomerExternalId(customer_id=made["by id elsewhere"], system="crm", external_id="crm 9"))
    named = await customer_id(session, f"Named {typed}")
    await session.flush()
    by_itself = [name for name in await names(session, typed=typed) if not name.startswith("Named")]
    assert by_itself == [KNOWN[typed]]
    found = await find_customers(session, Wanted(typed=typed), default_region=REGION, limit=9)
    assert [each.customer.id for each in found] == [
        made[KNOWN[typed]],
        named,
    ]  # and who is named so, in the usual order
    await session.execute(
        text("update customers set merged_into = :to where id = :id"), {"to": named, "id": made[KNOWN[typed]]}
    )
    assert await names(session, typed=typed) == [f"Named {typed}"]


NOT_WHOLE = ["1380013800", "8000", "ang@bank.example", "wang@bank", "K-77", "k-77/1", "%", "_", "@", "+", "", "\x00"]


@pytest.mark.parametrize("typed", [*NOT_WHOLE, "anonymous", "' or true --", "\ud800"])
async def test_a_part_of_a_number_an_address_or_an_id_finds_nobody(session: AsyncSession, typed: str) -> None:
    who = await customer_id(session, "王小明", numbers=["13800138000", "anonymous"], external_id="K-77/1")
    session.add(CustomerEmail(customer_id=who, address="wang@bank.example"))
    await session.flush()
    assert await names(session, typed=typed) == []


async def test_inactive_ones_only_if_asked_for(session: AsyncSession) -> None:
    await make_customer(session, active=False)
    assert await names(session, typed="小明") == []
    assert await names(session, typed="小明", inactive=True) == ["王小明"]


async def test_pages_go_on_after_the_last(session: AsyncSession) -> None:
    made = [await customer_id(session, f"王{n}") for n in range(5)]
    first = await find_customers(session, Wanted(typed="王"), default_region=REGION, limit=2)
    rest = await find_customers(
        session, Wanted(typed="王"), default_region=REGION, limit=9, after=first[-1].customer.id
    )
    assert [record.customer.id for record in first + rest] == made


NOT_ALONE = [("zhangwei", {}), ("zhang", {}), ("zhang wei", {}), ("zhang", {"inactive": True}), ("zhang", {"after": 3})]


@pytest.mark.parametrize("walked", [1, 6, 1_000])
@pytest.mark.parametrize(("typed", "more"), NOT_ALONE)
async def test_a_name_that_many_have_finds_the_same_in_the_same_order(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch, typed: str, more: dict[str, Any], walked: int
) -> None:
    """However many customers are walked through: too few, enough, or all."""
    made = [
        await customer_id(session, name) for name in ("张伟", "李丽", "赵刚", "张敏", "Zha Hang", "张伟", "张三") * 3
    ]
    await make_customer(session, "张伟", active=False)
    await session.execute(text("update customers set merged_into = :to where id = :id"), {"to": made[1], "id": made[5]})
    after = made[more["after"]] if "after" in more else None
    wanted = Wanted(typed=typed, inactive="inactive" in more)

    async def pages() -> list[list[UUID]]:
        found, last = [], after
        while page := await find_customers(session, wanted, default_region=REGION, limit=4, after=last):
            found.append([each.customer.id for each in page])
            last = found[-1][-1]
        return found

    collected = await pages()
    assert sum(map(len, collected)) > 4
    assert (made[1] in collected[0]) == (after is None)  # by whom they stand for
    monkeypatch.setattr(finding, "MANY", 2)
    monkeypatch.setattr(finding, "WALKED", walked)
    assert await pages() == collected


@pytest.fixture
async def town(session: AsyncSession) -> AsyncSession:
    """Four thousand people, counted by the planner."""
    people = [
        "".join(parts) for parts in product("王李张刘陈杨赵黄周吴", "小大建国志文斌鹏飞宇", "明红华军伟芳娜敏静丽")
    ]
    latin = [f"Name{first:02} Last{last:02}" for first, last in product(range(50), range(60))]
    new = [new_customer(name, [f"139{n:08}"], external_id=f"N{n}") for n, name in enumerate(people + latin)]
    await upsert_many(session, new, REGION)
    await session.execute(text("select gin_clean_pending_list('ix_customers_search')"))  # as autovacuum does
    for more in (
        "insert into customer_emails (customer_id, address) select id, lower(external_id)||'@b.example' from customers",
        "insert into customer_external_ids select 'crm', 'crm-' || external_id, id from customers",
        "analyze customers, customer_numbers, customer_emails, customer_external_ids",
    ):
        await session.execute(text(more))
    return session


@pytest.mark.parametrize("typed", ["小明", "王小明", "wangxiaoming", "wxm", "name07 last31", "last31"])
async def test_the_index_answers_by_name(town: AsyncSession, typed: str) -> None:
    assert await names(town, typed=typed)
    plan = await plan_of(town, find_customers(town, Wanted(typed=typed), default_region=REGION, limit=51))
    assert "ix_customers_search" in plan
    assert "Seq Scan on customers" not in plan


async def test_customers_are_walked_through_in_their_order_for_a_name_that_many_have(
    town: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = find_customers(town, Wanted(typed="wangxiao"), default_region=REGION, limit=3)
    assert "ix_customers_search" in await plan_of(town, work, 0)
    monkeypatch.setattr(finding, "MANY", 5)
    work = find_customers(town, Wanted(typed="wangxiao"), default_region=REGION, limit=3)
    plan = await plan_of(town, work, 1)
    assert "Index Scan using pk_customers" in plan
    assert "Seq Scan" not in plan


@pytest.mark.parametrize(
    ("typed", "index"), [("13900000007", "ix_customer_numbers_e164"), ("8007", "ix_customer_numbers_raw")]
)
async def test_the_index_answers_by_number(town: AsyncSession, typed: str, index: str) -> None:
    plan = await plan_of(town, find_customers(town, Wanted(number=typed), default_region=REGION, limit=51))
    assert index in plan
    assert "Seq Scan" not in plan


TYPED = {
    "13900000007": "ix_customer_numbers_e164",
    "8007": "ix_customer_numbers_raw",
    "n7@B.example": "ix_customer_emails_address",
    "N7": "uq_customers_external_id",
    "crm-N7": "pk_customer_external_ids",
}


async def test_an_index_answers_whatever_is_typed(town: AsyncSession) -> None:
    for typed, index in TYPED.items():
        plan = await plan_of(town, find_customers(town, Wanted(typed=typed), default_region=REGION, limit=51), -2)
        assert index in plan
        assert "Seq Scan" not in plan


WAYS = ("ix_customer_numbers_e164", "ix_customer_numbers_raw", "ix_customers_search", "ix_customers_search")


async def test_indexes_answer_who_may_be_meant_and_how_many_have_a_number(town: AsyncSession) -> None:
    probe = Probe(names=("王小明",), numbers=("13900000007", "8007"))
    known = Facts(numbers=(HeldNumber("+8613900000007"), HeldNumber("8007")))
    for place, index in enumerate(WAYS):
        plan = await plan_of(town, candidates(town, probe, REGION), place)
        assert index in plan
        assert "Seq Scan" not in plan
    for place, index in enumerate(WAYS[:2]):
        plan = await plan_of(town, holders_of(town, [known]), place)
        assert index in plan
        assert "Seq Scan" not in plan
