"""Reports of agents agree with each other, whatever was played and however the time is cut."""

import random
from datetime import timedelta

import pytest
from msgspec.structs import asdict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.floor import commands as c
from app.reports.agent_metrics import NUMBERS, AgentCounts, added
from app.reports.agent_queries import count_parts, count_times
from app.reports.intervals import Interval
from app.reports.journal import Stretch, stretches
from tests.customers.plans import plan_of
from tests.floor.factories import T0
from tests.reports.kept import HOUR, START, Kept, of, report


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
    return added(parts)


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
        rates = [each for name, each in asdict(agent.total.metrics).items() if name != "aht_seconds"]
        assert all(0 <= rate <= 1 for rate in rates), agent.total.metrics


async def test_the_hour_of_an_answered_offer_is_that_of_the_day_while_the_contact_is_offered_again(
    session: AsyncSession,
) -> None:
    floor = Kept()
    floor.on("ann")
    floor.wait(50 * 60)
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.wait(80 * 60)
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(queue="cards")))
    floor.call("transferred", agent="1001")
    floor.wait(31)
    assert floor.offered_to(contact) == "ann"
    await agrees(session, floor, answered=1)


async def test_the_hour_of_an_offer_that_stood_over_an_outage_is_that_of_the_day(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    floor.arrives()
    floor.now += 150 * 60
    await agrees(session, floor, pending=1)
    floor.do(c.Expire())
    await agrees(session, floor, timed_out=1)


async def agrees(session: AsyncSession, floor: Kept, **expected: int) -> None:
    hour = (await report(session, floor, START, START + HOUR)).total.counts
    same(hour, (await report(session, floor, START, START + 3 * HOUR)).agents[0].intervals[0].counts)
    assert {name: getattr(hour, name) for name in ("offers", *expected)} == {"offers": 1, **expected}


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


async def test_a_blind_transfer_to_a_number_of_which_the_platform_names_nobody_is_one(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.wait(60)
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(number="+49301")))
    floor.call("connection_cleared", agent="1001")
    floor.now += 1
    floor.call("transferred")
    floor.wait(40)
    floor.call("cleared")
    ann = await of(session, floor, "ann")
    assert (ann.handled, ann.transferred) == (1, 1)
