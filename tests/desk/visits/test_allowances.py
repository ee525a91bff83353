"""A visit that took place uses up one of those that an agreement includes."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.customers.agreement_models import AllowanceCount, AllowanceUse
from app.customers.agreements import visiting
from app.customers.duplicates.merging import Side, merge
from app.db.engine import WriteSession
from app.desk.visits import queries, service
from tests.customers.agreements.factories import ALWAYS, THREE, VISITS, promise
from tests.customers.factories import customer_id, make_agent
from tests.desk.visits.factories import NOW, booked, by, done


async def counted(session: WriteSession, visit_id: Any) -> list[dict[str, Any]]:
    """What the visit's last entry says of allowances."""
    told: list[dict[str, Any]] = (await queries.entries(session, visit_id, 100, None))[-1].changes.get("allowances", [])
    return told


async def test_a_visit_that_took_place_is_counted_by_its_clause(session: WriteSession) -> None:
    who, lin = await customer_id(session), await make_agent(session)
    agreed = await promise(session, who, ALWAYS, THREE, VISITS)
    over = (await done(session, who, lin)).visit
    [use] = await counted(session, over.id)
    assert use == {
        "agreement_id": str(agreed.id),
        "product": "care",
        "clause_id": "6",
        "text": "three visits a year",
        "number": 1,
        "count": 3,
        "period": "2027-01-01",
        "fault": None,
    }
    [kept] = await session.scalars(select(AllowanceUse))
    assert (kept.clause_id, kept.reference, kept.at) == ("6", str(over.id), NOW)


async def test_one_beyond_the_allowance_is_counted_too(session: WriteSession) -> None:
    who, lin = await customer_id(session), await make_agent(session)
    await promise(session, who, VISITS)
    numbers = [(await counted(session, (await done(session, who, lin, n)).visit.id))[0]["number"] for n in range(1, 5)]
    assert numbers == [1, 2, 3, 4]


async def test_only_a_visit_that_took_place_is_counted(session: WriteSession) -> None:
    who, lin = await customer_id(session), await make_agent(session)
    await promise(session, who, VISITS)
    for act in ("cancel", "no_access"):
        found = (await booked(session, who)).visit.id
        await service.assign(session, found, lin, by())
        await service.step(session, found, "arrive", by())
        await service.give_up(session, found, act, by(), "no")
    assert (await session.scalars(select(AllowanceCount))).all() == []


async def test_without_an_agreement_that_includes_visits_nothing_is_counted(session: WriteSession) -> None:
    who, lin = await customer_id(session), await make_agent(session)
    await promise(session, who, ALWAYS, THREE)
    await promise(session, who, VISITS, product="past", valid_until=date(2026, 12, 31))
    assert await counted(session, (await done(session, who, lin)).visit.id) == []


async def test_a_visit_of_who_was_merged_is_counted_in_the_agreement_of_who_survives(session: WriteSession) -> None:
    one, other, lin = await customer_id(session), await customer_id(session), await make_agent(session)
    agreed = await promise(session, other, VISITS)
    await merge(session, Side(one), Side(other))
    [use] = await counted(session, (await done(session, one, lin)).visit.id)
    assert (use["agreement_id"], use["number"]) == (str(agreed.id), 1)


async def test_the_day_of_the_appointment_counts_and_not_that_of_the_paperwork(session: WriteSession) -> None:
    who, lin = await customer_id(session), await make_agent(session)
    await promise(session, who, VISITS)
    over = await done(session, who, lin, 1, days=400)
    assert (await counted(session, over.visit.id))[0]["period"] == "2027-01-01"


@pytest.mark.parametrize(
    "broken", ['"count": 2, "per": "fortnight"', '"per": "year"', '"count": "some", "per": "year"'], ids=str
)
async def test_a_clause_that_cannot_be_read_costs_its_count_and_not_the_visit(
    session: WriteSession, broken: str
) -> None:
    who, lin = await customer_id(session), await make_agent(session)
    await promise(session, who, VISITS)
    good = await promise(session, who, VISITS, product="good")
    clause = f'[{{"kind": "field_visits", "id": "6", "text": "x", {broken}}}]'
    rewritten = text("update agreements set clauses = cast(:clause as jsonb) where id <> :good")
    await session.execute(rewritten, {"good": good.id, "clause": clause})
    over = await done(session, who, lin)
    assert over.visit.status == "completed"
    told = {use["product"]: (use["number"], use["fault"]) for use in await counted(session, over.visit.id)}
    assert told == {"care": (None, "the clause could not be read"), "good": (1, None)}
    assert set(await session.scalars(select(AllowanceUse.agreement_id))) == {good.id}


async def test_a_count_that_is_cancelled_is_no_fault_of_the_clause(
    session: WriteSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, lin = await customer_id(session), await make_agent(session)
    await promise(session, who, VISITS)
    slow = "select current_date as period, 1 as number from pg_sleep(20)"
    monkeypatch.setattr(visiting, "_USE", text(slow))
    await session.execute(text("set local statement_timeout = '200ms'"))
    with pytest.raises(DBAPIError, match="statement timeout"):
        await done(session, who, lin)
