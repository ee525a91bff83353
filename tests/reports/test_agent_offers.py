"""What became of offers, in the report of agents."""

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.floor import commands as c
from tests.floor.factories import CONFIG
from tests.reports.kept import Kept, of, report


async def test_an_offer_that_expires_is_rona_and_one_declined_is_not(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    floor.arrives()
    floor.wait(30)
    floor.do(c.Ready(agent_id="ann"))
    floor.wait(1)
    floor.do(c.DeclineOffer(agent_id="ann", contact_id=floor.agent("ann").offer or ""))
    counts = await of(session, floor, "ann")
    # nobody else is there, so they are asked again at once
    assert (counts.offers, counts.timed_out, counts.declined, counts.pending) == (3, 1, 1, 1)
    assert counts.not_ready_by_reason["no_answer"] == 10


async def test_a_phone_that_is_not_answered_after_acceptance_is_rona_too(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.wait(60)
    counts = await of(session, floor, "ann")
    assert (counts.offers, counts.timed_out, counts.handled) == (1, 1, 0)


async def test_a_caller_who_hangs_up_while_it_rings_is_no_fault_of_the_agent(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    for call_id, accepted in (("c1", False), ("c2", True)):
        contact = floor.arrives(call_id=call_id)
        if accepted:
            floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
        floor.wait(3)
        floor.call("cleared", call_id)
    told = await report(session, floor)
    counts, metrics = told.total.counts, told.total.metrics
    assert (counts.offers, counts.rescinded_caller_gone, counts.timed_out, counts.handled) == (2, 2, 0, 0)
    assert (metrics.rona_rate_with_abandons, metrics.rona_rate_without_abandons) == (1, 0)


async def test_a_colleague_was_first(session: AsyncSession) -> None:
    cards = msgspec.structs.replace(CONFIG.queues["cards"], offer_agents=2)
    floor = Kept(msgspec.structs.replace(CONFIG, queues={**CONFIG.queues, "cards": cards}))
    floor.on("ann", "bob")
    floor.answers("ann", floor.arrives())
    bob = await of(session, floor, "bob")
    assert (bob.offers, bob.rescinded_otherwise, bob.answered) == (1, 1, 0)
    assert (await of(session, floor, "ann")).answered == 1


@pytest.mark.parametrize("leaves", [c.NotReady(agent_id="ann", reason="break"), c.LogOff(agent_id="ann")])
async def test_who_leaves_an_offer_has_not_let_it_time_out(session: AsyncSession, leaves: c.Command) -> None:
    floor = Kept()
    floor.on("ann")
    floor.arrives()
    floor.wait(2)
    floor.do(leaves)
    counts = await of(session, floor, "ann")
    assert (counts.offers, counts.agent_left, counts.timed_out) == (1, 1, 0)


async def test_an_offer_that_stands_is_pending_and_in_no_rate(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    contact = floor.arrives()
    floor.wait(2)
    told = await report(session, floor)
    assert (told.total.counts.offers, told.total.counts.pending, told.total.metrics.answer_rate) == (1, 1, None)
    floor.answers("ann", contact)
    assert (await of(session, floor, "ann")).answered == 1


@pytest.mark.parametrize("apart", [False, True], ids=["in the same batch", "in a later batch"])
@pytest.mark.parametrize("accepts", [False, True], ids=["at the phone alone", "accepted here"])
async def test_an_offer_whose_answer_is_told_after_the_end_was_answered(
    session: AsyncSession, accepts: bool, apart: bool
) -> None:
    floor = Kept()
    floor.on("ann")
    contact = floor.arrives()
    if accepts:
        floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.wait(5)
    answered = floor.now
    floor.wait(10)
    floor.call("cleared")
    if apart:
        counts = await of(session, floor, "ann")
        assert (counts.answered, counts.rescinded_caller_gone, counts.handled) == (0, 1, 0)
    floor.call("established", agent="1001", at=answered)
    counts = await of(session, floor, "ann")
    assert (counts.offers, counts.answered, counts.rescinded_caller_gone) == (1, 1, 0)
    assert (counts.handled, counts.talk_seconds) == (1, 10)


async def test_who_talked_before_and_is_asked_again_has_not_answered_an_offer_whose_caller_goes(
    session: AsyncSession,
) -> None:
    floor = Kept()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.wait(30)
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(queue="cards")))
    floor.call("transferred", agent="1001")
    floor.wait(10)
    floor.do(c.FinishWrapUp(agent_id="ann", contact_id=contact))
    floor.wait(10)
    floor.call("cleared")
    counts = await of(session, floor, "ann")
    assert (counts.offers, counts.answered, counts.rescinded_caller_gone, counts.handled) == (2, 1, 1, 1)
