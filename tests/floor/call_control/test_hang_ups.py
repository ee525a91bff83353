"""Hang-ups that the platform refuses or loses: they close no call under a colleague who talks on, and keep nobody."""

import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.memory.effects import SwitchOrder
from app.floor.memory.entities import ContactState
from tests.floor.factories import Bench


def both(floor: Bench) -> str:
    """Ann and Bob talk to a caller."""
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.on("bob")
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=c.Destination(agent="bob")))
    floor.call("established", agent="1002")
    return contact


def hangs_up(floor: Bench, contact: str, agent: str) -> c.OrderFailed:
    """What comes of it where the platform does not take it."""
    floor.do(c.HangUp(agent_id=agent, contact_id=contact))
    return given_up(floor, contact, agent)


def given_up(floor: Bench, contact: str, agent: str | None) -> c.OrderFailed:
    (order,) = [e.seq for e in floor.last.effects if isinstance(e, SwitchOrder)]
    return c.OrderFailed(order_id=order, order_type="call.disconnect", contact_id=contact, agent_id=agent, detail="no")


@pytest.mark.parametrize("before", ["refused at once", "silent", "told"])
def test_colleague_talks_on_when_the_hang_up_of_the_other_is_given_up(before: str) -> None:
    floor = Bench()
    contact = both(floor)
    failure = hangs_up(floor, contact, "bob")
    if before == "silent":
        floor.wait(16)
    elif before == "told":
        floor.call("connection_cleared", agent="1002")
    floor.do(failure)
    assert (floor.contact(contact).state, floor.contact(contact).agents) == (ContactState.ACTIVE, ("ann",))
    assert floor.states("ann", "bob") == [AgentState.BUSY, AgentState.WORKING_AFTER_CALL]
    floor.wait(60)
    assert floor.states("ann") == [AgentState.BUSY]


def test_both_whose_hang_ups_are_refused_are_free_and_the_call_is_over() -> None:
    floor = Bench()
    contact = both(floor)
    failures = [hangs_up(floor, contact, agent) for agent in ("ann", "bob")]
    for failure in failures:
        floor.do(failure)
    assert floor.contact(contact).ended_at is not None
    assert floor.states("ann", "bob") == [AgentState.WORKING_AFTER_CALL, AgentState.WORKING_AFTER_CALL]


def test_old_hang_up_that_is_given_up_does_not_close_the_call_under_who_took_the_caller_next() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    failure = hangs_up(floor, contact, "ann")
    floor.now += 1
    floor.call("connection_cleared", agent="1001")
    floor.wait(6)
    floor.on("bob")
    floor.answers("bob", contact)
    floor.do(failure)
    assert (floor.contact(contact).agents, floor.states("bob")) == (("bob",), [AgentState.BUSY])


def test_hang_up_from_an_earlier_part_in_the_call_does_not_take_off_who_has_come_back() -> None:
    floor = Bench()
    contact = both(floor)
    failure = hangs_up(floor, contact, "bob")
    floor.call("connection_cleared", agent="1002")
    floor.now += 1
    floor.call("established", agent="1002")
    hangs_up(floor, contact, "ann")
    floor.do(failure)
    assert floor.contact(contact).agents == ("ann", "bob")


def test_order_to_hang_up_on_a_caller_left_alone_does_not_close_the_call_of_who_has_them_since() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.call("connection_cleared", agent="1001", cause="hung_up")
    failure = given_up(floor, contact, None)
    floor.now += 1
    floor.call("established", agent="1001")
    floor.do(failure)
    assert floor.contact(contact).agents == ("ann",)
    hangs_up(floor, contact, "ann")
    floor.do(failure)
    assert floor.contact(contact).agents == ("ann",)


def test_end_of_one_leaves_the_hang_up_of_the_other_awaited_and_keeps_nobody_busy() -> None:
    floor = Bench()
    contact = both(floor)
    for agent in ("ann", "bob"):
        hangs_up(floor, contact, agent)
        floor.now += 1
    floor.call("connection_cleared", agent="1001")
    floor.wait(16)
    assert floor.contact(contact).ended_at is not None
    assert floor.states("ann", "bob") == [AgentState.WORKING_AFTER_CALL, AgentState.WORKING_AFTER_CALL]


def test_colleague_talks_on_who_has_not_hung_up_when_the_end_of_the_other_is_told() -> None:
    floor = Bench()
    contact = both(floor)
    hangs_up(floor, contact, "bob")
    floor.call("connection_cleared", agent="1002")
    floor.wait(60)
    assert (floor.contact(contact).agents, floor.states("ann")) == (("ann",), [AgentState.BUSY])


def test_colleague_talks_on_when_a_supervisor_frees_the_agent_whose_hang_up_is_awaited() -> None:
    floor = Bench()
    contact = both(floor)
    hangs_up(floor, contact, "bob")
    floor.do(c.Release(agent_id="bob", by="sue"))
    floor.wait(60)
    assert (floor.contact(contact).agents, floor.states("ann")) == (("ann",), [AgentState.BUSY])


@pytest.mark.parametrize("said", [None, "failed"])
def test_colleague_who_does_not_wish_to_be_consulted_closes_no_call(said: str | None) -> None:
    floor = Bench()
    contact = both(floor)
    floor.on("dee")
    floor.do(c.ConsultCall(agent_id="ann", contact_id=contact, to=c.Destination(agent="dee")))
    floor.do(c.HangUp(agent_id="dee", contact_id=contact))
    hangs_up(floor, contact, "bob")
    if said is not None:
        floor.call("connection_cleared", agent="1002")
        floor.call(said, agent="1004", leg_id="D1")
    floor.wait(60)
    assert (floor.contact(contact).agents, floor.states("ann")) == (("ann",), [AgentState.BUSY])


@pytest.mark.parametrize("by", ["sue", "bob"])
@pytest.mark.parametrize("told", [(), ("1001",), ("1002",), ("1001", "1002")])
def test_call_that_a_supervisor_ends_is_closed_whoever_leaves_it_first_also_where_they_are_on_it(
    by: str, told: tuple[str, ...]
) -> None:
    floor = Bench()
    contact = both(floor)
    floor.on("dee")
    floor.do(c.EndCall(contact_id=contact, by=by))
    assert floor.orders() == ["call.disconnect"]
    for address in told:
        floor.now += 1
        floor.call("connection_cleared", agent=address)
    floor.wait(16)
    assert floor.contact(contact).ended_at is not None
    assert floor.states("ann", "bob", "dee") == [AgentState.WORKING_AFTER_CALL] * 2 + [AgentState.READY]


def test_call_that_a_supervisor_ends_while_a_phone_rings_is_closed_though_it_does_not_answer_or_does() -> None:
    for said in ("failed", "established"):
        floor = Bench()
        floor.on("ann")
        contact = floor.arrives()
        floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
        floor.do(c.EndCall(contact_id=contact, by="sue"))
        floor.call(said, agent="1001")
        floor.wait(16)
        assert contact not in floor.state.store.contacts or floor.contact(contact).ended_at is not None


def test_supervisor_on_a_call_who_has_hung_up_may_still_end_it_for_all_once() -> None:
    floor = Bench()
    contact = both(floor)
    hangs_up(floor, contact, "bob")
    floor.do(c.EndCall(contact_id=contact, by="bob"))
    assert floor.refused(c.EndCall(contact_id=contact, by="bob"))["code"] == "under-way"
    assert floor.refused(c.HangUp(agent_id="bob", contact_id=contact))["code"] == "under-way"


def test_call_that_a_supervisor_on_it_ends_is_over_where_the_platform_does_not_take_it() -> None:
    floor = Bench()
    contact = both(floor)
    floor.do(c.EndCall(contact_id=contact, by="bob"))
    floor.do(given_up(floor, contact, None))
    assert floor.contact(contact).ended_at is not None
