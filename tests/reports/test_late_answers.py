"""What an answer counts as that the platform tells only after the offer is gone, whatever its clock shows."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.floor import commands as c
from app.privacy.family import Contact
from app.privacy.scrubbing import scrub
from app.reports.intervals import Interval, Period, time_zone
from app.reports.service import queue_report
from tests.reports.kept import HOUR, START, Kept, of


@pytest.mark.parametrize("behind", [0, 20, 60])
async def test_a_late_answer_of_a_platform_whose_clock_is_behind_is_answered(
    session: AsyncSession, behind: float
) -> None:
    floor = Kept()
    floor.on("ann")
    floor.now += 100
    floor.call("offered", from_="+8613800138000", to="100", at=floor.now - behind)
    floor.wait(5)
    answered = floor.now
    floor.wait(10)
    floor.call("cleared", at=floor.now - behind)
    floor.call("established", agent="1001", at=answered - behind)
    counts = await of(session, floor, "ann")
    assert (counts.handled, counts.talk_seconds) == (1, 10)
    assert (counts.offers, counts.answered, counts.rescinded_caller_gone) == (1, 1, 0)


@pytest.mark.parametrize("ahead", [0, 60, 200])
async def test_the_earlier_talk_of_a_platform_whose_clock_is_ahead_is_no_answer_of_the_second_offer(
    session: AsyncSession, ahead: float
) -> None:
    floor = Kept()
    floor.on("ann")
    contact = floor.call("offered", from_="+8613800138000", to="100", at=floor.now + ahead)
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.call("established", agent="1001", at=floor.now + ahead)
    floor.wait(30)
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(queue="cards")))
    floor.call("transferred", agent="1001", at=floor.now + ahead)
    floor.wait(10)
    floor.do(c.FinishWrapUp(agent_id="ann", contact_id=contact))
    floor.wait(10)
    floor.call("cleared", at=floor.now + ahead)
    counts = await of(session, floor, "ann")
    assert (counts.offers, counts.answered, counts.rescinded_caller_gone, counts.handled) == (2, 1, 1, 1)


async def test_a_late_answer_of_an_offer_that_expired_meanwhile(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    floor.arrives()
    floor.wait(14)
    answered = floor.now
    floor.wait(30)
    floor.call("cleared")
    floor.call("established", agent="1001", at=answered)
    counts = await of(session, floor, "ann")
    assert (counts.handled, counts.answered, counts.timed_out) == (1, 1, 0)


async def test_a_phone_that_was_answered_and_is_told_so_after_the_end_is_no_rona(session: AsyncSession) -> None:
    """Accepted, and answered after 5 s; the platform says so only once the call is over."""
    floor = Kept()
    floor.on("ann")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.wait(5)
    answered = floor.now
    floor.wait(60)
    floor.call("cleared")
    floor.call("established", agent="1001", at=answered)
    counts = await of(session, floor, "ann")
    assert (counts.handled, counts.talk_seconds) == (1, 60)
    queues = await queue_report(session, Period(START, START + HOUR, Interval.HOUR, time_zone("UTC")))
    assert queues.total.counts.answered == 1
    assert (counts.answered, counts.timed_out) == (1, 0)


async def test_of_two_offers_it_is_the_last_that_was_answered(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    contact = floor.arrives()
    floor.wait(5)
    floor.do(c.DeclineOffer(agent_id="ann", contact_id=contact))
    floor.wait(1)
    answered = floor.now
    floor.wait(5)
    floor.call("cleared")
    floor.call("established", agent="1001", at=answered)
    counts = await of(session, floor, "ann")
    assert (counts.handled, counts.answered, counts.offers) == (1, 1, counts.declined + 1)


async def test_an_offer_that_is_answered_after_it_has_expired_was_answered(
    session: AsyncSession,
) -> None:
    floor = Kept()
    floor.on("ann")
    floor.arrives()
    floor.wait(30)
    floor.call("established", agent="1001")
    floor.wait(10)
    floor.call("cleared")
    counts = await of(session, floor, "ann")
    assert (counts.offers, counts.answered, counts.timed_out, counts.handled) == (1, 1, 0, 1)


async def test_a_phone_that_is_told_to_be_answered_as_the_caller_goes_has_taken_nothing(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.call("delivered", agent="1001")
    floor.wait(5)
    floor.call("cleared")
    floor.call("established", agent="1001")
    counts = await of(session, floor, "ann")
    assert (counts.offers, counts.answered, counts.rescinded_caller_gone, counts.handled) == (1, 0, 1, 0)


async def test_the_talk_of_a_colleague_is_nobody_elses_answer(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("bob")
    contact = floor.arrives()
    floor.answers("bob", contact)
    floor.wait(30)
    floor.do(c.Transfer(agent_id="bob", contact_id=contact, to=c.Destination(queue="cards")))
    floor.on("ann")
    floor.call("transferred", agent="1002")
    floor.wait(5)
    floor.call("cleared")
    floor.call("established", agent="1001")
    counts = await of(session, floor, "ann")
    assert (counts.offers, counts.answered, counts.rescinded_caller_gone, counts.handled) == (1, 0, 1, 0)


async def test_an_answer_that_is_told_late_of_a_call_that_had_been_answered_before_changes_nothing(
    session: AsyncSession,
) -> None:
    """Its talk is in no leg, and the stay in the queue stays abandoned: so both reports tell the same."""
    floor = Kept()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.wait(30)
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(queue="cards")))
    floor.call("transferred", agent="1001")
    floor.do(c.FinishWrapUp(agent_id="ann", contact_id=contact))
    answered = floor.now
    floor.wait(10)
    floor.call("cleared")
    floor.call("established", agent="1001", at=answered)
    counts = await of(session, floor, "ann")
    assert (counts.offers, counts.answered, counts.rescinded_caller_gone, counts.handled) == (2, 1, 1, 1)
    queues = await queue_report(session, Period(START, START + HOUR, Interval.HOUR, time_zone("UTC")))
    assert (queues.total.counts.answered, queues.total.counts.abandoned) == (1, 1)


async def test_who_is_consulted_has_not_answered_the_offer_that_they_let_pass(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    contact = floor.arrives()
    floor.wait(25)
    floor.on("bob")
    floor.answers("bob", contact)
    floor.wait(10)
    floor.do(c.Ready(agent_id="ann"))
    floor.do(c.ConsultCall(agent_id="bob", contact_id=contact, to=c.Destination(agent="ann")))
    floor.call("held", agent="1002")
    floor.call("established", agent="1001")
    floor.wait(15)
    floor.call("cleared")
    counts = await of(session, floor, "ann")
    assert (counts.offers, counts.answered, counts.timed_out, counts.handled) == (1, 0, 1, 1)


async def test_an_answer_that_is_told_long_after_the_period_is_one(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    floor.arrives()
    floor.wait(5)
    answered = floor.now
    floor.now += 150 * 60
    floor.call("cleared")
    assert (await of(session, floor, "ann")).rescinded_caller_gone == 1
    floor.call("established", agent="1001", at=answered)
    counts = await of(session, floor, "ann")
    assert (counts.offers, counts.answered, counts.rescinded_caller_gone) == (1, 1, 0)


async def test_an_erasure_leaves_a_late_answer_as_it_was(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    floor.arrives()
    floor.wait(14)
    answered = floor.now
    floor.wait(30)
    floor.call("cleared")
    floor.call("established", agent="1001", at=answered)
    before = await of(session, floor, "ann")
    assert (before.answered, before.timed_out) == (1, 0)
    found = await session.execute(text("select id, started_at, ended_at from interactions"))
    await scrub(session, [Contact(*row) for row in found], None)
    assert await of(session, floor, "ann") == before


async def test_a_colleague_at_the_phone_is_no_answer_of_who_let_it_pass(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.wait(30)
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(queue="cards")))
    floor.call("transferred", agent="1001")
    floor.do(c.FinishWrapUp(agent_id="ann", contact_id=contact))
    floor.wait(25)
    floor.call("established", agent="1002")
    floor.wait(5)
    floor.call("cleared")
    counts = await of(session, floor, "ann")
    assert (counts.offers, counts.answered, counts.timed_out, counts.handled) == (2, 1, 1, 1)
