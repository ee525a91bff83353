"""What supervisors do at the phone by which they are in a call: they hold it, and hand on whom they talk to."""

import pytest

from app.agents.presence import AgentState
from app.calls.leg import Party
from app.floor import commands as c
from app.floor.memory.entities import ContactState
from app.floor.memory.views import contact_view
from tests.floor.factories import Bench
from tests.floor.supervision.test_leaving_supervisors import taken_by


def talking(floor: Bench) -> str:
    """Ann talks to a caller whose leg has a name, so that a number is somebody else."""
    floor.on("ann")
    contact = floor.call("offered", from_="+8613800138000", to="100", leg_id="caller")
    floor.answers("ann", contact)
    return contact


def comes(floor: Bench, by: str) -> None:
    """The phone of the supervisor is answered, a channel of their own."""
    floor.now += 1
    floor.call("supervisor_joined", leg_id=f"channel-{by}", details={"supervisor": by})


def goes(floor: Bench, by: str) -> None:
    """And is over."""
    floor.now += 1
    floor.call("supervisor_left", leg_id=f"channel-{by}", details={"supervisor": by})


def presses(floor: Bench, by: str, what: str) -> None:
    """The platform tells it like an agent's, of the channel of the supervisor."""
    floor.now += 1
    floor.call(what, agent=by, leg_id=f"channel-{by}")


def held(floor: Bench, contact: str) -> bool:
    """Whether the caller is shown as on hold."""
    shown: bool = contact_view(floor.contact(contact))["held"]
    return shown


def taken(floor: Bench, by: str, *, alone: bool = True) -> str:
    """The supervisor has the caller, and `alone` once the end of the agent is told; Sue is no agent."""
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by=by, address="7001" if by == "sue" else None))
    comes(floor, by)
    if alone:
        floor.call("connection_cleared", agent="1001")
    return contact


@pytest.mark.parametrize("by", ["sue", "cho"])
@pytest.mark.parametrize("left", [False, True])
def test_agents_caller_is_not_on_hold_for_a_supervisor_who_has_joined_and_holds(by: str, left: bool) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by=by, address="7001", mode="join"))
    comes(floor, by)
    if left:
        floor.do(c.StopListening(contact_id=contact, by=by))
    presses(floor, by, "held")
    assert (floor.contact(contact).agents, held(floor, contact)) == (("ann",), False)
    floor.do(c.Hold(agent_id="ann", contact_id=contact))
    presses(floor, by, "held")
    assert floor.refused(c.Hold(agent_id="ann", contact_id=contact))["code"] == "under-way"


@pytest.mark.parametrize("by", ["sue", "cho"])
def test_caller_of_a_supervisor_is_on_hold_until_they_are_taken_back(by: str) -> None:
    floor = Bench()
    contact = taken(floor, by)
    presses(floor, by, "held")
    assert held(floor, contact)
    presses(floor, by, "retrieved")
    assert not held(floor, contact)
    assert [each.by for each in floor.contact(contact).listeners] == [by]


@pytest.mark.parametrize("by", ["sue", "cho"])
@pytest.mark.parametrize("how", ["hangs up", "second takes over"])
def test_caller_is_not_on_hold_for_a_supervisor_who_has_gone(by: str, how: str) -> None:
    floor = Bench()
    contact = taken(floor, by, alone=how == "hangs up")
    presses(floor, by, "held")
    if how == "second takes over":
        taken_by(floor, contact, "bob")
        floor.call("connection_cleared", agent="1001")
    goes(floor, by)
    assert floor.contact(contact).agents == (("bob",) if how == "second takes over" else ())
    assert not held(floor, contact)


def test_supervisor_who_holds_is_not_rung_anew_for_what_they_are_in_the_call_for() -> None:
    floor = Bench()
    contact = talking(floor)
    wish = c.Listen(contact_id=contact, by="sue", address="7001", mode="join")
    floor.do(wish)
    comes(floor, "sue")
    floor.do(wish)
    presses(floor, "sue", "held")
    assert floor.refused(wish)["code"] == "under-way"


@pytest.mark.parametrize("by", ["sue", "cho"])
def test_caller_whom_a_supervisor_joins_with_a_colleague_is_theirs(by: str) -> None:
    floor = Bench()
    contact = taken(floor, by)
    floor.on("bob")
    floor.call("established", agent="1002", leg_id="bobs")
    presses(floor, by, "transferred")
    found = floor.contact(contact)
    assert (found.agents, found.listeners, found.state) == (("bob",), (), ContactState.ACTIVE)
    goes(floor, by)
    assert (floor.contact(contact).agents, floor.states("bob")) == (("bob",), [AgentState.BUSY])
    if by == "cho":
        assert floor.states("cho") == [AgentState.WORKING_AFTER_CALL]


@pytest.mark.parametrize("by", ["sue", "cho"])
def test_caller_whom_a_supervisor_joins_with_a_number_does_not_wait_again(by: str) -> None:
    floor = Bench()
    contact = taken(floor, by)
    floor.call("established", leg_id="number")
    presses(floor, by, "transferred")
    goes(floor, by)
    floor.wait(60)
    found = floor.contact(contact)
    assert (found.state, found.sent_away, found.listeners) == (ContactState.ARRIVING, True, ())
    assert [leg.party for leg in found.call.legs if leg.id == "number"] == [Party.OTHER]


@pytest.mark.parametrize("by", ["sue", "cho"])
@pytest.mark.parametrize("how", ["waits", "is on offer", "is being connected"])
def test_caller_who_waits_and_whom_a_joined_supervisor_hands_on_waits_no_longer(by: str, how: str) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by=by, address="7001", mode="join"))
    comes(floor, by)
    floor.call("connection_cleared", agent="1001")
    if how != "waits":
        floor.on("bob")
    floor.wait(6)
    if how == "is being connected":
        floor.do(c.AcceptOffer(agent_id="bob", contact_id=contact))
    floor.call("established", leg_id="number")
    presses(floor, by, "transferred")
    assert floor.orders() == (["call.cancel"] if how == "is being connected" else [])
    assert [e.agent for e in floor.told("offer.withdrawn")] == ([] if how == "waits" else ["bob"])
    goes(floor, by)
    floor.on("dee")
    found = floor.contact(contact)
    assert (found.state, found.sent_away, floor.offered_to(contact)) == (ContactState.ARRIVING, True, None)
    assert (found.visits[-1].outcome, found.visits[-1].left_at is not None) == ("flowed_out", True)
    if how != "waits":
        assert floor.states("bob") == [AgentState.READY]


def test_what_a_supervisor_does_at_the_phone_is_in_the_timeline() -> None:
    floor = Bench()
    contact = taken(floor, "sue")
    presses(floor, "sue", "held")
    last = floor.contact(contact).timeline[-1]
    assert (last.kind, last.data) == ("call.held", {"leg_id": "channel-sue", "agent": "sue"})


def test_agent_keeps_the_caller_beside_whom_a_joined_supervisor_has_brought() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by="sue", address="7001", mode="join"))
    comes(floor, "sue")
    floor.on("bob")
    floor.call("established", agent="1002", leg_id="bobs")
    presses(floor, "sue", "transferred")
    goes(floor, "sue")
    assert (floor.contact(contact).agents, floor.contact(contact).listeners) == (("ann", "bob"), ())


@pytest.mark.parametrize("how", ["joined", "taken"])
def test_agent_who_puts_the_phone_down_ends_the_call_unless_a_supervisor_has_taken_it(how: str) -> None:
    floor = Bench()
    contact = talking(floor)
    if how == "joined":
        floor.do(c.Listen(contact_id=contact, by="sue", address="7001", mode="join"))
    else:
        floor.do(c.TakeCall(contact_id=contact, by="sue", address="7001"))
    comes(floor, "sue")
    floor.call("connection_cleared", agent="1001", cause="hung_up")
    assert floor.orders() == (["call.disconnect"] if how == "joined" else [])


@pytest.mark.parametrize("by", ["sue", "cho"])
def test_caller_of_a_supervisor_who_goes_and_leaves_them_to_a_number_waits_for_nobody(by: str) -> None:
    floor = Bench()
    contact = taken(floor, by)
    floor.call("established", leg_id="number")
    presses(floor, by, "transferred")
    goes(floor, by)
    floor.wait(10)
    assert (floor.contact(contact).state, floor.contact(contact).sent_away) == (ContactState.ARRIVING, True)
