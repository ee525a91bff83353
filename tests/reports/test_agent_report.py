"""What the report of agents counts, of floors that were played and written by the journal's own statement."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.errors import AgentUnknown, TeamUnknown
from app.core.clock import utc
from app.core.errors import Invalid
from app.floor import commands as c
from app.privacy.family import Contact
from app.privacy.scrubbing import scrub
from app.reports import service
from app.reports.agent_metrics import AgentCounts
from app.reports.agent_service import Forgotten
from app.reports.intervals import Interval
from tests.floor.factories import CONFIG
from tests.reports.kept import HOUR, START, Kept, a_call, employ, of, report


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


async def test_an_outbound_call_that_nobody_answers_is_not_handled(session: AsyncSession) -> None:
    floor = Kept(msgspec.structs.replace(CONFIG, sources={"pbx": CONFIG.sources["pbx"]}))
    floor.on("ann")
    call = "0190a000-0000-7000-8000-000000000001"
    floor.do(c.Dial(agent_id="ann", contact_id=call, to="+8613800138000"))
    floor.call("established", call, agent="1001", direction="outbound")
    floor.call("delivered", call, leg_id="customer", direction="outbound")
    floor.wait(30)
    assert (await of(session, floor, "ann")).conversation_seconds == 0
    floor.call("failed", call, cause="no_answer", direction="outbound")
    counts = await of(session, floor, "ann")
    assert (counts.handled, counts.talk_seconds, counts.conversation_seconds) == (0, 0, 0)


@pytest.mark.parametrize("reached", [True, False])
async def test_a_callback_is_handled_where_the_customer_answers(session: AsyncSession, reached: bool) -> None:
    floor = Kept()
    floor.arrives()
    floor.call("callback_requested", details={"number": "+8613800138000"})
    floor.call("cleared")
    floor.on("ann")
    [promised] = floor.state.store.contacts.values()
    call = promised.call.id
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=promised.id))
    floor.call("established", call, agent="1001", direction="outbound")
    floor.call("delivered", call, leg_id="customer", direction="outbound")
    floor.wait(30)
    if reached:
        floor.call("established", call, leg_id="customer", direction="outbound")
        floor.wait(100)
        floor.call("cleared", call, direction="outbound")
    else:
        floor.call("failed", call, leg_id="customer", cause="no_answer", direction="outbound")
    counts = await of(session, floor, "ann")
    assert (counts.answered, counts.handled, counts.conversation_seconds) == ((1, 1, 130) if reached else (1, 0, 0))


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


@pytest.mark.parametrize("to", [c.Destination(queue="loans"), c.Destination(agent="dee")])
async def test_a_blind_transfer_that_is_told_by_clearing_the_leg_is_one(
    session: AsyncSession, to: c.Destination
) -> None:
    floor = Kept()
    floor.on("ann", "dee")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.wait(60)
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=to))
    floor.call("connection_cleared", agent="1001")
    floor.answers("dee", contact)
    floor.wait(40)
    floor.call("cleared")
    ann, dee = await of(session, floor, "ann"), await of(session, floor, "dee")
    assert (ann.transferred, dee.transferred) == (1, 0)


async def test_a_transfer_that_came_to_nothing_is_none(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(number="+49301")))
    floor.wait(100)
    floor.call("transferred")
    floor.call("cleared")
    counts = await of(session, floor, "ann")
    assert (counts.handled, counts.transferred) == (1, 0)


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


async def test_who_closes_the_browser_and_goes_home_is_not_logged_on(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann", "bob")
    floor.do(c.NotReady(agent_id="ann", reason="lunch"))
    for agent in ("ann", "bob"):
        floor.do(c.Disconnect(agent_id=agent, last_heard=floor.now))
    floor.wait(1000)
    floor.do(c.Connect(agent_id="ann"))
    floor.wait(30)
    ann, bob = await of(session, floor, "ann"), await of(session, floor, "bob")
    assert (ann.not_ready_by_reason, ann.logged_on_seconds) == ({"lunch": 1030}, 2 + 45 + 30)
    assert (bob.ready_seconds, bob.not_ready_by_reason, bob.logged_on_seconds) == (46, {"connection_lost": 985}, 46)


async def test_a_call_that_goes_on_is_conversation_so_far(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    floor.answers("ann", floor.arrives())
    floor.wait(100)
    counts = await of(session, floor, "ann")
    assert (counts.conversation_seconds, counts.handled) == (100, 0)
    later = await report(session, floor, START + HOUR)
    assert later.agents == []


async def test_who_has_several_chats_at_once_is_in_conversation_once(session: AsyncSession) -> None:
    chatty = msgspec.structs.replace(CONFIG.agents["ann"], capacity=(("voice", 1), ("chat", 3)))
    floor = Kept(msgspec.structs.replace(CONFIG, agents={**CONFIG.agents, "ann": chatty}))
    floor.on("ann")
    for call in ("c1", "c2", "c3"):
        contact = floor.call("offered", call, from_="+8613800138000", to="100", details={"channel": "chat"})
        floor.answers("ann", contact, call)
        floor.wait(100)
    floor.call("cleared", "c1")
    floor.wait(700)
    for call in ("c2", "c3"):
        floor.call("cleared", call)
    total = (await report(session, floor)).total
    assert (total.counts.handled, total.counts.talk_seconds) == (3, 300 + 900 + 800)
    assert total.counts.conversation_seconds == total.counts.busy_seconds == 1000
    assert (total.metrics.occupancy, total.metrics.utilisation_of_logged_on) == (1000 / 1001, 1000 / 1001)


async def test_two_legs_of_an_agent_are_one_conversation(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    contact = floor.arrives()
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    floor.call("established", agent="1001", leg_id="one")
    floor.wait(10)
    floor.call("established", agent="1001", leg_id="two")
    floor.wait(100)
    floor.call("cleared")
    counts = await of(session, floor, "ann")
    assert (counts.conversation_seconds, counts.busy_seconds, counts.handled) == (110, 110, 1)


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


async def test_contacts_that_went_with_the_month_before_are_not_told_as_none(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    month = START.replace(day=1, hour=0)
    let_go = "insert into retention_runs (at, kind, cutoff, rows, months) values (now(), 'contacts', :at, 0, '{m}')"
    await session.execute(text(let_go), {"at": month})
    with pytest.raises(Forgotten) as refused:
        await report(session, floor, START)
    whole = month + timedelta(days=31)
    assert refused.value.facts["faults"][0]["accepted"] == f"a moment from {whole.isoformat()} on"
    floor.wait(30 * 86400)
    assert [one.agent for one in (await report(session, floor, whole)).agents] == ["ann"]


async def test_an_erasure_leaves_the_report_as_it_was(session: AsyncSession) -> None:
    floor = Kept()
    floor.on("ann")
    ids = [floor.arrives(call_id="missed")]
    floor.wait(30)
    floor.call("cleared", "missed")
    floor.do(c.Ready(agent_id="ann"))
    ids.append(a_call(floor, "had"))
    ids.append(floor.arrives(call_id="sent on"))
    floor.answers("ann", ids[-1], "sent on")
    floor.wait(10)
    floor.call("transferred", "sent on", agent="1001")
    floor.call("cleared", "sent on")
    floor.do(c.Ready(agent_id="ann"))
    ids.append(floor.arrives(call_id="left"))
    floor.answers("ann", ids[-1], "left")
    floor.wait(10)
    floor.do(c.Transfer(agent_id="ann", contact_id=ids[-1], to=c.Destination(queue="loans")))
    floor.call("connection_cleared", "left", agent="1001")
    floor.call("cleared", "left")
    before = await report(session, floor)
    counts = before.total.counts
    assert (counts.timed_out, counts.handled, counts.transferred) == (1, 3, 2)
    found = await session.execute(text("select id, started_at, ended_at from interactions"))
    erased = [Contact(*row) for row in found]
    assert sorted(str(each.id) for each in erased) == sorted(ids)
    await scrub(session, erased, None)
    assert await report(session, floor) == before


async def test_a_report_that_is_too_large_says_so(session: AsyncSession, monkeypatch: pytest.MonkeyPatch) -> None:
    await employ(session)
    floor = Kept()
    floor.on("ann")
    monkeypatch.setattr(service, "MAX_CELLS", 3)
    with pytest.raises(Invalid, match="fewer agents"):
        await report(session, floor)
    assert len((await report(session, floor, agents=["ann"])).agents) == 1
