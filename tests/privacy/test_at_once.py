"""Erasing beside others who do something with the same customer at the same moment: one of them comes first."""

import asyncio
from collections.abc import Awaitable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from app.core.clock import now, utc
from app.core.errors import CallfloorError
from app.core.tasks import begin
from app.customers.duplicates.merging import Side, merge
from app.customers.errors import CustomerNotFound
from app.customers.models import Customer
from app.customers.usage.models import CustomerAlertEntry
from app.db.engine import Sessions
from app.desk.cases.errors import CustomerWasErased
from app.desk.cases.models import Case, CaseEntry
from app.desk.cases.opening import ForAlert, open_for_alert
from app.desk.cases.working import write_note
from app.privacy.erasing import Order, erase
from app.privacy.errors import ErasureRefused
from app.privacy.holds import hold
from app.privacy.policies import set_policy
from app.privacy.retaining import retain
from tests.customers.factories import customer_id, make_agent
from tests.desk.cases.factories import make_case
from tests.history.factories import ago, make_alert

ORDER = Order(by="sue", ground="objection", reason="file 7")
ORDERED = Order(by="sue", ground="objection", reason="file 7", though_open=True)


async def made(sessions: Sessions) -> UUID:
    async with sessions.write() as session:
        return await customer_id(session)


async def erased(sessions: Sessions, customer: UUID, order: Order = ORDER) -> UUID:
    async with sessions.write() as session:
        done, _ = await erase(session, customer, order, now=utc(now()), region="CN")
        return done.id


async def held(sessions: Sessions, customer: UUID) -> None:
    async with sessions.write() as session:
        await hold(session, customer, reason="suit 12", until=None, by="sue", now=utc(now()))


async def merged(sessions: Sessions, one: UUID, other: UUID) -> None:
    async with sessions.write() as session:
        await merge(session, Side(one), Side(other))


async def both(*work: Awaitable[Any]) -> list[Any]:
    """What came of all at once; errors that are told are results."""
    found = await asyncio.gather(*work, return_exceptions=True)
    assert not [each for each in found if isinstance(each, BaseException) and not isinstance(each, CallfloorError)], (
        found
    )
    return found


async def there(sessions: Sessions, customer: UUID) -> bool:
    async with sessions.read() as session:
        return await session.get(Customer, customer) is not None


async def opened(sessions: Sessions, who: UUID) -> UUID:
    async with sessions.write() as session:
        return (await make_case(session, who)).id


async def noted(sessions: Sessions, case: UUID) -> None:
    async with sessions.write() as session:
        await write_note(session, case, "said", "lin", utc(now()))


async def opened_for(sessions: Sessions, alert: UUID) -> UUID:
    async with sessions.write() as session:
        return (await open_for_alert(session, alert, ForAlert(), "lin", utc(now())))[0].id


async def test_erasing_twice_at_once_is_one_erasure(sessions: Sessions) -> None:
    who = await made(sessions)
    ids = await both(*(erased(sessions, who) for _ in range(4)))
    assert len(set(ids)) == 1


async def test_of_a_hold_and_an_erasure_at_once_the_first_one_wins(sessions: Sessions) -> None:
    for _ in range(3):
        who = await made(sessions)
        erasure, holding = await both(erased(sessions, who), held(sessions, who))
        if await there(sessions, who):
            assert isinstance(erasure, ErasureRefused)
            assert holding is None
        else:
            assert isinstance(holding, CustomerNotFound)


@pytest.mark.parametrize("end", [0, 1])
async def test_merging_and_erasing_at_once_leaves_no_half(sessions: Sessions, end: int) -> None:
    for _ in range(3):
        pair = [await made(sessions), await made(sessions)]
        erasure, merging = await both(erased(sessions, pair[end]), merged(sessions, *pair))
        assert isinstance(erasure, UUID)
        gone = [not await there(sessions, each) for each in pair]
        assert gone[end]
        assert gone[1 - end] == (merging is None)


async def test_of_a_case_that_is_opened_and_an_erasure_at_once_the_first_one_wins(sessions: Sessions) -> None:
    for _ in range(3):
        who = await made(sessions)
        erasure, case = await both(erased(sessions, who), opened(sessions, who))
        if await there(sessions, who):
            assert isinstance(erasure, ErasureRefused)
            assert isinstance(case, UUID)
        else:
            assert isinstance(case, CustomerWasErased)


async def test_nothing_is_left_of_what_is_written_of_cases_while_their_customer_is_erased(sessions: Sessions) -> None:
    async with sessions.write() as session:
        await make_agent(session)
    for n in range(3):
        who = await made(sessions)
        case = await opened(sessions, who)
        async with sessions.write() as session:
            alert = await make_alert(session, who, ago(hours=n))
        work = (
            erased(sessions, who, ORDERED),
            noted(sessions, case),
            opened_for(sessions, alert),
            noted(sessions, case),
        )
        assert isinstance((await both(*work))[0], UUID)
        async with sessions.read() as session:
            assert (await session.scalars(select(CaseEntry.act).where(CaseEntry.customer_id == who))).all() == []
            assert (await session.scalars(select(Case.id).where(Case.customer_id == who))).all() == []


async def waiters(sessions: Sessions, number: int) -> None:
    """Until so many wait for a lock."""
    waiting = text("""
        select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()""")
    async with asyncio.timeout(60):
        while True:
            async with sessions.read() as session:
                if await session.scalar(waiting) == number:
                    return
            await asyncio.sleep(0.01)


async def test_retention_of_alerts_and_an_erasure_at_once_do_not_undo_each_other(sessions: Sessions) -> None:
    """The erasure has one entry of the alert and waits for the next, which somebody reads at this moment; retention
    has the alert, and its entries go with it."""
    async with sessions.write() as session:
        who = await customer_id(session)
        alert = await make_alert(session, who, ago(days=90), "finish")
        over = text("update customer_alerts set state = 'done', closed_at = opened_at where id = :alert")
        await session.execute(over, {"alert": alert})
        await set_policy(session, "alerts", 31, None, by="sue", now=utc(now()))
    entries = select(CustomerAlertEntry).where(CustomerAlertEntry.alert_id == alert)
    async with sessions.write() as session:
        await session.execute(entries.order_by(CustomerAlertEntry.id.desc()).limit(1).with_for_update())
        erasing = begin("erasure", erased(sessions, who))
        await waiters(sessions, 1)
        retaining = begin("retention", retain(sessions, now, "CN"))
        await waiters(sessions, 2)
    assert isinstance((await both(erasing, retaining))[0], UUID)
    assert not await there(sessions, who)
    async with sessions.read() as session:
        assert (await session.scalars(entries)).all() == []
