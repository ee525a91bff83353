"""Conference: whoever is invited is kept for the call, sees the caller before they answer, and is let go if they do not
come."""

import msgspec
import pytest

from app.agents.presence import AgentState
from app.core.ids import new_id
from app.floor import commands as c
from app.floor.memory.effects import SwitchOrder
from app.floor.memory.entities import ContactState
from app.telephony.events import PhoneWord
from tests.floor.factories import Bench, call_event

BOB = c.Destination(agent="bob")
WANG = c.Recognised(customer=c.CustomerCard("c-7", "Wang", "gold"), profile=b'{"customer":"Wang"}')


def inviting(floor: Bench) -> str:
    """Ann talks to a caller and invites Bob."""
    floor.on("ann")
    event = call_event("offered", at=floor.now, to="100", leg_id="caller")
    contact: str = floor.do(c.TakeEvent(event=event, contact_id=new_id(), caller=WANG))["contact_id"]
    floor.answers("ann", contact)
    floor.on("bob")
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=BOB))
    return contact


def withdrawn(floor: Bench) -> list[tuple[str | None, str]]:
    return [(told.agent, msgspec.json.decode(told.body)["reason"]) for told in floor.told("offer.withdrawn")]


def test_invited_colleague_is_busy_gets_no_other_offer_and_sees_the_caller_before_they_answer() -> None:
    floor = Bench()
    contact = inviting(floor)
    (order,) = [e for e in floor.last.effects if isinstance(e, SwitchOrder)]
    said = msgspec.json.decode(order.body)
    assert (order.type, said["to"], said["ring_seconds"]) == (
        "call.conference",
        {"agent": "bob", "address": "1002"},
        30,
    )
    (pop,) = floor.told("contact.invited")
    told = msgspec.json.decode(pop.body)
    assert (pop.agent, told["by"], told["profile"]) == ("bob", "ann", {"customer": "Wang"})
    assert (told["contact"]["invited"], told["contact"]["agents"]) == (["bob"], ["ann"])
    assert floor.states("bob") == [AgentState.BUSY]
    assert floor.offered_to(floor.arrives(call_id="c2")) is None
    (mine,) = floor.do(c.Look(what="agent", agent_id="bob"))["contacts"]
    assert (mine["id"], bytes(mine["profile"])) == (contact, b'{"customer":"Wang"}')


def test_invited_colleague_who_answers_serves_the_contact_beside_the_other() -> None:
    floor = Bench()
    contact = inviting(floor)
    floor.call("delivered", agent="1002")
    floor.call("established", agent="1002")
    now = floor.contact(contact)
    assert (now.agents, now.served_by, now.invited) == (("ann", "bob"), ("ann", "bob"), ())
    floor.call("connection_cleared", agent="1001")
    assert floor.contact(contact).agents == ("bob",)
    floor.call("cleared")
    assert floor.states("bob") == [AgentState.WORKING_AFTER_CALL]


@pytest.mark.parametrize(
    ("cause", "state", "reason"),
    [
        ("no_answer", AgentState.NOT_READY, "phone_not_answered"),
        ("busy", AgentState.READY, "phone_busy"),
        ("declined", AgentState.READY, "phone_declined"),
    ],
)
def test_invited_colleague_who_is_not_reached_is_let_go_without_wrap_up(
    cause: str, state: AgentState, reason: str
) -> None:
    floor = Bench()
    contact = inviting(floor)
    floor.call("delivered", agent="1002")
    floor.call("failed", agent="1002", cause=cause)
    assert (floor.states("ann", "bob"), withdrawn(floor)) == ([AgentState.BUSY, state], [("bob", reason)])
    now = floor.contact(contact)
    assert (now.agents, now.invited, now.served_by) == (("ann",), (), ("ann",))


def test_invited_colleague_who_is_let_go_takes_who_waits_and_may_be_invited_again() -> None:
    floor = Bench()
    contact = inviting(floor)
    floor.call("failed", agent="1002", cause="busy")
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=BOB))
    assert floor.states("bob") == [AgentState.BUSY], "the leg that failed before is none of this invitation"
    waits = floor.arrives(call_id="c2")
    floor.now += 1
    floor.call("failed", agent="1002", leg_id="again", cause="busy")
    assert floor.offered_to(waits) == "bob"


def test_invited_colleague_who_fails_twice_without_a_leg_of_their_own_is_let_go_twice() -> None:
    floor = Bench()
    contact = inviting(floor)
    floor.call("failed", agent="1002", cause="busy")
    first = floor.now
    floor.now += 1
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=BOB))
    floor.call("failed", agent="1002", cause="busy", at=first)
    assert floor.states("bob") == [AgentState.BUSY], "that was told before"
    floor.now += 1
    floor.call("failed", agent="1002", cause="busy")
    assert (floor.states("bob"), floor.contact(contact).invited) == ([AgentState.READY], ())


def test_colleague_who_is_invited_again_is_rung_on_though_only_now_it_is_told_that_the_first_ringing_is_cleared() -> (
    None
):
    floor = Bench()
    contact = inviting(floor)
    floor.call("delivered", agent="1002", leg_id="B1")
    floor.call("failed", agent="1002", cause="busy", leg_id="B1")
    floor.now += 3
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=BOB))
    floor.now += 1
    floor.call("connection_cleared", agent="1002", leg_id="B1", at=floor.now - 3.95)
    assert floor.states("bob") == [AgentState.BUSY]
    floor.call("established", agent="1002", leg_id="B2")
    assert floor.contact(contact).agents == ("ann", "bob")


def test_invited_colleague_whose_phone_goes_away_is_not_rung_on_and_is_ready_when_it_is_back() -> None:
    floor = Bench()
    contact = inviting(floor)
    floor.call("delivered", agent="1002")
    source = floor.contact(contact).call.source
    floor.do(c.PhoneState(source=source, address="1002", state=PhoneWord.UNAVAILABLE))
    assert floor.orders() == ["call.cancel"]
    assert (floor.states("bob"), floor.contact(contact).invited) == ([AgentState.NOT_READY], ())
    floor.do(c.PhoneState(source=source, address="1002", state=PhoneWord.AVAILABLE))
    assert floor.states("bob") == [AgentState.READY]


def test_who_invited_is_told_that_nobody_comes() -> None:
    floor = Bench()
    contact = inviting(floor)
    floor.do(c.HangUp(agent_id="bob", contact_id=contact))
    (told,) = floor.told("contact.updated")
    assert (told.agent, msgspec.json.decode(told.body)["contact"]["invited"]) == ("ann", [])


def test_invited_colleague_declines_by_hanging_up() -> None:
    floor = Bench()
    contact = inviting(floor)
    floor.do(c.HangUp(agent_id="bob", contact_id=contact))
    assert (floor.orders(), withdrawn(floor)) == (["call.cancel"], [("bob", "declined")])
    assert (floor.states("bob"), floor.contact(contact).invited) == ([AgentState.READY], ())
    floor.refused(c.HangUp(agent_id="bob", contact_id=contact))


def test_colleague_who_declined_came_later_and_puts_the_phone_down_leaves_the_caller_to_the_other() -> None:
    floor = Bench()
    contact = inviting(floor)
    floor.call("delivered", agent="1002", leg_id="B1")
    floor.do(c.HangUp(agent_id="bob", contact_id=contact))  # and the platform does not tell the end of B1
    floor.now += 5
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=BOB))
    floor.call("established", agent="1002", leg_id="B2")
    floor.now += 5
    floor.call("connection_cleared", agent="1002", leg_id="B2", cause="hung_up")
    assert floor.contact(contact).agents == ("ann",)
    assert floor.states("ann", "bob") == [AgentState.BUSY, AgentState.WORKING_AFTER_CALL]


def test_silent_platform_keeps_no_invited_colleague_for_ever() -> None:
    floor = Bench()
    contact = inviting(floor)
    floor.call("delivered", agent="1002")
    floor.wait(36)
    assert (floor.contact(contact).invited, floor.agent("bob").reason) == ((), "phone_not_answered")
    assert floor.contact(contact).agents == ("ann",)


def test_invitation_that_the_platform_does_not_take_lets_the_colleague_go() -> None:
    floor = Bench()
    contact = inviting(floor)
    (invite,) = floor.contact(contact).invited
    for order in (invite.order + 1, invite.order):
        assert floor.states("bob") == [AgentState.BUSY]
        floor.do(
            c.OrderFailed(order_id=order, order_type="call.conference", contact_id=contact, agent_id="ann", detail="no")
        )
    assert (floor.states("bob"), withdrawn(floor)) == ([AgentState.READY], [("bob", "conference_failed")])


def test_caller_who_hangs_up_ends_it_for_the_invited_too() -> None:
    floor = Bench()
    inviting(floor)
    floor.call("cleared")
    assert {told.agent for told in floor.told("contact.ended")} == {"ann", "bob"}
    assert floor.states("ann", "bob") == [AgentState.WORKING_AFTER_CALL, AgentState.READY]


def test_nobody_is_rung_for_a_caller_whom_the_last_agent_has_left() -> None:
    floor = Bench()
    contact = inviting(floor)
    floor.call("connection_cleared", agent="1001")
    assert (floor.orders(), withdrawn(floor)) == (["call.cancel"], [("bob", "agent_gone")])
    floor.wait(6)
    assert floor.offered_to(contact) == "bob"


def test_invited_colleague_is_rung_on_where_another_agent_stays() -> None:
    floor = Bench()
    contact = inviting(floor)
    floor.call("established", agent="1002")
    floor.on("dee")
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=c.Destination(agent="dee")))
    floor.call("connection_cleared", agent="1001")
    floor.call("established", agent="1004")
    assert floor.contact(contact).agents == ("bob", "dee")


def test_supervisor_frees_an_invited_colleague() -> None:
    floor = Bench()
    contact = inviting(floor)
    floor.do(c.Release(agent_id="bob", by="sue"))
    assert (floor.orders(), floor.agent("bob").reason) == (["call.cancel"], "released")
    assert (floor.contact(contact).state, floor.contact(contact).agents) == (ContactState.ACTIVE, ("ann",))


@pytest.mark.parametrize("inside", [False, True])
def test_agent_is_told_that_who_was_invited_takes_the_call_or_is_not_waited_for_any_more(inside: bool) -> None:
    floor = Bench()
    contact = inviting(floor)
    by = "cho" if inside else "bob"
    if inside:
        floor.do(c.Listen(contact_id=contact, by=by))
        floor.call("supervisor_joined", details={"supervisor": by})
    floor.do(c.TakeCall(contact_id=contact, by=by))
    told = {each.agent: msgspec.json.decode(each.body) for each in floor.told("contact.updated")}
    assert list(told) == (["cho", "ann"] if inside else ["ann"])
    assert told["ann"]["contact"]["invited"] == []
    assert [each["profile"] for each in told.values() if "profile" in each] == [{"customer": "Wang"}] * inside


@pytest.mark.parametrize("by", ["sue", "cho"])
def test_supervisor_who_takes_the_call_leaves_nobody_ringing_who_was_invited_to_it(by: str) -> None:
    floor = Bench()
    contact = inviting(floor)
    floor.do(c.TakeCall(contact_id=contact, by=by, address="7001"))
    floor.call("supervisor_joined", details={"supervisor": by})
    assert (floor.orders(), withdrawn(floor)) == (["call.cancel", "call.cancel"], [("bob", "taken")])
    assert floor.states("bob") == [AgentState.READY]


def taken_by_bob(floor: Bench, contact: str) -> None:
    """Bob, a supervisor who is an agent, is in the call that he takes over, and nobody else is."""
    floor.now += 1
    floor.call("supervisor_joined", leg_id="listener", details={"supervisor": "bob"})
    floor.call("connection_cleared", agent="1001")
    now = floor.contact(contact)
    assert (now.agents, now.invited, now.consult) == (("bob",), (), None)
    assert [leg.id for leg in now.call.legs if leg.agent == "bob" and not leg.ended] == ["listener"]
    assert floor.states("ann", "bob") == [AgentState.WORKING_AFTER_CALL, AgentState.BUSY]
    floor.now += 1
    floor.call("supervisor_left", leg_id="listener", details={"supervisor": "bob"})
    assert floor.states("bob") == [AgentState.WORKING_AFTER_CALL]


def test_supervisor_who_joins_in_the_instant_in_which_the_phone_of_their_invitation_gives_up_has_the_call() -> None:
    floor = Bench()
    contact = inviting(floor)
    floor.do(c.TakeCall(contact_id=contact, by="bob"))
    floor.now += 1
    floor.call("failed", agent="1002", cause="declined")
    floor.call("supervisor_joined", details={"supervisor": "bob"})
    assert (floor.contact(contact).agents, floor.states("bob")) == (("ann", "bob"), [AgentState.BUSY])


@pytest.mark.parametrize("leg_id", ["rung", None])
@pytest.mark.parametrize("told_late", [False, True])
def test_supervisor_who_takes_the_call_they_are_invited_to_is_rung_for_it_once(
    leg_id: str | None, told_late: bool
) -> None:
    floor = Bench()
    contact = inviting(floor)
    floor.call("delivered", agent="1002", leg_id=leg_id)
    floor.do(c.TakeCall(contact_id=contact, by="bob"))
    assert (floor.orders(), withdrawn(floor)) == (["call.cancel", "call.listen"], [("bob", "taken")])
    assert (floor.contact(contact).invited, floor.states("bob")) == ((), [AgentState.READY])
    lines = [(each.kind, each.data.get("reason")) for each in floor.contact(contact).timeline]
    assert lines[-2:] == [("conference.ended", "taken"), ("call.taken_over", None)]
    if told_late:
        floor.now += 1
        floor.call("supervisor_joined", leg_id="listener", details={"supervisor": "bob"})
    floor.now += 1
    floor.call("connection_cleared", agent="1002", leg_id=leg_id)
    taken_by_bob(floor, contact)


@pytest.mark.parametrize("kind", [c.Conference, c.ConsultCall])
@pytest.mark.parametrize("answers", [False, True])
def test_supervisor_who_is_called_to_the_call_while_they_take_it_is_on_it_once(
    kind: type[c.Conference | c.ConsultCall], answers: bool
) -> None:
    floor = Bench()
    contact = inviting(floor)
    floor.call("failed", agent="1002", cause="declined")
    floor.do(c.TakeCall(contact_id=contact, by="bob"))
    floor.now += 1
    floor.do(kind(agent_id="ann", contact_id=contact, to=BOB))
    floor.call("delivered", agent="1002", leg_id="rung")
    if answers:
        floor.call("established", agent="1002", leg_id="rung")
    taken_by_bob(floor, contact)


def test_supervisor_who_takes_the_call_while_a_colleague_is_consulted_leaves_them_free_and_the_caller_off_hold() -> (
    None
):
    floor = Bench()
    contact = inviting(floor)
    floor.on("dee")
    floor.do(c.TakeCall(contact_id=contact, by="sue", address="7001"))
    floor.do(c.ConsultCall(agent_id="ann", contact_id=contact, to=c.Destination(agent="dee")))
    floor.call("held", agent="1001")
    floor.call("established", agent="1004")
    floor.now += 1
    floor.call("supervisor_joined", details={"supervisor": "sue"})
    assert floor.orders() == ["call.reconnect", "call.cancel", "call.cancel"]
    assert floor.states("bob", "dee") == [AgentState.READY, AgentState.READY]
    floor.call("retrieved", agent="1001")
    floor.call("connection_cleared", agent="1004")
    floor.call("connection_cleared", agent="1001")
    now = floor.contact(contact)
    assert (now.agents, now.consult, now.call.held, now.sent_away) == ((), None, False, True)
    assert "dee" not in now.served_by


def test_outage_in_which_nobody_could_act_does_not_end_an_invitation() -> None:
    floor = Bench()
    contact = inviting(floor)
    floor.now += 34
    floor.do(c.Resumed())
    floor.wait(20)
    assert [each.agent for each in floor.contact(contact).invited] == ["bob"]


@pytest.mark.parametrize("kind", [c.Conference, c.ConsultCall, c.Transfer])
def test_who_is_invited_already_is_asked_for_nowhere_else(
    kind: type[c.Conference | c.ConsultCall | c.Transfer],
) -> None:
    floor = Bench()
    inviting(floor)
    floor.on("dee")
    other = floor.arrives(call_id="c2")
    floor.answers("dee", other, "c2")
    assert floor.refused(kind(agent_id="dee", contact_id=other, to=BOB))["state"] == "busy"


def test_of_two_who_are_invited_each_is_let_go_at_their_own_time() -> None:
    floor = Bench()
    contact = inviting(floor)
    floor.on("dee")
    floor.now += 9
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=c.Destination(agent="dee")))
    bob, dee = (each.due_at for each in floor.contact(contact).invited)
    assert dee == bob + 10
    floor.wait(bob - floor.now)
    assert (floor.now, [each.agent for each in floor.contact(contact).invited]) == (bob, ["dee"])
    floor.wait(10)
    assert floor.contact(contact).invited == ()
