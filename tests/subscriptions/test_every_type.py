"""Every type of event as it is really written. The fixture of the database holds each to what is published."""

from typing import get_args, get_type_hints
from uuid import UUID

from sqlalchemy import text

from app.audit.service import act_as, because
from app.core import clock
from app.core.ids import new_id
from app.customers.duplicates.merging import Side, merge, unmerge
from app.customers.service import change_customer
from app.customers.usage.alerts import act as act_on_alert
from app.db.engine import Sessions, WriteSession
from app.desk.cases.working import act as act_on_case
from app.desk.cases.working import close, solve
from app.desk.visits import service as visits
from app.floor import commands as c
from app.floor.journal.announced import look
from app.floor.service import Floor
from app.interactions.service import append_note
from app.privacy.erasing import Order, erase
from app.subscriptions import records
from app.subscriptions.kinds import WILD
from app.subscriptions.shapes import SHAPES
from tests.customers.factories import customer_id
from tests.customers.usage.telling import NOW, alerts, event, make_rule, tell
from tests.desk.cases.factories import make_case
from tests.desk.visits.factories import booked, by, window
from tests.fixtures.database import Database
from tests.floor.factories import call_event, configure
from tests.floor.journal.test_announced import Told, call, look_through, wrap_up
from tests.floor.live import on, owned, running


async def customers_change(session: WriteSession) -> None:
    one, other, gone = [await customer_id(session, external_id=given) for given in ("C1", None, "C3")]
    await act_as(session, "ann")
    await because(session, "called")
    await change_customer(session, one, 1, {"name": "X"})
    await merge(session, Side(one), Side(other))
    await unmerge(session, Side(one))
    await erase(session, gone, Order(by="dpo", ground="objection", reason="7"), now=NOW, region="CN")


async def cases_are_worked_on(session: WriteSession, who: UUID) -> None:
    case = await make_case(session, who, at=NOW, due_at=NOW)
    await act_on_case(session, case.id, 1, "take", "ann", NOW)
    await solve(session, case.id, 2, "done", "ann", NOW)
    await close(session, case.id, 3, "ann", NOW)
    await make_case(session, who, at=NOW, team="t")


async def alerts_are_seen_to(session: WriteSession, who: UUID) -> None:
    await make_rule(session, "count('login.failed', '1h') >= 1")
    await tell(session, event(who))
    [raised] = await alerts(session)
    for what in ("acknowledge", "finish"):
        await act_on_alert(session, raised.id, what, "ann", NOW)


async def visits_are_made(session: WriteSession, who: UUID) -> None:
    case = await make_case(session, who, at=NOW)
    found = (await booked(session, who, None, case_id=case.id)).visit.id
    await visits.schedule(session, found, window(), by())
    await visits.assign(session, found, "ann", by())
    await visits.step(session, found, "arrive", by())
    await visits.complete(session, found, "done", by())
    for begins in (None, 48):
        await visits.give_up(session, (await booked(session, who, begins)).visit.id, "cancel", by(), None)


async def contacts_come(floor: Floor, sessions: Sessions, who: UUID) -> None:
    """One of somebody unknown that is solved, and one of a customer, without a queue, that somebody writes of."""
    await on(floor, "ann")
    await wrap_up(floor, await call(floor, "c1"))
    caller = c.Recognised(customer=c.CustomerCard(str(who), "李雷", "gold"))
    for kind in ("offered", "cleared"):
        said = call_event(kind, "c2", clock.now(), from_="+862", to="900")
        done = await floor.submit(c.TakeEvent(event=said, contact_id=new_id(), caller=caller))
    first = await call(floor, "c3")
    assert (await floor.submit(c.FinishWrapUp(agent_id="ann", contact_id=first))).ok
    async with sessions.write() as session:
        for contact in (first, done.body["contact_id"]):
            await append_note(session, UUID(contact), text="x", by="bob", at=NOW)


def told_both_ways(found: Told) -> dict[str, set[bool]]:
    """Of each field that may be null: whether it was, and was not, in any event of its kind."""
    seen: dict[str, set[bool]] = {}
    for kind, data in found:
        for name, hint in get_type_hints(SHAPES[kind]).items():
            if type(None) in get_args(hint):
                seen.setdefault(f"{kind.partition('.')[0]} {name}", set()).add(data[name] is None)
    return seen


async def test_every_type_is_told_as_it_is_published(database: Database, sessions: Sessions) -> None:
    await configure(database.dsn)
    async with sessions.write() as session:
        await records.subscribe(session, id="crm", name="CRM", url="https://crm.example/", events=list(WILD))
        await session.execute(text("insert into teams (id, name) values ('t', 'T')"))
        who = await customer_id(session, "李雷", external_id="C9")
        await cases_are_worked_on(session, who)
        await alerts_are_seen_to(session, who)
        await visits_are_made(session, who)
        await customers_change(session)
        await records.send_test(session, "crm")
    await look(sessions)  # after-call work is told from here on
    async with running(database) as (floor, _):
        await contacts_come(await owned(floor), sessions, who)
        found = await look_through(sessions)
    assert {kind for kind, _ in found} == set(SHAPES)
    assert {name: seen for name, seen in told_both_ways(found).items() if len(seen) == 1} == {}
