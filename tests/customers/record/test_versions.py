"""Who changed what of a customer, when and why, whichever way it was changed."""

import importlib
from typing import Any

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import act_as, because
from app.customers import bulk
from app.customers.bulk import upsert_many
from app.customers.models import Customer
from app.customers.record_models import CustomerVersion
from app.customers.service import GivenNumber, change_customer, replace_numbers
from app.db.engine import WriteSession
from tests.customers.factories import REGION, customer_id, new_customer

MOBILE = "13800138000"


async def told(session: AsyncSession) -> list[tuple[int, str, str | None, dict[str, Any]]]:
    rows = await session.scalars(select(CustomerVersion).order_by(CustomerVersion.version, CustomerVersion.id))
    return [(row.version, row.part, row.item, row.changes) for row in rows]


async def test_a_change_tells_what_was_and_what_is(session: WriteSession) -> None:
    wanted = await customer_id(session, attributes={"a": {"b": None}})
    await act_as(session, "lin")
    await because(session, "客户来电")
    await change_customer(session, wanted, 1, {"name": "王大明", "language": "zh", "attributes": {"a": None}})
    [row] = await session.scalars(select(CustomerVersion))
    assert (row.version, row.who, row.why) == (2, "lin", "客户来电")
    assert row.changes == {
        "name": ["王小明", "王大明"],
        "language": [None, "zh"],
        "attributes": [{"a": {"b": None}}, {"a": None}],
    }


async def test_making_a_customer_is_told_by_their_own_row(session: WriteSession) -> None:
    await act_as(session, "import")
    await because(session, "file of Monday")
    [made] = await upsert_many(session, [new_customer(numbers=[MOBILE], external_id="C1")], REGION)
    customer = await session.get_one(Customer, made)
    assert (customer.created_by, customer.created_because) == ("import", "file of Monday")
    assert await told(session) == []


async def test_numbers_are_told_under_the_version_that_changed_them(session: WriteSession) -> None:
    wanted = await customer_id(session, numbers=[MOBILE, "8001"])
    await replace_numbers(session, wanted, 1, [GivenNumber("8001", "desk"), GivenNumber("8002")], REGION)
    found = await told(session)
    assert [(version, part, item) for version, part, item, _ in found] == [
        (2, "number", MOBILE),
        (2, "number", "8001"),
        (2, "number", "8002"),
    ]
    assert found[0][3]["e164"] == ["+8613800138000", None]
    assert found[1][3] == {"label": [None, "desk"]}
    assert found[2][3] == {"raw": [None, "8002"], "shared": [None, False]}


async def test_the_same_numbers_again_are_no_change(session: WriteSession) -> None:
    wanted = await customer_id(session, numbers=[MOBILE])
    record = await replace_numbers(session, wanted, 1, [GivenNumber(MOBILE)], REGION)
    assert record.customer.version == 1
    assert await told(session) == []


async def test_an_import_tells_every_row_that_it_changes_and_no_other(
    session: WriteSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "BATCH", 3)
    first = [new_customer(f"N{n}", [f"80{n:02}"], external_id=f"C{n}") for n in range(8)]
    await upsert_many(session, first, REGION)
    again = [
        new_customer(f"N{n}", [f"80{n + n % 2:02}"], external_id=f"C{n}", segments=("s",) * (n // 7)) for n in range(8)
    ]
    await upsert_many(session, again, REGION)
    found = await told(session)
    assert {version for version, *_ in found} == {2}
    assert [(part, item) for _, part, item, _ in found if part == "customer"] == [("customer", None)]
    assert sorted((item or "", *changes["raw"]) for _, part, item, changes in found if part == "number") == sorted(
        pair
        for n in (1, 3, 5, 7)
        for pair in ((f"80{n:02}", f"80{n:02}", None), (f"80{n + 1:02}", None, f"80{n + 1:02}"))
    )


async def test_sql_past_the_program_is_told_too(session: WriteSession) -> None:
    await customer_id(session)
    await session.execute(text("update customers set name = 'X', version = version + 1"))
    assert await told(session) == [(2, "customer", None, {"name": ["王小明", "X"]})]


async def test_what_is_derived_is_not_told(session: WriteSession) -> None:
    await customer_id(session)
    await session.execute(text("update customers set search = '{}', updated_at = now(), version = version + 1"))
    assert await told(session) == []


async def test_a_customer_who_is_removed_leaves_no_copy_of_their_numbers(session: WriteSession) -> None:
    wanted = await customer_id(session, numbers=[MOBILE])
    await session.execute(delete(Customer).where(Customer.id == wanted))
    assert await told(session) == []


def test_every_column_of_a_customer_is_told_or_known_to_say_nothing() -> None:
    told_columns = importlib.import_module("migrations.versions.2026_11_27_0023_customer_versions").TOLD
    silent = {"id", "search", "version", "created_at", "created_by", "created_because", "updated_at", "merged_into"}
    silent |= {"source", "origins", "fed"}
    later = {"computed_segments"}  # told since migration 0031
    assert {column.name for column in Customer.__table__.columns} == {*told_columns, "attributes"} | later | silent
