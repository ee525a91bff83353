"""Agents from whom a supervisor has taken the call, and whose end the platform loses, refuses or tells late."""

import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.memory.effects import SwitchOrder
from app.floor.memory.entities import ContactState
from tests.floor.factories import Bench
from tests.floor.supervision.test_leaving_supervisors import taken_by
from tests.floor.supervision.test_supervising import inside, talking

FREE = [AgentState.WORKING_AFTER_CALL]


def taken(floor: Bench, by: str) -> str:
    """Ann's call is taken over; Sue does so from any phone, Cho is an agent."""
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by=by, address="7001" if by == "sue" else None))
    inside(floor, by)
    assert floor.orders() == ["call.cancel"]
    return contact


def given_up(floor: Bench, contact: str, agent: str) -> c.OrderFailed:
    """The order of the last command that drops this agent is refused."""
    (order,) = [e.seq for e in floor.last.effects if isinstance(e, SwitchOrder) and e.agent == agent]
    return c.OrderFailed(order_id=order, order_type="call.cancel", contact_id=contact, agent_id=agent, detail="no")


@pytest.mark.parametrize("by", ["sue", "cho"])
@pytest.mark.parametrize("what", ["lost", "refused"])
def test_agent_whose_call_was_taken_over_is_free_where_the_platform_does_not_drop_them(by: str, what: str) -> None:
    floor = Bench()
    contact = taken(floor, by)
    if what == "refused":
        floor.do(given_up(floor, contact, "ann"))
        assert floor.states("ann") == FREE
    floor.wait(16)
    assert floor.states("ann") == FREE
    found = floor.contact(contact)
    assert (found.ended_at, found.close_at, found.requeue_at) == (None, None, None)
    assert found.agents == (("cho",) if by == "cho" else ())
    assert [each.by for each in found.listeners] == [by]
    floor.wait(600)
    assert floor.contact(contact).ended_at is None
    inside(floor, by, joined=False)
    floor.wait(6)
    assert floor.contact(contact).state in (ContactState.WAITING, ContactState.OFFERED)


@pytest.mark.parametrize("by", ["sue", "cho"])
def test_end_of_a_dropped_agent_that_is_told_late_changes_nothing(by: str) -> None:
    floor = Bench()
    contact = taken(floor, by)
    floor.wait(16)
    before = floor.contact(contact)
    floor.call("connection_cleared", agent="1001", cause="hung_up")
    assert floor.orders() == []
    after = floor.contact(contact)
    assert (after.agents, after.state, after.close_at) == (before.agents, before.state, None)


def test_caller_whose_agent_was_dropped_in_time_is_not_parted_from_the_supervisor_later() -> None:
    floor = Bench()
    contact = taken(floor, "cho")
    floor.call("connection_cleared", agent="1001")
    assert floor.contact(contact).close_at is None
    floor.wait(60)
    assert floor.contact(contact).agents == ("cho",)


@pytest.mark.parametrize("lost", [True, False])
def test_supervisor_who_lost_the_call_to_a_second_one_is_free_where_the_platform_loses_that(lost: bool) -> None:
    floor = Bench()
    contact = talking(floor)
    taken_by(floor, contact, "cho")
    floor.call("connection_cleared", agent="1001")
    taken_by(floor, contact, "bob")
    if not lost:
        floor.call("supervisor_left", leg_id="channel-cho", details={"supervisor": "cho"})
    floor.wait(16)
    assert (floor.contact(contact).agents, floor.states("cho")) == (("bob",), FREE)


@pytest.mark.parametrize("beside", [False, True])
def test_supervisor_who_lost_the_call_to_a_second_one_is_free_where_the_platform_does_not_let_them_out(
    beside: bool,
) -> None:
    floor = Bench()
    contact = talking(floor)
    taken_by(floor, contact, "cho")
    if not beside:
        floor.call("connection_cleared", agent="1001")
    taken_by(floor, contact, "bob")
    (order,) = [each for each in floor.last.effects if isinstance(each, SwitchOrder) and each.agent is None]
    floor.do(c.OrderFailed(order_id=order.seq, order_type=order.type, contact_id=contact, agent_id=None, detail="no"))
    assert (order.type, floor.states("cho")) == ("call.stop_listening", FREE)
    if beside:
        floor.call("connection_cleared", agent="1001")
    floor.wait(16)
    assert (floor.contact(contact).agents, floor.contact(contact).ended_at) == (("bob",), None)


@pytest.mark.parametrize("by", ["sue", "cho"])
def test_call_is_not_closed_under_a_supervisor_when_the_hang_up_of_whose_it_was_is_lost_or_refused(by: str) -> None:
    for refused in (False, True):
        floor = Bench()
        contact = taken(floor, by)
        floor.do(c.HangUp(agent_id="ann", contact_id=contact))
        if refused:
            floor.do(given_up(floor, contact, "ann"))
        floor.wait(16)
        assert (floor.contact(contact).ended_at, floor.states("ann")) == (None, FREE)


def test_hang_up_from_before_that_is_refused_does_not_close_the_call_under_who_took_it() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by="sue", address="7001"))
    floor.do(c.HangUp(agent_id="ann", contact_id=contact))
    (order,) = [e.seq for e in floor.last.effects if isinstance(e, SwitchOrder)]
    inside(floor, "sue")
    floor.do(c.OrderFailed(order_id=order, order_type="call.disconnect", contact_id=contact, agent_id="ann",
                           detail="no"))  # fmt: skip
    assert (floor.contact(contact).ended_at, floor.states("ann")) == (None, FREE)


@pytest.mark.parametrize("asks", [False, True])
@pytest.mark.parametrize("ends", [c.ReconnectCall, c.CompleteTransfer])
def test_dropped_agent_is_free_and_the_call_goes_on_though_the_supervisor_has_consulted_somebody_meanwhile(
    ends: type[c.ContactCommand], asks: bool
) -> None:
    floor = Bench()
    contact = taken(floor, "cho")
    if asks:
        floor.do(c.HangUp(agent_id="ann", contact_id=contact))
    floor.on("bob")
    floor.do(c.ConsultCall(agent_id="cho", contact_id=contact, to=c.Destination(agent="bob")))
    floor.call("established", agent="1002")
    floor.do(ends(agent_id="cho", contact_id=contact))
    if ends is c.ReconnectCall:
        floor.call("connection_cleared", agent="1002")
    else:
        floor.call("transferred", agent="1003")
    floor.wait(20)
    has = "cho" if ends is c.ReconnectCall else "bob"
    assert (floor.contact(contact).agents, floor.contact(contact).ended_at) == ((has,), None)
    assert floor.states("ann") == FREE


def test_colleague_talks_on_after_an_outage_in_which_the_other_ones_hang_up_was_lost() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.on("bob")
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=c.Destination(agent="bob")))
    floor.call("established", agent="1002")
    floor.do(c.HangUp(agent_id="ann", contact_id=contact))
    floor.now += 120
    floor.do(c.Resumed())
    floor.do(c.Hold(agent_id="bob", contact_id=contact))
    floor.wait(16)
    assert (floor.contact(contact).agents, floor.states("ann")) == (("bob",), FREE)


@pytest.mark.parametrize("by", ["sue", "cho"])
def test_caller_waits_again_who_is_alone_when_the_supervisor_has_gone_and_the_end_of_the_agent_is_lost(by: str) -> None:
    floor = Bench()
    contact = taken(floor, by)
    inside(floor, by, joined=False)
    floor.wait(21)
    assert (floor.states("ann"), floor.contact(contact).state) == (FREE, ContactState.WAITING)


@pytest.mark.parametrize("by", ["sue", "cho"])
def test_agent_who_could_not_be_dropped_has_the_caller_again_when_the_supervisor_has_gone(by: str) -> None:
    floor = Bench()
    contact = taken(floor, by)
    refusal = given_up(floor, contact, "ann")
    inside(floor, by, joined=False)
    floor.do(refusal)
    floor.wait(60)
    assert (floor.contact(contact).agents, floor.contact(contact).ended_at) == (("ann",), None)


def test_call_is_over_where_the_hang_up_of_a_single_agent_whose_caller_was_to_be_asked_is_refused() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.state.store.put_contact(floor.contact(contact).with_(survey="how-was-it"))
    floor.do(c.HangUp(agent_id="ann", contact_id=contact))
    floor.do(given_up(floor, contact, "ann"))
    assert (floor.contact(contact).ended_at, floor.states("ann")) == (floor.now, FREE)
    assert floor.orders() == ["call.disconnect"]


@pytest.mark.parametrize("ends", ["lost", "released"])
def test_second_supervisor_is_rung_no_longer_when_the_first_has_gone_and_the_agents_end_is_not_told(ends: str) -> None:
    floor = Bench()
    contact = taken(floor, "sue")
    inside(floor, "sue", joined=False)
    floor.do(c.TakeCall(contact_id=contact, by="max", address="7002"))
    if ends == "released":
        floor.do(c.Release(agent_id="ann", by="sue"))
    floor.wait(21)
    assert (floor.contact(contact).state, floor.contact(contact).listeners) == (ContactState.WAITING, ())


def test_caller_stays_with_the_supervisor_when_the_agent_from_whom_they_took_the_call_is_released() -> None:
    floor = Bench()
    contact = taken(floor, "sue")
    floor.do(c.Release(agent_id="ann", by="max"))
    floor.wait(60)
    assert (floor.contact(contact).state, floor.contact(contact).sent_away) == (ContactState.ARRIVING, True)


def test_caller_of_an_agent_whose_end_is_lost_is_with_the_number_that_they_consulted() -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.call("offered", to="100", leg_id="caller")
    floor.answers("ann", contact)
    floor.do(c.TakeCall(contact_id=contact, by="sue", address="7001"))
    inside(floor, "sue")
    inside(floor, "sue", joined=False)
    floor.do(c.ConsultCall(agent_id="ann", contact_id=contact, to=c.Destination(number="5550001")))
    floor.call("held", agent="1001")
    floor.call("delivered", leg_id="number")
    floor.call("conferenced", leg_id="number")
    floor.wait(30)
    assert (floor.states("ann"), floor.contact(contact).sent_away) == (FREE, True)


@pytest.mark.parametrize("by", ["sue", "cho"])
def test_transfer_that_the_agent_had_asked_for_takes_nobody_from_the_supervisor(by: str) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(queue="loans")))
    floor.do(c.TakeCall(contact_id=contact, by=by, address="7001" if by == "sue" else None))
    inside(floor, by)
    floor.call("connection_cleared", agent="1001")
    assert floor.contact(contact).state is (ContactState.ARRIVING if by == "sue" else ContactState.ACTIVE)
    inside(floor, by, joined=False)
    floor.wait(6)
    assert floor.contact(contact).queue == "cards"


def test_supervisor_is_let_out_whose_caller_the_switch_itself_has_queued() -> None:
    floor = Bench()
    contact = taken(floor, "sue")
    floor.call("connection_cleared", agent="1001")
    floor.call("queued", queue="loans")
    assert (floor.orders(), floor.contact(contact).listeners) == (["call.stop_listening"], ())
    assert floor.contact(contact).state is ContactState.WAITING
