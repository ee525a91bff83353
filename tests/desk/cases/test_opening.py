"""Opening cases: until when they are due, by an alert, and several at once."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from app.customers.agreements.clauses import ResolutionTime
from app.customers.usage.alerts import act, alert, entries
from app.customers.usage.errors import AlertRefuses, AlertUnknown
from app.db.engine import Sessions, WriteSession
from app.desk.cases.errors import CaseChanged
from app.desk.cases.models import Case
from app.desk.cases.opening import ForAlert, NewCase, open_for_alert, open_once
from app.desk.cases.queries import entries as case_entries
from app.desk.cases.working import assign, close, solve
from tests.customers.agreements.factories import ALWAYS, promise
from tests.customers.factories import customer_id, make_agent
from tests.customers.usage.telling import NOW, alerts, event, make_rule, tell
from tests.desk.cases.factories import make_case, make_closed

SETTLED = ResolutionTime(id="4.2", text="settled within two days", seconds=2 * 86_400)
LATER = NOW + timedelta(days=1)


async def alert_of(session: WriteSession, who: UUID) -> UUID:
    """An alert of a customer."""
    await make_rule(session, "count('login.failed', '1h') >= 1", severity="critical")
    await tell(session, event(who))
    return (await alerts(session))[-1].id


async def acts(session: WriteSession, found: UUID) -> list[tuple[str, str, str | None]]:
    """What happened to an alert, how it stood then, and what was said."""
    return [(each.act, each.state, each.note) for each in await entries(session, found, 100, None)]


async def test_what_an_agreement_promises_is_until_when_it_is_due_unless_somebody_says_otherwise(
    session: WriteSession,
) -> None:
    who = await customer_id(session)
    assert (await make_case(session, who, at=NOW)).due_at is None
    agreed = await promise(session, who, ALWAYS, SETTLED)
    longer = ResolutionTime(id="7", text="settled within a week", seconds=7 * 86_400)
    await promise(session, who, ALWAYS, longer, product="loans")
    found = await make_case(session, who, at=NOW)
    assert (found.due_at, found.due_because) == (NOW + timedelta(days=2), f"agreement {agreed.id}, clause 4.2")
    by_hand = await make_case(session, who, at=NOW, due_at=LATER)
    assert (by_hand.due_at, by_hand.due_because) == (LATER, "hand")
    never = await make_case(session, who, at=NOW, due_at=None)
    assert (never.due_at, never.due_because) == (None, None)


async def test_an_agreement_that_does_not_cover_the_customer_now_promises_nothing(session: WriteSession) -> None:
    who = await customer_id(session)
    await promise(session, who, ALWAYS, SETTLED, valid_from=(NOW + timedelta(days=30)).date())
    await promise(session, who, SETTLED, product="loans", status="suspended")
    assert (await make_case(session, who, at=NOW)).due_at is None


@pytest.mark.parametrize("seconds", ["null", '"soon"'])
async def test_a_clause_that_cannot_be_read_costs_its_promise_and_not_the_case(
    session: WriteSession, seconds: str
) -> None:
    who = await customer_id(session)
    await promise(session, who, ALWAYS, SETTLED)
    broken = text("update agreements set clauses = jsonb_set(clauses, '{1,seconds}', cast(:seconds as jsonb))")
    await session.execute(broken, {"seconds": seconds})
    made = await make_case(session, who, at=NOW)
    assert (made.due_at, made.due_because) == (None, None)


async def test_an_alert_opens_one_case_however_often_it_is_asked_for(session: WriteSession) -> None:
    lin, who = await make_agent(session), await customer_id(session)
    found = await alert_of(session, who)
    opened, fresh = await open_for_alert(session, found, ForAlert(), lin, NOW)
    told = (await alert(session, found)).alert
    assert (fresh, told.state, told.case_id, opened.alert_id) == (True, "acknowledged", opened.id, found)
    assert (opened.subject, opened.priority, opened.owner) == ("Rule r", "urgent", lin)
    assert (opened.customer_id, opened.due_at, opened.due_because) == (who, told.due_at, "alert")
    again, fresh = await open_for_alert(session, found, ForAlert(subject="other"), "mei", NOW)
    assert (again.id, again.subject, fresh) == (opened.id, "Rule r", False)
    assert await session.scalar(select(func.count()).select_from(Case)) == 1
    assert (await acts(session, found))[1:] == [("open_case", "acknowledged", str(opened.id))]


async def test_two_who_open_a_case_for_an_alert_at_once_open_one(sessions: Sessions) -> None:
    async with sessions.write() as session:
        for agent in ("lin", "mei"):
            await make_agent(session, agent)
        found = await alert_of(session, await customer_id(session))

    async def attempt(who: str) -> tuple[UUID, bool]:
        async with sessions.write() as session:
            case, fresh = await open_for_alert(session, found, ForAlert(), who, NOW)
            return case.id, fresh

    one, other = await asyncio.gather(attempt("lin"), attempt("mei"))
    assert one[0] == other[0]
    assert {one[1], other[1]} == {True, False}


async def test_one_case_that_is_sent_twice_at_once_by_its_key_is_opened_once(sessions: Sessions) -> None:
    async with sessions.write() as session:
        given = NewCase(customer_id=await customer_id(session), subject="Card lost")

    async def attempt() -> tuple[UUID, bool]:
        async with sessions.write() as session:
            case, fresh = await open_once(session, given, "7f", "lin", NOW)
            return case.id, fresh

    made = await asyncio.gather(*(attempt() for _ in range(4)))
    assert len({case for case, _ in made}) == 1
    assert [fresh for _, fresh in made].count(True) == 1


async def test_what_is_said_of_the_case_goes_before_what_the_alert_tells(session: WriteSession) -> None:
    lin, mei = await make_agent(session), await make_agent(session, "mei")
    found = await alert_of(session, await customer_id(session))
    await act(session, found, "acknowledge", mei, NOW)
    given = ForAlert(subject="Fraud?", description="three times", category="fraud", priority="low", due_at=LATER)
    opened, _ = await open_for_alert(session, found, given, lin, NOW)
    told = (opened.subject, opened.description, opened.category, opened.priority, opened.due_at, opened.owner)
    assert told == ("Fraud?", "three times", "fraud", "low", LATER, mei)


async def test_an_alert_that_is_over_or_unknown_opens_no_case(session: WriteSession) -> None:
    lin = await make_agent(session)
    found = await alert_of(session, await customer_id(session))
    await act(session, found, "finish", lin, NOW)
    with pytest.raises(AlertRefuses, match="Cannot open case: the alert is done, which is its end"):
        await open_for_alert(session, found, ForAlert(), lin, NOW)
    with pytest.raises(AlertUnknown):
        await open_for_alert(session, uuid4(), ForAlert(), lin, NOW)
    assert await session.scalar(select(func.count()).select_from(Case)) == 0


async def test_closing_the_case_finishes_its_alert(session: WriteSession) -> None:
    lin = await make_agent(session)
    found = await alert_of(session, await customer_id(session))
    opened, _ = await open_for_alert(session, found, ForAlert(), lin, NOW)
    await solve(session, opened.id, 1, "it was him", lin, LATER)
    assert (await alert(session, found)).alert.state == "acknowledged"
    await close(session, opened.id, 2, lin, LATER)
    told = (await alert(session, found)).alert
    assert (told.state, told.closed_at) == ("done", LATER)
    assert (await acts(session, found))[-1] == ("finish", "done", f"{opened.number} was closed")


@pytest.mark.parametrize(("what", "state"), [("release", "open"), ("finish", "done")])
async def test_an_alert_that_was_given_back_or_finished_meanwhile_stays_as_it_is(
    session: WriteSession, what: str, state: str
) -> None:
    lin = await make_agent(session)
    found = await alert_of(session, await customer_id(session))
    opened, _ = await open_for_alert(session, found, ForAlert(), lin, NOW)
    await act(session, found, what, lin, NOW)
    await solve(session, opened.id, 1, "x", lin, LATER)
    await close(session, opened.id, 2, lin, LATER)
    assert (await alert(session, found)).alert.state == state
    assert [each[0] for each in await acts(session, found)] == ["opened", "open_case", what]


async def test_closing_the_case_does_not_wait_for_an_alert_that_is_removed(sessions: Sessions) -> None:
    async with sessions.write() as session:
        lin = await make_agent(session)
        found = await alert_of(session, await customer_id(session))
        opened, _ = await open_for_alert(session, found, ForAlert(), lin, NOW)
        await act(session, found, "finish", lin, NOW)
        await solve(session, opened.id, 1, "x", lin, LATER)
    async with sessions.write() as retention, sessions.write() as session:
        await retention.execute(text("select from customer_alerts where id = :id for update"), {"id": found})
        await session.execute(text("set local lock_timeout = '500ms'"))
        assert (await close(session, opened.id, 2, lin, LATER)).status == "closed"


async def test_numbers_are_never_given_twice(sessions: Sessions) -> None:
    """Neither to several at once, nor again after one that was rolled back, and they outgrow six digits."""
    async with sessions.write() as session:
        who = await customer_id(session)

    async def attempt() -> str:
        async with sessions.write() as session:
            return (await make_case(session, who, at=datetime(2026, 12, 31, 23, 59, tzinfo=UTC))).number

    numbers = await asyncio.gather(*(attempt() for _ in range(5)))
    async with sessions.write() as session:
        lost = (await make_case(session, who, at=datetime(2026, 1, 1, tzinfo=UTC))).number
        await session.rollback()
    async with sessions.write() as session:
        await session.execute(text("select setval('case_numbers', 999999)"))
    numbers += [await attempt(), lost]
    assert len(set(numbers)) == 7
    assert sorted(numbers)[0] == "C-2026-000001"
    assert "C-2026-1000000" in numbers


async def test_two_who_change_one_version_one_wins(sessions: Sessions) -> None:
    async with sessions.write() as session:
        for agent in ("lin", "mei"):
            await make_agent(session, agent)
        made = await make_case(session, await customer_id(session))

    async def attempt(owner: str) -> str | None:
        try:
            async with sessions.write() as session:
                return (await assign(session, made.id, 1, "boss", NOW, owner=owner, team=None)).owner
        except CaseChanged as changed:
            return str(changed.facts["version"])

    owners = await asyncio.gather(attempt("lin"), attempt("mei"))
    assert owners.count("2") == 1
    async with sessions.read() as reading:
        case = await reading.get_one(Case, made.id)
        assert (case.owner in owners, case.version) == (True, 2)
        assert [each.act for each in await case_entries(reading, made.id, 9, None)] == ["open", "assign"]


async def test_entries_are_only_added(session: WriteSession) -> None:
    made = await make_closed(session, await customer_id(session))
    for statement in ("update case_entries set text = 'other'", "delete from case_entries"):
        with pytest.raises(DBAPIError, match="are only ever added"):
            async with session.begin_nested():
                await session.execute(text(statement))
    assert len(await case_entries(session, made.id, 9, None)) == 3
