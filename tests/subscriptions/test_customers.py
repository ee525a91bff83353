"""What is told of customers, whichever way they change: by the record, by a load, by a merge."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import act_as, because
from app.customers.bulk import upsert_many
from app.customers.duplicates.merging import Side, merge, unmerge
from app.customers.record.parts import GivenEmail, GivenNote, replace_emails, write_note
from app.customers.service import change_customer
from app.db.engine import WriteSession
from app.subscriptions import records
from app.subscriptions.models import WebhookDelivery, WebhookEvent
from tests.customers.factories import REGION, customer_id, new_customer


@pytest.fixture
async def wanted(session: WriteSession) -> None:
    """Somebody wants to know everything of customers."""
    await records.subscribe(session, id="crm", name="CRM", url="https://crm.example/", events=["customer.*"])


async def told(session: AsyncSession) -> list[tuple[str, str, dict[str, Any]]]:
    query = select(WebhookEvent).join(WebhookDelivery).order_by(WebhookDelivery.id)
    return [(event.type, event.subject, event.data) for event in await session.scalars(query)]


async def kinds(session: AsyncSession) -> list[tuple[str, str]]:
    return [(kind, subject) for kind, subject, _ in await told(session)]


@pytest.mark.usefixtures("wanted")
async def test_a_customer_and_their_changes_are_told_by_id_and_version_and_nothing_personal(
    session: WriteSession,
) -> None:
    await act_as(session, "lin")
    made = await customer_id(session, "王小明", numbers=["13800138000"], external_id="C1")
    await because(session, "客户来电")
    await change_customer(session, made, 1, {"name": "王大明"})
    await replace_emails(session, made, 2, [GivenEmail(address="a@b.example")])
    await write_note(session, made, GivenNote(text="prefers mornings"), "lin")
    found = await told(session)
    subject = f"customer:{made}"
    assert [(kind, about, data["version"]) for kind, about, data in found] == [
        ("customer.created", subject, 1),
        ("customer.changed", subject, 2),
        ("customer.changed", subject, 3),
        ("customer.changed", subject, 4),
    ]
    assert found[1][2] == {
        "customer_id": str(made),
        "external_id": "C1",
        "kind": "person",
        "provisional": False,
        "version": 2,
        "who": "lin",
        "why": "客户来电",
    }
    assert not [word for word in ("王", "138", "a@b", "mornings") if word in repr(found)]


@pytest.mark.usefixtures("wanted")
async def test_what_changes_nothing_is_not_told(session: WriteSession) -> None:
    made = await customer_id(session)
    await change_customer(session, made, 1, {"name": "王小明"})
    await session.execute(text("update customers set search = search"))
    assert [kind for kind, _ in await kinds(session)] == ["customer.created"]


@pytest.mark.usefixtures("wanted")
async def test_a_load_tells_of_each_customer_that_it_makes_or_changes(session: WriteSession) -> None:
    first = await upsert_many(session, [new_customer(f"N{n}", external_id=f"C{n}") for n in range(5)], REGION)
    await upsert_many(session, [new_customer(f"N{n // 4}{n}", external_id=f"C{n}") for n in range(3, 6)], REGION)
    made = [subject for kind, subject in await kinds(session) if kind == "customer.created"]
    changed = {subject for kind, subject in await kinds(session) if kind == "customer.changed"}
    assert made[:5] == [f"customer:{each}" for each in sorted(first)]
    assert len(made) == 6
    assert changed == {f"customer:{first[3]}", f"customer:{first[4]}"}


@pytest.mark.usefixtures("wanted")
async def test_a_merge_and_its_taking_back_are_told_of_who_survives(session: WriteSession) -> None:
    one, other = await customer_id(session, external_id="C1"), await customer_id(session, external_id="C2")
    await merge(session, Side(one), Side(other))
    await unmerge(session, Side(one))
    found = [(kind, subject, data) for kind, subject, data in await told(session) if "merged" in kind]
    assert [(kind, subject) for kind, subject, _ in found] == [
        ("customer.merged", f"customer:{other}"),
        ("customer.unmerged", f"customer:{other}"),
    ]
    assert {UUID(data["merged_id"]) for _, _, data in found} == {one}


@pytest.mark.usefixtures("wanted")
async def test_taking_back_a_merge_amid_a_line_is_told_of_who_survives_it(session: WriteSession) -> None:
    a, b, c = [await customer_id(session, name) for name in "ABC"]
    await merge(session, Side(a), Side(b))
    await merge(session, Side(b), Side(c))
    await unmerge(session, Side(a))
    [(subject, data)] = [(subject, data) for kind, subject, data in await told(session) if kind == "customer.unmerged"]
    assert (subject, data["customer_id"], data["merged_id"]) == (f"customer:{c}", str(c), str(a))


async def test_where_nobody_wants_to_know_nothing_is_kept(session: WriteSession) -> None:
    await records.subscribe(session, id="desk", name="Desk", url="https://desk.example/", events=["case.*"])
    made = await customer_id(session)
    await change_customer(session, made, 1, {"name": "X"})
    assert (await session.scalars(select(WebhookEvent))).all() == []
