"""Attended transfer: consult, complete, reconnect, and everybody who may hang up meanwhile."""

import msgspec
import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.memory.effects import SwitchOrder
from app.floor.memory.entities import ContactState
from tests.floor.factories import Bench

BOB = c.Destination(agent="bob")
NUMBER = c.Destination(number="+4930123")


def consulting(floor: Bench, to: c.Destination = BOB, *, answered: bool = True) -> str:
    """Ann talks to a caller and consults."""
    floor.on("ann")
    contact = floor.call("offered", to="100", leg_id="caller")
    floor.answers("ann", contact)
    floor.on("bob")
    floor.now += 10
    floor.do(c.ConsultCall(agent_id="ann", contact_id=contact, to=to))
    if answered:
        floor.call("held", agent="1001")
        party(floor, to, "delivered")
        party(floor, to, "established" if to.agent else "conferenced")
    return contact


def party(floor: Bench, to: c.Destination, kind: str, **more: str) -> None:
    """The platform tells of the consulted party's leg."""
    floor.now += 1
    who = {"agent": "1002"} if to.agent else {}
    floor.call(kind, leg_id="consulted", **who, **more)


def asks(floor: Bench, kind: type[c.ContactCommand], contact: str, agent: str = "ann") -> None:
    floor.do(kind(agent_id=agent, contact_id=contact))


def test_colleague_is_busy_and_sees_the_caller_before_they_answer() -> None:
    floor = Bench()
    contact = consulting(floor, answered=False)
    (order,) = [e for e in floor.last.effects if isinstance(e, SwitchOrder)]
    said = msgspec.json.decode(order.body)
    assert (order.type, said["to"]) == ("call.consult", {"agent": "bob", "address": "1002"})
    (pop,) = floor.told("contact.consulted")
    assert pop.agent == "bob"
    assert {"by", "profile", "contact"} <= set(msgspec.json.decode(pop.body))
    assert floor.states("ann", "bob") == [AgentState.BUSY, AgentState.BUSY]
    assert floor.contact(contact).agents == ("ann",)
    assert floor.offered_to(floor.arrives(call_id="c2")) is None


def test_completed_the_colleague_serves_the_caller_and_the_agent_wraps_up() -> None:
    floor = Bench()
    contact = consulting(floor)
    assert floor.contact(contact).agents == ("ann", "bob")
    asks(floor, c.CompleteTransfer, contact)
    assert floor.orders() == ["call.complete_transfer"]
    floor.call("transferred", agent="1001")
    assert floor.orders() == []
    floor.call("retrieved")
    now = floor.contact(contact)
    assert (now.agents, now.consult, now.call.held, now.served_by) == (("bob",), None, False, ("ann", "bob"))
    assert floor.states("ann", "bob") == [AgentState.WORKING_AFTER_CALL, AgentState.BUSY]
    floor.call("cleared")
    assert floor.states("bob") == [AgentState.WORKING_AFTER_CALL]


def test_agent_who_hangs_up_after_the_colleague_has_answered_hands_over() -> None:
    floor = Bench()
    contact = consulting(floor)
    floor.call("connection_cleared", agent="1001")
    assert floor.orders() == ["call.complete_transfer"]
    assert floor.contact(contact).agents == ("bob",)


def test_agent_who_hangs_up_before_leaves_the_caller_to_the_next_agent_at_their_place() -> None:
    floor = Bench()
    contact = consulting(floor, answered=False)
    queued_at = floor.contact(contact).queued_at
    floor.call("held", agent="1001")
    floor.call("connection_cleared", agent="1001")
    assert floor.orders() == ["call.reconnect"]
    assert floor.states("ann", "bob") == [AgentState.WORKING_AFTER_CALL, AgentState.READY]
    floor.wait(6)
    assert (floor.contact(contact).queued_at, floor.offered_to(contact)) == (queued_at, "bob")


def test_switch_that_hands_over_while_the_phone_rings_is_followed() -> None:
    floor = Bench()
    contact = consulting(floor, answered=False)
    floor.call("transferred", agent="1001")
    assert floor.orders() == []
    floor.call("established", agent="1002")
    assert (floor.contact(contact).state, floor.contact(contact).agents) == (ContactState.ACTIVE, ("bob",))


@pytest.mark.parametrize("answered", [True, False])
def test_reconnected_the_caller_is_back_and_the_colleague_free_without_wrap_up(answered: bool) -> None:
    floor = Bench()
    contact = consulting(floor, answered=answered)
    asks(floor, c.ReconnectCall, contact)
    assert floor.orders() == ["call.reconnect"]
    party(floor, BOB, "connection_cleared")
    floor.call("retrieved", agent="1001")
    now = floor.contact(contact)
    assert (now.agents, now.consult, now.call.held, now.served_by) == (("ann",), None, False, ("ann",))
    assert floor.states("ann", "bob") == [AgentState.BUSY, AgentState.READY]


def test_platform_that_does_not_tell_the_end_of_a_consultation_holds_nobody() -> None:
    floor = Bench()
    contact = consulting(floor)
    asks(floor, c.ReconnectCall, contact)
    floor.wait(16)
    assert (floor.contact(contact).consult, floor.states("bob")) == (None, [AgentState.READY])


@pytest.mark.parametrize(
    ("cause", "state", "reason"),
    [("no_answer", AgentState.NOT_READY, "phone_not_answered"), ("declined", AgentState.READY, None)],
)
def test_colleague_who_is_not_reached_leaves_the_caller_on_hold(
    cause: str, state: AgentState, reason: str | None
) -> None:
    floor = Bench()
    contact = consulting(floor, answered=False)
    floor.call("held", agent="1001")
    party(floor, BOB, "failed", cause=cause)
    assert (floor.agent("bob").state, floor.agent("bob").reason) == (state, reason)
    assert (floor.contact(contact).consult, floor.contact(contact).call.held) == (None, True)
    asks(floor, c.ReconnectCall, contact)
    assert floor.orders() == ["call.retrieve"], "who is back already is only taken off hold"


def test_silent_platform_rings_nobody_for_ever() -> None:
    floor = Bench()
    contact = consulting(floor, answered=False)
    floor.wait(36)
    assert (floor.contact(contact).consult, floor.agent("bob").reason) == (None, "phone_not_answered")


def test_colleague_who_hangs_up_is_free_and_the_agent_keeps_the_caller() -> None:
    floor = Bench()
    contact = consulting(floor)
    asks(floor, c.HangUp, contact, "bob")
    assert floor.orders() == ["call.cancel"]
    party(floor, BOB, "connection_cleared")
    assert (floor.contact(contact).agents, floor.states("bob")) == (("ann",), [AgentState.READY])


@pytest.mark.parametrize("answered", [True, False])
def test_caller_who_hangs_up_ends_it_for_both(answered: bool) -> None:
    floor = Bench()
    contact = consulting(floor, answered=answered)
    floor.call("connection_cleared")
    assert floor.orders() == ["call.disconnect"]
    assert floor.states("ann", "bob") == [AgentState.WORKING_AFTER_CALL, AgentState.READY]
    assert {told.agent for told in floor.told("contact.ended")} == {"ann", "bob"}
    assert floor.contact(contact).state is ContactState.WRAP_UP


@pytest.mark.parametrize("hangs_up", [True, False])
def test_number_that_was_consulted_takes_the_caller_over(hangs_up: bool) -> None:
    floor = Bench()
    contact = consulting(floor, NUMBER)
    if not hangs_up:
        asks(floor, c.CompleteTransfer, contact)
    floor.call("connection_cleared", agent="1001")
    floor.wait(20)
    assert (floor.contact(contact).state, floor.contact(contact).sent_away) == (ContactState.ARRIVING, True)
    assert floor.states("ann") == [AgentState.WORKING_AFTER_CALL]


@pytest.mark.parametrize("ends", [("1001", None), (None, "1001")])
@pytest.mark.parametrize("retrieved", [True, False])
def test_caller_waits_whose_agent_has_taken_them_back_from_a_number_and_gone_in_whichever_order_it_is_told(
    ends: tuple[str | None, ...], retrieved: bool
) -> None:
    floor = Bench()
    contact = consulting(floor, NUMBER)
    asks(floor, c.ReconnectCall, contact)
    if retrieved:
        floor.call("retrieved", agent="1001")
    floor.now += 1
    for agent in ends:
        if agent is None:
            floor.call("connection_cleared", leg_id="consulted", at=floor.now - 1)
        else:
            floor.call("connection_cleared", agent=agent)
            assert "call.complete_transfer" not in floor.orders()
    floor.wait(6)
    assert floor.contact(contact).state in (ContactState.WAITING, ContactState.OFFERED)


@pytest.mark.parametrize("to", [BOB, NUMBER])
@pytest.mark.parametrize("later", [0.1, 6])
def test_caller_is_not_left_to_whom_the_agent_has_taken_them_back_from(to: c.Destination, later: float) -> None:
    floor = Bench()
    contact = consulting(floor, to)
    asks(floor, c.ReconnectCall, contact)
    floor.call("retrieved", agent="1001")
    floor.wait(later)
    refused = floor.refused(c.CompleteTransfer(agent_id="ann", contact_id=contact))
    assert (refused["state"], floor.contact(contact).agents[0]) == ("reconnecting", "ann")


def test_number_that_is_busy_leaves_the_caller_with_the_agent() -> None:
    floor = Bench()
    contact = consulting(floor, NUMBER, answered=False)
    party(floor, NUMBER, "failed", cause="busy")
    assert (floor.contact(contact).consult, floor.contact(contact).agents) == (None, ("ann",))


def test_what_does_not_fit_a_consultation_is_refused_and_told_what_does() -> None:
    floor = Bench()
    contact = consulting(floor, answered=False)
    assert floor.refused(c.CompleteTransfer(agent_id="ann", contact_id=contact))["state"] == "ringing"
    for command in (
        c.HangUp(agent_id="ann", contact_id=contact),
        c.Hold(agent_id="ann", contact_id=contact),
        c.Transfer(agent_id="ann", contact_id=contact, to=NUMBER),
        c.ConsultCall(agent_id="ann", contact_id=contact, to=NUMBER),
    ):
        assert floor.refused(command)["accepted"] == ["call.complete_transfer", "call.reconnect"]
    floor.refused(c.ReconnectCall(agent_id="bob", contact_id=contact))
    for to in (c.Destination(queue="cards"), c.Destination(agent="ann"), c.Destination(agent="dee")):
        floor.refused(c.ConsultCall(agent_id="ann", contact_id=floor.arrives(call_id="c3"), to=to))


def test_order_that_is_not_taken_begins_nothing() -> None:
    floor = Bench()
    contact = consulting(floor, answered=False)
    (order,) = [e.seq for e in floor.last.effects if isinstance(e, SwitchOrder)]
    failed = c.OrderFailed(order_id=order, order_type="call.consult", contact_id=contact, agent_id="ann", detail="no")
    floor.do(failed)
    assert (floor.contact(contact).consult, floor.states("bob")) == (None, [AgentState.READY])


def asks_again(floor: Bench, to: c.Destination) -> str:
    """The consulted party was not reached; they are asked again a second later."""
    contact = consulting(floor, to, answered=False)
    floor.call("held", agent="1001")
    party(floor, to, "failed", cause="busy")
    floor.now += 1
    floor.do(c.ConsultCall(agent_id="ann", contact_id=contact, to=to))
    return contact


@pytest.mark.parametrize("leg_id", ["consulted", None])
def test_colleague_who_is_not_reached_the_second_time_either_is_free_and_the_agent_goes_on(leg_id: str | None) -> None:
    floor = Bench()
    contact = asks_again(floor, BOB)
    floor.call("failed", agent="1002", cause="busy", leg_id=leg_id, at=floor.now - 1)
    assert floor.contact(contact).consult is not None, "that was told before"
    floor.now += 1
    floor.call("failed", agent="1002", cause="busy", leg_id=leg_id)
    assert (floor.contact(contact).consult, floor.states("bob")) == (None, [AgentState.READY])
    assert [event.agent for event in floor.told("contact.updated")] == ["ann"]
    asks(floor, c.Retrieve, contact)
    floor.call("retrieved", agent="1001")
    floor.do(c.ConsultCall(agent_id="ann", contact_id=contact, to=BOB))
    floor.now += 1
    floor.call("established", agent="1002", leg_id="third")
    assert floor.contact(contact).agents == ("ann", "bob")


@pytest.mark.parametrize("leg_id", ["consulted", None])
@pytest.mark.parametrize("again", ["failed", "connection_cleared"])
def test_colleague_who_is_asked_again_is_rung_on_though_only_now_it_is_told_that_the_first_ringing_is_cleared(
    leg_id: str | None, again: str
) -> None:
    floor = Bench()
    contact = asks_again(floor, BOB)
    floor.now += 1
    floor.call("connection_cleared", agent="1002", leg_id=leg_id, at=floor.now - 1.95)
    assert (floor.contact(contact).consult is not None, floor.states("bob")) == (True, [AgentState.BUSY])
    floor.call(again, agent="1002", leg_id=leg_id)
    assert (floor.contact(contact).consult, floor.states("bob")) == (None, [AgentState.READY])


def test_number_that_is_busy_twice_under_one_name_leaves_the_agent_waiting_for_nobody() -> None:
    floor = Bench()
    contact = asks_again(floor, NUMBER)
    party(floor, NUMBER, "failed", cause="busy")
    assert (floor.contact(contact).consult, floor.contact(contact).agents) == (None, ("ann",))
    asks(floor, c.Retrieve, contact)


@pytest.mark.parametrize("order", ["call.consult", "call.reconnect"])
def test_order_of_an_earlier_consultation_that_is_given_up_does_not_end_the_present_one(order: str) -> None:
    floor = Bench()
    contact = consulting(floor, answered=False)
    (earlier,) = [e.seq for e in floor.last.effects if isinstance(e, SwitchOrder)]
    asks(floor, c.ReconnectCall, contact)
    floor.wait(16)
    floor.do(c.ConsultCall(agent_id="ann", contact_id=contact, to=BOB))
    asks(floor, c.ReconnectCall, contact)
    given = floor.contact(contact).consult
    failed = c.OrderFailed(order_id=earlier, order_type=order, contact_id=contact, agent_id="ann", detail="no")
    floor.do(failed)
    assert (floor.contact(contact).consult, floor.states("bob")) == (given, [AgentState.BUSY])


@pytest.mark.parametrize("agent", ["ann", "bob"])
def test_supervisor_frees_either_of_them(agent: str) -> None:
    floor = Bench()
    contact = consulting(floor)
    floor.do(c.Release(agent_id=agent, by="sue"))
    assert (floor.agent(agent).state, floor.agent(agent).reason) == (AgentState.NOT_READY, "released")
    assert floor.contact(contact).agents == (("bob",) if agent == "ann" else ("ann",))


def test_caller_is_not_with_a_number_that_had_gone_before_the_agent_which_is_told_only_after_it() -> None:
    floor = Bench()
    contact = consulting(floor, NUMBER)
    gone_at = floor.now
    floor.now += 1
    floor.call("connection_cleared", agent="1001")
    floor.wait(10)
    floor.call("connection_cleared", leg_id="consulted", at=gone_at)
    assert floor.contact(contact).requeue_at == floor.now + 5
    floor.wait(6)
    assert floor.offered_to(contact) == "bob"


@pytest.mark.parametrize("later", [0, 1])
def test_caller_who_was_left_to_a_number_stays_out_of_the_queue_when_it_goes(later: float) -> None:
    """Together with the agent, or after them: it may have had the caller, and the platform ends the call."""
    floor = Bench()
    contact = consulting(floor, NUMBER)
    left_at = floor.now
    floor.call("connection_cleared", agent="1001")
    floor.now += 2
    floor.call("connection_cleared", leg_id="consulted", at=left_at + later)
    floor.wait(30)
    assert (floor.contact(contact).sent_away, floor.contact(contact).offers) == (True, ())


def test_caller_whom_a_number_has_left_to_another_agent_is_not_queued_while_their_phone_rings() -> None:
    floor = Bench()
    contact = consulting(floor, NUMBER)
    floor.call("connection_cleared", agent="1001")
    floor.now += 30
    floor.call("connection_cleared", leg_id="consulted")
    floor.now += 2
    floor.call("delivered", agent="1002", leg_id="next")
    floor.wait(30)
    assert (floor.contact(contact).sent_away, floor.contact(contact).offers) == (True, ())


@pytest.mark.parametrize("order", ["tn", "nt"])
def test_caller_whom_the_agent_has_sent_elsewhere_since_the_number_had_gone_does_not_wait(order: str) -> None:
    floor = Bench()
    contact = consulting(floor, NUMBER)
    gone_at, left_at = floor.now, floor.now + 1
    floor.now += 2
    floor.call("connection_cleared", agent="1001", at=left_at)
    for each in order:
        if each == "t":
            floor.call("transferred", agent="1001", at=left_at)
        else:
            floor.call("connection_cleared", leg_id="consulted", at=gone_at)
    floor.wait(30)
    assert (floor.contact(contact).sent_away, floor.contact(contact).offers) == (True, ())


@pytest.mark.parametrize("came", ["before", "since"])
def test_caller_who_is_with_another_number_does_not_wait(came: str) -> None:
    floor = Bench()
    floor.on("ann")
    contact = floor.call("offered", to="100", leg_id="caller")
    floor.answers("ann", contact)
    if came == "before":
        floor.call("established", leg_id="another")
    floor.do(c.ConsultCall(agent_id="ann", contact_id=contact, to=NUMBER))
    party(floor, NUMBER, "established")
    gone_at = floor.now
    floor.now += 1
    if came == "since":
        floor.call("established", leg_id="another")
    floor.call("connection_cleared", agent="1001")
    floor.call("connection_cleared", leg_id="consulted", at=gone_at)
    floor.wait(30)
    assert (floor.contact(contact).state, floor.contact(contact).sent_away) == (ContactState.ARRIVING, True)


def test_caller_is_not_left_to_a_colleague_who_has_hung_up() -> None:
    floor = Bench()
    contact = consulting(floor)
    asks(floor, c.ReconnectCall, contact)
    asks(floor, c.HangUp, contact, "bob")
    problem = floor.refused(c.CompleteTransfer(agent_id="ann", contact_id=contact))
    assert (problem["code"], problem["state"]) == ("conflict", "leaving")
    party(floor, BOB, "connection_cleared")
    assert floor.contact(contact).agents == ("ann",)
