"""Agreements are written one after the other, whoever writes."""

import asyncio
from datetime import date

import pytest

from app.customers.agreement_models import Agreement
from app.customers.agreements.errors import AgreementInUse, AgreementsOverlap
from app.customers.agreements.queries import WantedDues, agreements_of, dues
from app.customers.agreements.service import record_use, remove_agreement
from app.customers.duplicates.merging import Side, merge
from app.customers.errors import CustomerMerged
from app.db.engine import Sessions, WriteSession
from tests.customers.agreements.factories import ALWAYS, LI, VISITS, promise
from tests.customers.factories import customer_id
from tests.interactions.factories import make_interaction, this_hour


async def test_of_two_overlapping_agreements_made_at_once_one_is_refused(sessions: Sessions) -> None:
    async with sessions.write() as session:
        customer = await customer_id(session)

    async def make(since: date) -> Agreement:
        async with sessions.write() as session:
            return await promise(session, customer, ALWAYS, valid_from=since)

    days = (date(2026, 1, 1), date(2026, 6, 1))
    made = await asyncio.gather(*(make(day) for day in days), return_exceptions=True)
    assert sorted(type(one).__name__ for one in made) == ["Agreement", "AgreementsOverlap"]
    async with sessions.read() as reading:
        assert len(await agreements_of(reading, customer)) == 1


async def test_an_agreement_may_begin_the_day_after_another_ends(session: WriteSession) -> None:
    customer = await customer_id(session)
    await promise(session, customer, valid_until=date(2026, 6, 30))
    await promise(session, customer, valid_from=date(2026, 7, 1))
    with pytest.raises(AgreementsOverlap):
        await promise(session, customer, valid_from=date(2027, 1, 1))


async def test_an_agreement_whose_allowance_was_used_is_not_taken_away(session: WriteSession) -> None:
    customer = await customer_id(session)
    agreed = await promise(session, customer, VISITS)
    await record_use(session, customer, agreed.id, VISITS.id, "visit 1", this_hour(), this_hour())
    with pytest.raises(AgreementInUse):
        await remove_agreement(session, customer, None, agreed.id)


async def test_a_merged_customers_agreements_and_dues_are_read_through_who_survives(session: WriteSession) -> None:
    one, other = await customer_id(session, "Amy"), await customer_id(session, "Amy W.")
    agreed = await promise(session, one, LI)
    await make_interaction(session, customer_id=one)
    await merge(session, Side(one), Side(other))
    assert [each.id for each in await agreements_of(session, other)] == [agreed.id]
    found = await dues(session, WantedDues(customer_id=other), 10, None)
    assert [due.clause_id for due in found] == [LI.id]
    with pytest.raises(CustomerMerged):
        await promise(session, one, LI, product="other")
