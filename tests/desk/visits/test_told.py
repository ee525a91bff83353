"""What other systems are told of visits, who races for an engineer, and what goes with an erasure and with time."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from app.core.clock import now, utc
from app.core.tasks import Supervisor
from app.db.engine import Sessions, WriteSession
from app.desk.cases.errors import CustomerWasErased
from app.desk.visits import queries, service
from app.desk.visits.errors import BusyEngineer, VisitUnknown
from app.desk.visits.queries import Listed
from app.privacy.ageing import Aged
from app.privacy.erasing import Order, erase
from app.privacy.errors import ErasureRefused
from app.privacy.former import count_former
from app.privacy.policies import set_policy
from app.privacy.retaining import retain
from app.subscriptions import records
from tests.customers.factories import customer_id, make_agent
from tests.desk.visits.factories import NOW, booked, by, done, window
from tests.subscriptions.test_customers import told

ORDER = Order(by="dpo", ground="objection", reason="file 7")


async def test_what_happens_to_visits_is_told_without_names_or_texts(session: WriteSession) -> None:
    await records.subscribe(session, id="crm", name="CRM", url="https://crm.example/", events=["visit.*"])
    who, lin = await customer_id(session), await make_agent(session)
    found = (await booked(session, who, None)).visit.id
    await service.schedule(session, found, window(), by())
    await service.assign(session, found, lin, by())
    await service.step(session, found, "arrive", by())
    await service.write_note(session, found, "not told", by())
    await service.complete(session, found, "done", by())
    other = (await booked(session, who)).visit.id
    await service.give_up(session, other, "cancel", by(), "no")
    events = await told(session)
    assert [(kind, data["status"]) for kind, _, data in events] == [
        ("visit.changed", "requested"),
        ("visit.scheduled", "scheduled"),
        ("visit.changed", "scheduled"),
        ("visit.changed", "on_site"),
        ("visit.completed", "completed"),
        ("visit.scheduled", "scheduled"),
        ("visit.cancelled", "cancelled"),
    ]
    assert {subject for _, subject, _ in events} == {f"customer:{who}"}
    assert events[2][2] == {
        "visit_id": str(found),
        "customer_id": str(who),
        "case_id": None,
        "status": "scheduled",
        "starts_at": "2027-01-16T08:00:00.000Z",
        "ends_at": "2027-01-16T10:00:00.000Z",
        "engineer": "lin",
        "act": "assign",
        "version": 3,
    }


async def test_of_two_who_send_the_same_engineer_at_once_one_is_refused(sessions: Sessions) -> None:
    async with sessions.write() as session:
        who, lin = await customer_id(session), await make_agent(session)
        visits = [(await booked(session, who, begins)).visit.id for begins in (24, 25)]

    async def send(visit: UUID) -> Listed:
        async with sessions.write() as session:
            return await service.assign(session, visit, lin, by())

    ended = await asyncio.gather(*(send(visit) for visit in visits), return_exceptions=True)
    assert sorted(type(each).__name__ for each in ended) == ["BusyEngineer", "Listed"]
    [refused] = [each for each in ended if isinstance(each, BusyEngineer)]
    assert refused.facts["visit_id"] in map(str, visits)


async def test_what_was_booked_while_the_customer_was_erased_is_not_there(sessions: Sessions) -> None:
    async with sessions.write() as session:
        who = await customer_id(session)

    async def book() -> Listed:
        async with sessions.write() as session:
            return await booked(session, who)

    async with sessions.write() as session:
        await erase(session, who, ORDER, now=NOW, region="CN")
        waiting = Supervisor().start("book", book())
        await asyncio.wait([waiting], timeout=0.05)
        assert not waiting.done()
    with pytest.raises(CustomerWasErased):
        await waiting


async def test_nothing_is_left_of_what_is_written_of_visits_while_their_customer_is_erased(sessions: Sessions) -> None:
    order = Order(by="dpo", ground="objection", reason="file 7", though_open=True)

    async def erased(who: UUID) -> None:
        async with sessions.write() as session:
            await erase(session, who, order, now=NOW, region="CN")

    async def noted(visit: UUID) -> None:
        async with sessions.write() as session:
            await service.write_note(session, visit, "said", by())

    async def cancelled(visit: UUID) -> None:
        async with sessions.write() as session:
            await service.give_up(session, visit, "cancel", by(), "said")

    for _ in range(3):
        async with sessions.write() as session:
            who = await customer_id(session)
            visits = [(await booked(session, who)).visit.id for _ in range(2)]
        work = (noted(visits[0]), erased(who), cancelled(visits[1]), noted(visits[1]))
        ended = [each for each in await asyncio.gather(*work, return_exceptions=True) if each is not None]
        assert {type(each) for each in ended} <= {VisitUnknown}
    async with sessions.read() as reading:
        assert await reading.scalar(text("select count(*) from field_visit_entries")) == 0
        assert await reading.scalar(text("select count(*) from field_visits where purpose <> '' or outcome <> ''")) == 0


async def test_an_erased_customers_visits_count_and_say_nothing_of_them(session: WriteSession) -> None:
    who, lin = await customer_id(session), await make_agent(session)
    over, open_ = await done(session, who, lin), await booked(session, who)
    with pytest.raises(ErasureRefused, match=r"open visits \(1\)"):
        await erase(session, who, ORDER, now=NOW, region="CN")
    order = Order(by="dpo", ground="objection", reason="file 7", though_open=True)
    erasure, _ = await erase(session, who, order, now=NOW, region="CN")
    assert (erasure.counts["field_visits"], erasure.counts["field_visit_entries"]) == (2, 5)
    kept = text("select status, engineer, customer_id, purpose || site_lines as said, outcome from field_visits")
    rows = (await session.execute(kept)).all()
    assert sorted(map(tuple, rows)) == [("cancelled", None, None, "", None), ("completed", "lin", None, "", None)]
    assert await session.scalar(text("select count(*) from field_visit_entries")) == 0
    for each in (over.visit.id, open_.visit.id):
        with pytest.raises(VisitUnknown):
            await queries.visit(session, each)
        with pytest.raises(VisitUnknown):
            await service.write_note(session, each, "x", by())


async def test_who_was_visited_lately_is_no_former_customer(session: WriteSession) -> None:
    who, lin = await customer_id(session), await make_agent(session)
    await done(session, who, lin)
    former = text("update customers set active = false, updated_at = :then where id = :id")
    await session.execute(former, {"then": NOW - timedelta(days=900), "id": who})
    for days, count in ((400, 0), (-1, 1)):
        of = Aged(NOW, NOW - timedelta(days=days), [], [])
        assert await count_former(session, "inactive_customers", of) == count


async def test_visits_that_are_over_go_by_their_age_and_what_is_held_or_open_stays(sessions: Sessions) -> None:
    async with sessions.write() as session:
        held, free, lin = await customer_id(session), await customer_id(session), await make_agent(session)
        kept = [(await done(session, held, lin, 1)).visit.id, (await booked(session, free)).visit.id]
        kept.append((await done(session, free, lin, 4)).visit.id)
        await done(session, free, lin, 7)
        old = text("update field_visits set closed_at = :at where closed_at is not null and id <> :id")
        await session.execute(old, {"at": utc(now()) - timedelta(days=400), "id": kept[-1]})
        await session.execute(
            text("insert into legal_holds (customer_id, reason, set_by, set_at) values (:id, 'x', 'x', now())"),
            {"id": held},
        )
        await set_policy(session, "visits", 365, None, by="sue", now=utc(now()))
    went = await retain(sessions, now, "CN")
    assert went["visits"].rows == 1
    async with sessions.read() as reading:
        left = set(await reading.scalars(text("select id from field_visits")))
        entries = set(await reading.scalars(text("select distinct visit_id from field_visit_entries")))
    assert left == entries == set(kept)
