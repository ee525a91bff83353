"""Hang-ups that the platform refuses or loses: they close no call under a colleague who talks on, and keep nobody."""

import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.effects import SwitchOrder
from app.floor.entities import ContactState
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
