"""What the report of agents counts, of floors that were played and written by the journal's own statement."""

import random
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import add
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.errors import AgentUnknown, TeamUnknown
from app.core.clock import utc
from app.core.errors import Invalid
from app.floor import commands as c
from app.reports import service
from app.reports.agent_metrics import NUMBERS, AgentCounts
from app.reports.agent_queries import count_parts, count_times
from app.reports.agent_service import AgentReport, Forgotten, agent_report
from app.reports.intervals import Interval, Period, time_zone
from app.reports.journal import Stretch, stretches
from tests.customers.plans import plan_of
from tests.floor.factories import CONFIG, T0
from tests.reports.kept import Kept, employ

START = datetime.fromtimestamp(T0, UTC)
"""Eight in the morning."""

HOUR = timedelta(hours=1)


async def report(
    session: AsyncSession,
    floor: Kept,
    start: datetime = START,
    end: datetime | None = None,
    interval: Interval = Interval.HOUR,
    zone: str = "UTC",
    **given: Any,
) -> AgentReport:
    await floor.keep(session)
    period = Period(start, end or start + HOUR, interval, time_zone(zone))
    return await agent_report(session, period, utc(floor.now), **given)


async def of(session: AsyncSession, floor: Kept, agent: str, **given: Any) -> AgentCounts:
    """The counts of one agent in the hour."""
    [told] = (await report(session, floor, agents=[agent], **given)).agents
    return told.total.counts


def a_call(floor: Kept, call_id: str = "c1", agent: str = "ann") -> str:
    """5 s on offer, 10 s until the phone is answered, 100 s of talk, 20 on hold, 30 of talk, 25 of wrap-up."""
    contact = floor.arrives(call_id=call_id)
    floor.wait(5)
    floor.do(c.AcceptOffer(agent_id=agent, contact_id=contact))
    floor.wait(10)
    floor.call("established", call_id, agent=agent)
    floor.wait(100)
    floor.call("held", call_id, agent=agent)
    floor.wait(20)
    floor.call("retrieved", call_id, agent=agent)
    floor.wait(30)
    floor.call("cleared", call_id)
    floor.wait(25)
    floor.do(c.FinishWrapUp(agent_id=agent, contact_id=contact))
    return contact


async def test_a_call_is_told_as_it_was(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    floor.wait(59)
    a_call(floor)
    floor.do(c.NotReady(agent_id="ann", reason="break"))
    floor.wait(40)
    floor.do(c.LogOff(agent_id="ann"))
    floor.wait(1000)
    told = await report(session, floor)
    assert [(one.agent, one.name) for one in told.agents] == [("ann", None)]
    assert told.total.counts == AgentCounts(
        offers=1,
        answered=1,
        handled=1,
        talk_seconds=130,
        hold_seconds=20,
        conversation_seconds=150,
        ready_seconds=60,
        reserved_seconds=5,
        busy_seconds=160,
        wrap_up_seconds=25,
        not_ready_seconds=40,
        logged_on_seconds=290,
        not_ready_by_reason={"break": 40},
    )
    metrics = told.total.metrics
    assert (metrics.aht_seconds, metrics.answer_rate, metrics.occupancy) == (175, 1, 175 / 235)
    assert (metrics.utilisation_of_logged_on, metrics.utilisation_of_handling_and_idle) == (175 / 290, 150 / 235)


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
    assert (metrics.rona_rate_with_customer_abandons, metrics.rona_rate_without_customer_abandons) == (1, 0)


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


async def test_talk_of_a_transferred_call_is_booked_on_whoever_talked_asterisk_759(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.wait(60)
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(queue="loans")))
    floor.call("transferred", agent="1001")
    floor.on("dee")
    floor.answers("dee", contact)
    floor.wait(40)
    floor.call("cleared")
    ann, dee = await of(session, floor, "ann"), await of(session, floor, "dee")
    assert (ann.talk_seconds, ann.handled, ann.transferred) == (60, 1, 1)
    assert (dee.talk_seconds, dee.handled, dee.transferred) == (40, 1, 0)
    assert (ann.conversation_seconds, dee.conversation_seconds) == (60, 40)


async def test_a_consultation_that_ends_in_a_transfer_is_one(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.wait(10)
    floor.on("bob")
    floor.do(c.ConsultCall(agent_id="ann", contact_id=contact, to=c.Destination(agent="bob")))
    floor.call("held", agent="1001")
    floor.call("established", agent="1002")
    floor.wait(15)
    floor.do(c.CompleteTransfer(agent_id="ann", contact_id=contact))
    floor.call("transferred", agent="1001")
    floor.wait(50)
    floor.call("cleared")
    ann, bob = await of(session, floor, "ann"), await of(session, floor, "bob")
    assert (ann.transferred, ann.hold_seconds, bob.transferred, bob.talk_seconds) == (1, 15, 0, 65)
    assert (ann.offers, bob.offers) == (1, 0)


async def test_a_state_that_spans_midnight_is_cut_there(session: AsyncSession) -> None:
    floor = Kept()
    floor.wait(15 * 3600)
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.wait(2 * 3600)
    floor.call("cleared")
    day = START.replace(hour=0)
    told = await report(session, floor, day, day + timedelta(days=2), Interval.DAY)
    one, two = (each.counts for each in told.agents[0].intervals)
    assert (one.busy_seconds, two.busy_seconds) == (3599, 3601)
    assert (one.conversation_seconds, two.conversation_seconds) == (3599, 3601)
    assert (one.handled, two.handled, two.talk_seconds) == (0, 1, 7200)
    assert (one.offers, two.offers) == (1, 0)
    [tomorrow] = (await report(session, floor, day + timedelta(days=1), interval=Interval.DAY)).agents
    assert tomorrow.total.counts.busy_seconds == 3600


async def test_who_stands_in_a_state_from_long_before_is_told_up_to_now(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    floor.wait(3 * 86400)
    later = START + timedelta(days=3)
    told = await report(session, floor, later - HOUR, later + HOUR)
    [early, late] = told.agents[0].intervals
    assert (early.counts.ready_seconds, late.counts.ready_seconds) == (3600, 1)
    assert told.counted_until == utc(floor.now)


async def test_a_call_that_goes_on_is_conversation_so_far(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    floor.answers("ann", floor.arrives())
    floor.wait(100)
    counts = await of(session, floor, "ann")
    assert (counts.conversation_seconds, counts.handled) == (100, 0)
    later = await report(session, floor, START + HOUR)
    assert later.agents == []


async def test_an_agent_who_is_gone_keeps_their_past(session: AsyncSession) -> None:
    await employ(session)
    floor = Kept()
    floor.on("ann", "cho")
    a_call(floor)
    await session.execute(text("delete from users where id = 'ann'"))
    told = await report(session, floor)
    names = [(one.agent, one.name, one.team, one.total.counts.handled) for one in told.agents]
    assert names == [
        ("ann", None, None, 1),
        ("bob", "Bob", "cards", 0),
        ("cho", "Cho", None, 0),
        ("dee", "Dee", None, 0),
    ]
    assert (await of(session, floor, "ann")).handled == 1


async def test_only_those_who_are_named_or_in_a_named_team(session: AsyncSession) -> None:
    await employ(session)
    floor = Kept()
    floor.on("ann", "cho")

    async def asked(**given: Any) -> list[str]:
        return [one.agent for one in (await report(session, floor, **given)).agents]

    assert await asked(agents=["cho", "dee"]) == ["cho", "dee"]
    assert await asked(teams=["cards"]) == ["ann", "bob"]
    assert await asked(teams=["cards"], agents=["bob", "cho"]) == ["bob"]
    with pytest.raises(AgentUnknown):
        await asked(agents=["ann", "nobody"])
    with pytest.raises(TeamUnknown):
        await asked(teams=["cards", "none"])


async def test_what_retention_has_let_go_of_is_not_told_as_nothing(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    let_go = "insert into retention_runs (at, kind, cutoff, rows, months) values (now(), 'journal', :at, 7, '{}')"
    await session.execute(text(let_go), {"at": START - timedelta(days=1)})
    month = START.replace(day=1, hour=0)
    with pytest.raises(Forgotten) as refused:
        await report(session, floor, month - timedelta(seconds=1))
    assert refused.value.facts["faults"][0]["accepted"] == f"a moment from {month.isoformat()} on"
    assert (await report(session, floor, month, START + HOUR, Interval.DAY)).agents[0].agent == "ann"


async def test_a_report_that_is_too_large_says_so(session: AsyncSession, monkeypatch: pytest.MonkeyPatch) -> None:
    await employ(session)
    floor = Kept()
    floor.on("ann")
    monkeypatch.setattr(service, "MAX_CELLS", 3)
    with pytest.raises(Invalid, match="fewer agents"):
        await report(session, floor)
    assert len((await report(session, floor, agents=["ann"])).agents) == 1


def play(floor: Kept, dice: random.Random) -> None:
    """A day and a half of calls, breaks and misses."""
    floor.on("ann", "bob", "dee")
    for number in range(120):
        call = f"c{number}"
        contact = floor.arrives(to=dice.choice(["100", "200"]), call_id=call)
        floor.wait(dice.uniform(0, 30))
        agent = floor.offered_to(contact)
        if agent is not None and dice.random() < 0.7:
            floor.answers(agent, contact, call)
            floor.wait(dice.expovariate(1 / 600))
        floor.call("cleared", call)
        floor.wait(dice.uniform(0, 900))
        for each in ("ann", "bob", "dee"):
            if floor.agent(each).state == "not_ready":
                floor.try_(c.Ready(agent_id=each))
            elif dice.random() < 0.2:
                floor.try_(c.NotReady(agent_id=each, reason=dice.choice(["break", "lunch"])))


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "Asia/Kathmandu"])
async def test_two_reports_never_disagree(session: AsyncSession, zone: str) -> None:
    """chatwoot#12261, and #4028: in whatever time zone."""
    floor = Kept()
    play(floor, random.Random(3))
    end = START + timedelta(days=2)
    told = [await report(session, floor, START, end, each, zone) for each in Interval]
    assert told[0].total.counts.answered > 20
    for one in told:
        same(one.total.counts, told[0].total.counts)
        for agent, first in zip(one.agents, told[0].agents, strict=True):
            same(agent.total.counts, first.total.counts)
            same(sum_of([each.counts for each in agent.intervals]), first.total.counts)
    halves = [await report(session, floor, START + n * HOUR * 8, START + (n + 1) * HOUR * 8) for n in range(6)]
    same(sum_of([one.total.counts for one in halves]), told[0].total.counts)


def sum_of(parts: list[AgentCounts]) -> AgentCounts:
    return reduce(add, parts, AgentCounts())


def same(one: AgentCounts, other: AgentCounts) -> None:
    for name in NUMBERS:
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-9, abs=1e-6), name
    assert one.not_ready_by_reason == pytest.approx(other.not_ready_by_reason, rel=1e-9, abs=1e-6)


async def test_every_second_of_an_agent_is_in_one_state(session: AsyncSession) -> None:
    floor = Kept()
    play(floor, random.Random(5))
    told = await report(session, floor, START, START + timedelta(days=2), Interval.DAY)
    for agent in told.agents:
        counts = agent.total.counts
        logged_on_at = {"ann": 0, "bob": 1, "dee": 2}[agent.agent]
        assert counts.logged_on_seconds == pytest.approx(floor.now - T0 - logged_on_at)
        outcomes = counts.answered + counts.timed_out + counts.declined + counts.rescinded_caller_gone
        outcomes += counts.rescinded_otherwise + counts.agent_left + counts.phone_failed + counts.pending
        assert outcomes == counts.offers


async def test_a_period_is_found_in_the_journal_by_halving(session: AsyncSession) -> None:
    floor = Kept()
    play(floor, random.Random(7))
    await floor.keep(session)
    by_time = text("select count(*), min(seq), max(seq) from events where at >= :since and at < :until")
    by_place = text("select count(*), min(seq), max(seq) from events where seq >= :first and seq < :last")
    for minutes in (-60, 0, 1, 61, 600, 100_000):
        edges = {"since": START + timedelta(minutes=minutes), "until": START + timedelta(minutes=minutes + 60)}
        [found] = await stretches(session, edges["since"], edges["until"])
        one = (await session.execute(by_time, edges)).one()
        assert one == (await session.execute(by_place, {"first": found.first, "last": found.last})).one()


async def test_a_report_opens_only_the_months_it_needs(session: AsyncSession) -> None:
    edges, now = [START, START + HOUR], START + HOUR
    plans = [
        await plan_of(session, count_times(session, edges, Stretch("main", 1, 9), now, ["ann"])),
        await plan_of(session, count_parts(session, edges, now, ["ann"])),
    ]
    assert "events_2027_01_floor_agent_id_seq_idx" in plans[0]
    for plan, table in zip(plans, ("events", "interactions"), strict=True):
        assert f"{table}_2027_01" in plan
        assert f"{table}_2026_11" not in plan
