"""What agents do at their phones instead of on their screens."""

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.memory.entities import ContactState
from tests.floor.factories import Bench

NUMBER = c.Destination(number="+4930123")


def dials(floor: Bench) -> str:
    floor.on("ann")
    return floor.call("offered", agent="1001", leg_id="a", direction="outbound", to="+8613900000000")


def test_call_dialled_at_the_phone_is_the_agents_contact_once_the_customer_answers_ava_405() -> None:
    floor = Bench()
    contact = dials(floor)
    assert [told.agent for told in floor.told("contact.opened")] == ["ann"]
    assert b'"profile"' in floor.told("contact.updated")[0].body
    assert (floor.contact(contact).state, floor.states("ann")) == (ContactState.CONNECTING, [AgentState.BUSY])
    floor.call("established", agent="1001", leg_id="a")
    assert floor.contact(contact).state is ContactState.CONNECTING, "the customer's phone still rings"
    floor.call("delivered", leg_id="b")
    floor.now += 5
    floor.call("established", leg_id="b")
    assert (floor.contact(contact).state, floor.contact(contact).served_by) == (ContactState.ACTIVE, ("ann",))
    floor.now += 60
    floor.call("connection_cleared", leg_id="b")
    assert floor.states("ann") == [AgentState.WORKING_AFTER_CALL]
    floor.do(c.FinishWrapUp(agent_id="ann", contact_id=contact, code="solved"))
    assert floor.states("ann") == [AgentState.READY]


def test_customer_who_is_busy_leaves_the_agent_ready() -> None:
    floor = Bench()
    dials(floor)
    floor.call("failed", leg_id="b", cause="busy")
    floor.call("cleared")
    assert floor.states("ann") == [AgentState.READY]


def test_what_is_on_offer_goes_to_somebody_else_when_the_agent_dials() -> None:
    floor = Bench()
    floor.on("ann", "bob")
    waiting = floor.arrives(call_id="c9")
    assert floor.offered_to(waiting) == "ann"
    floor.call("offered", agent="1001", direction="outbound", to="+8613900000000")
    assert floor.offered_to(waiting) == "bob"


def test_hold_at_the_phone_is_taken_without_an_order() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.arrives()
    floor.answers("ann", contact)
    floor.call("held", agent="1001")
    assert floor.contact(contact).call.held
    floor.do(c.Retrieve(agent_id="ann", contact_id=contact))
    floor.call("retrieved", agent="1001")
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=NUMBER))
    assert floor.orders() == ["call.transfer"]
    floor.call("transferred", agent="1001")
    assert floor.contact(contact).sent_away
