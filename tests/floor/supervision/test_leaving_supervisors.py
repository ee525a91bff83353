"""Supervisors who have taken a call over, or stopped listening to one, or are not let in: how it is told."""

import msgspec
import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.call_control import contacts
from app.floor.memory.effects import SwitchOrder
from app.floor.memory.entities import ContactState
from tests.floor.factories import Bench
from tests.floor.supervision.test_supervising import inside, talking


def who_leaves(floor: Bench) -> list[tuple[str, str]]:
    """The orders of the last command, and about whom they are."""
    made = [each for each in floor.last.effects if isinstance(each, SwitchOrder)]
    return [(each.type, msgspec.json.decode(each.body).get("agent", {}).get("id")) for each in made]


def taken_by(floor: Bench, contact: str, by: str) -> None:
    """The supervisor, an agent, has taken the call, and the agents have left it."""
    floor.do(c.TakeCall(contact_id=contact, by=by))
    floor.now += 1
    floor.call("supervisor_joined", leg_id=f"channel-{by}", details={"supervisor": by})


def beside_bob(floor: Bench) -> str:
    """Cho has taken a call over, and has invited Bob to it."""
    contact = talking(floor)
    taken_by(floor, contact, "cho")
    floor.call("connection_cleared", agent="1001")
    floor.on("bob")
    floor.do(c.Conference(agent_id="cho", contact_id=contact, to=c.Destination(agent="bob")))
    floor.call("established", agent="1002")
    return contact


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("cause", ["hung_up", None])
def test_supervisor_who_took_a_call_is_free_where_their_end_is_told_like_any_agents(
    before: bool, cause: str | None
) -> None:
    floor = Bench()
    contact = talking(floor)
    if before:  # they were on it as an agent, and have left
        floor.on("cho")
        floor.do(c.Conference(agent_id="ann", contact_id=contact, to=c.Destination(agent="cho")))
        floor.call("established", agent="1003", leg_id="earlier")
        floor.call("connection_cleared", agent="1003", leg_id="earlier")
        floor.do(c.FinishWrapUp(agent_id="cho", contact_id=contact))
    floor.do(c.TakeCall(contact_id=contact, by="cho"))
    inside(floor, "cho")
    floor.call("connection_cleared", agent="1001")
    floor.now += 10
    floor.call("connection_cleared", agent="1003", cause=cause)
    assert floor.orders() == (["call.disconnect"] if cause else [])
    assert (floor.states("cho"), floor.contact(contact).agents) == ([AgentState.WORKING_AFTER_CALL], ())


def test_second_supervisor_who_takes_a_call_has_it_alone_and_the_first_is_let_out_as_they_were_let_in() -> None:
    floor = Bench()
    contact = talking(floor)
    taken_by(floor, contact, "cho")
    floor.call("connection_cleared", agent="1001")
    taken_by(floor, contact, "bob")
    assert who_leaves(floor) == [("call.stop_listening", "cho")]
    floor.now += 1
    floor.call("supervisor_left", leg_id="channel-cho", details={"supervisor": "cho"})
    assert (floor.contact(contact).agents, floor.contact(contact).state) == (("bob",), ContactState.ACTIVE)


@pytest.mark.parametrize("by", ["max", "cho"])
def test_supervisor_from_outside_who_loses_the_call_to_a_second_one_is_let_out(by: str) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by="sue", address="7001"))
    inside(floor, "sue")
    floor.do(c.TakeCall(contact_id=contact, by=by, address="7002"))
    inside(floor, by)
    assert who_leaves(floor) == [("call.stop_listening", "sue"), ("call.cancel", "ann")]
    floor.call("connection_cleared", agent="1001")
    inside(floor, "sue", joined=False)
    floor.wait(60)
    found = floor.contact(contact)
    assert (found.state, found.agents) == (
        (ContactState.ACTIVE, ("cho",)) if by == "cho" else (ContactState.ARRIVING, ())
    )
    assert [each.by for each in found.listeners] == [by]


def test_supervisor_who_has_taken_a_call_and_is_released_is_let_out_of_it() -> None:
    floor = Bench()
    contact = talking(floor)
    taken_by(floor, contact, "cho")
    floor.call("connection_cleared", agent="1001")
    floor.do(c.Release(agent_id="cho", by="sue"))
    assert who_leaves(floor) == [("call.stop_listening", "cho")]


def test_supervisor_who_has_taken_a_call_and_hangs_up_beside_a_colleague_only_leaves_it() -> None:
    floor = Bench()
    contact = beside_bob(floor)
    floor.do(c.HangUp(agent_id="cho", contact_id=contact))
    assert who_leaves(floor) == [("call.stop_listening", "cho")]
    assert floor.refused(c.HangUp(agent_id="cho", contact_id=contact))["code"] == "under-way"
    floor.now += 1
    floor.call("supervisor_left", leg_id="channel-cho", details={"supervisor": "cho"})
    assert (floor.contact(contact).agents, floor.contact(contact).close_at) == (("bob",), None)
    assert floor.states("cho", "bob") == [AgentState.WORKING_AFTER_CALL, AgentState.BUSY]


def test_supervisor_who_hung_up_beside_a_colleague_is_free_though_the_platform_says_nothing() -> None:
    floor = Bench()
    contact = beside_bob(floor)
    floor.do(c.HangUp(agent_id="cho", contact_id=contact))
    floor.wait(16)
    assert (floor.contact(contact).agents, floor.contact(contact).listeners) == (("bob",), ())
    assert floor.states("cho", "bob") == [AgentState.WORKING_AFTER_CALL, AgentState.BUSY]
    floor.call("supervisor_left", leg_id="channel-cho", details={"supervisor": "cho"})
    assert floor.contact(contact).agents == ("bob",)


def test_supervisor_who_has_taken_a_call_and_hangs_up_alone_ends_it() -> None:
    floor = Bench()
    contact = talking(floor)
    taken_by(floor, contact, "cho")
    floor.call("connection_cleared", agent="1001")
    floor.do(c.HangUp(agent_id="cho", contact_id=contact))
    assert who_leaves(floor) == [("call.disconnect", "cho")]


@pytest.mark.parametrize(("by", "address"), [("cho", None), ("sue", "7001")])
def test_agent_who_hangs_up_while_a_supervisor_takes_their_call_leaves_the_caller_to_them(
    by: str, address: str | None
) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by=by, address=address))
    inside(floor, by)
    floor.do(c.HangUp(agent_id="ann", contact_id=contact))
    assert who_leaves(floor) == [("call.cancel", "ann")]


def test_caller_and_colleague_talk_on_where_the_platform_does_not_let_out_a_supervisor_who_hung_up() -> None:
    floor = Bench()
    contact = beside_bob(floor)
    floor.do(c.HangUp(agent_id="cho", contact_id=contact))
    (order,) = [e.seq for e in floor.last.effects if isinstance(e, SwitchOrder)]
    floor.do(c.OrderFailed(order_id=order, order_type="call.stop_listening", contact_id=contact, agent_id=None,
                           detail="no"))  # fmt: skip
    floor.wait(60)
    assert (floor.contact(contact).agents, floor.contact(contact).ended_at) == (("cho", "bob"), None)
    floor.do(c.HangUp(agent_id="cho", contact_id=contact))


@pytest.mark.parametrize("by", ["sue", "cho"])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("answered", [True, False])
def test_supervisor_who_stopped_listening_and_takes_the_call_at_once_is_in_it_though_their_leaving_is_told_late(
    by: str, named: bool, answered: bool
) -> None:
    floor = Bench()
    contact = talking(floor)
    first, second = ("CA1", "CA2") if named else (None, None)
    floor.do(c.Listen(contact_id=contact, by=by, address="7001"))
    if answered:
        floor.call("supervisor_joined", leg_id=first, details={"supervisor": by})
    floor.do(c.StopListening(contact_id=contact, by=by))
    floor.do(c.TakeCall(contact_id=contact, by=by, address="7001"))
    floor.now += 1
    floor.call("supervisor_left", leg_id=first, details={"supervisor": by})
    assert [each.by for each in floor.contact(contact).listeners] == [by]
    floor.now += 1
    floor.call("supervisor_joined", leg_id=second, details={"supervisor": by})
    assert floor.orders() == ["call.cancel"]
    floor.call("supervisor_left", leg_id=second, details={"supervisor": by})
    assert floor.contact(contact).listeners == ()


def test_supervisor_who_is_in_the_call_again_stays_in_it_when_the_end_of_their_first_phone_is_told() -> None:
    floor = Bench()
    contact = talking(floor)
    for leg_id in ("CA1", "CA2"):
        floor.do(c.Listen(contact_id=contact, by="sue", address="7001"))
        floor.call("supervisor_joined", leg_id=leg_id, details={"supervisor": "sue"})
        if leg_id == "CA1":
            floor.do(c.StopListening(contact_id=contact, by="sue"))
    floor.call("supervisor_left", leg_id="CA1", details={"supervisor": "sue"})
    assert [each.leg for each in floor.contact(contact).listeners] == ["CA2"]


def test_supervisor_who_was_not_reached_after_they_had_listened_may_ask_again_at_once() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by="sue", address="7001"))
    floor.call("supervisor_joined", leg_id="CA1", details={"supervisor": "sue"})
    floor.do(c.StopListening(contact_id=contact, by="sue"))
    floor.call("supervisor_left", leg_id="CA1", details={"supervisor": "sue"})
    floor.do(c.Listen(contact_id=contact, by="sue", address="7001"))
    floor.call("supervisor_left", leg_id="CA2", details={"supervisor": "sue"})
    assert floor.contact(contact).listeners == ()
    floor.do(c.Listen(contact_id=contact, by="sue", address="7001"))


def test_supervisor_whose_end_was_told_like_an_agents_is_rung_when_they_take_the_call_again() -> None:
    floor = Bench()
    contact = talking(floor)
    taken_by(floor, contact, "cho")
    floor.call("connection_cleared", agent="1003")
    assert floor.contact(contact).agents == ("ann",)
    floor.do(c.TakeCall(contact_id=contact, by="cho"))
    assert who_leaves(floor) == [("call.listen", "cho")]


def test_caller_with_two_supervisors_from_outside_waits_again_only_when_both_have_left() -> None:
    floor = Bench()
    contact = talking(floor)
    for by, address in (("sue", "7001"), ("max", "7002")):
        floor.do(c.TakeCall(contact_id=contact, by=by, address=address))
        inside(floor, by)
    floor.call("connection_cleared", agent="1001")
    inside(floor, "sue", joined=False)
    floor.wait(1)
    assert (floor.contact(contact).state, floor.contact(contact).sent_away) == (ContactState.ARRIVING, True)
    inside(floor, "max", joined=False)
    floor.wait(contacts.REQUEUE_SECONDS)
    assert floor.contact(contact).state is ContactState.WAITING


def refuse_last(floor: Bench, contact: str) -> None:
    """The platform does not do what a supervisor has just asked for."""
    (order,) = [e.seq for e in floor.last.effects if isinstance(e, SwitchOrder)]
    floor.do(c.OrderFailed(order_id=order, order_type="call.listen", contact_id=contact, agent_id=None, detail="no"))


def test_supervisor_whose_phone_rings_listens_though_the_platform_refuses_the_change_to_something_else() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by="sue", address="7001"))
    for change in (c.Listen(contact_id=contact, by="sue", mode="whisper"), c.TakeCall(contact_id=contact, by="sue")):
        floor.do(change)
        refuse_last(floor, contact)
    inside(floor, "sue")
    (listener,) = floor.contact(contact).listeners
    assert (listener.mode, listener.taking, listener.inside) == ("listen", False, True)
    floor.do(c.StopListening(contact_id=contact, by="sue"))


def test_supervisor_whose_phone_rings_no_more_does_not_listen_where_the_platform_refuses_them() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by="sue", address="7001"))
    floor.wait(20)
    floor.do(c.Listen(contact_id=contact, by="sue", mode="whisper"))
    (order,) = [e.seq for e in floor.last.effects if isinstance(e, SwitchOrder)]
    floor.wait(16)
    floor.do(c.OrderFailed(order_id=order, order_type="call.listen", contact_id=contact, agent_id=None, detail="no"))
    assert floor.contact(contact).listeners == ()


def test_supervisor_whose_first_and_second_wish_are_refused_does_not_listen() -> None:
    floor = Bench()
    contact = talking(floor)
    orders = []
    for mode in ("listen", "whisper"):
        floor.do(c.Listen(contact_id=contact, by="sue", address="7001", mode=mode))
        orders += [e.seq for e in floor.last.effects if isinstance(e, SwitchOrder)]
    for order in orders:
        floor.do(
            c.OrderFailed(order_id=order, order_type="call.listen", contact_id=contact, agent_id=None, detail="no")
        )
    assert floor.contact(contact).listeners == ()


def let_out(floor: Bench) -> tuple[str, SwitchOrder]:
    """Sue, who is no agent, has lost the call to Cho; with the order that lets her out."""
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by="sue", address="7001"))
    floor.call("supervisor_joined", leg_id="channel-sue", details={"supervisor": "sue"})
    taken_by(floor, contact, "cho")
    (order,) = [e for e in floor.last.effects if isinstance(e, SwitchOrder) and e.type == "call.stop_listening"]
    floor.call("connection_cleared", agent="1001")
    return contact, order


def test_supervisor_from_outside_whom_the_platform_does_not_let_out_is_ordered_out_once_more() -> None:
    floor = Bench()
    contact, _ = let_out(floor)
    floor.now += 15
    floor.do(c.Expire())
    assert who_leaves(floor) == [("call.stop_listening", "sue")]
    assert floor.contact(contact).timeline[-1].data == {"by": "sue", "detail": "no answer from the platform"}
    floor.wait(600)
    assert floor.contact(contact).agents == ("cho",)
    assert [entry.kind for entry in floor.contact(contact).timeline].count("supervisor.swept") == 1


def test_supervisor_from_outside_whom_the_platform_refuses_to_let_out_is_written_down_as_still_there() -> None:
    floor = Bench()
    contact, order = let_out(floor)
    floor.do(c.OrderFailed(order_id=order.seq, order_type=order.type, contact_id=contact, agent_id=None, detail="no"))
    last = floor.contact(contact).timeline[-1]
    assert (last.kind, last.data["by"]) == ("supervisor.swept", "sue")
    assert floor.contact(contact).close_at is None
    floor.now += 60
    floor.do(c.Expire())
    assert (floor.orders(), floor.contact(contact).agents) == ([], ("cho",))


@pytest.mark.parametrize("what", ["goes", "comes anew", "call ends"])
def test_supervisor_from_outside_who_has_gone_or_is_wanted_again_is_not_ordered_out_later(what: str) -> None:
    floor = Bench()
    contact, _ = let_out(floor)
    if what == "goes":
        floor.call("supervisor_left", leg_id="channel-sue", details={"supervisor": "sue"})
    elif what == "comes anew":
        floor.do(c.Listen(contact_id=contact, by="sue", address="7001"))
    else:
        floor.call("cleared")
    assert floor.contact(contact).leaving == ()
    floor.now += 16
    floor.do(c.Expire())
    assert floor.orders() == []


def test_supervisor_from_outside_is_waited_for_where_the_platform_refuses_something_else() -> None:
    floor = Bench()
    contact, order = let_out(floor)
    floor.do(c.OrderFailed(order_id=order.seq + 1, order_type=order.type, contact_id=contact, agent_id=None,
                           detail="no"))  # fmt: skip
    floor.now += 15
    floor.do(c.Expire())
    assert who_leaves(floor) == [("call.stop_listening", "sue")]


def test_supervisor_whose_phone_was_only_rung_for_the_call_is_not_waited_for() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by="sue", address="7001"))
    floor.call("connection_cleared", agent="1001")
    assert who_leaves(floor) == [("call.stop_listening", "sue")]
    assert floor.contact(contact).leaving == ()


def test_supervisor_from_outside_has_their_whole_time_to_leave_again_after_an_outage() -> None:
    floor = Bench()
    let_out(floor)
    floor.now += 60
    floor.do(c.TakeOver())
    floor.do(c.Expire())
    assert floor.orders() == []
    floor.now += 15
    floor.do(c.Expire())
    assert who_leaves(floor) == [("call.stop_listening", "sue")]


@pytest.mark.parametrize("told", [True, False])
def test_supervisor_who_has_taken_a_call_and_is_released_is_ordered_out_once_more_unless_they_have_gone(
    told: bool,
) -> None:
    floor = Bench()
    contact = talking(floor)
    taken_by(floor, contact, "cho")
    floor.call("connection_cleared", agent="1001")
    floor.do(c.Release(agent_id="cho", by="sue"))
    if told:
        floor.call("supervisor_left", leg_id="channel-cho", details={"supervisor": "cho"})
    floor.now += 15
    floor.do(c.Expire())
    assert (("call.stop_listening", "cho") in who_leaves(floor)) is not told
