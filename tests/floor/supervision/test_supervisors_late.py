"""What is told late, twice or out of order of the phones by which supervisors are, or were, in a call."""

from typing import Literal

import pytest

from app.agents.presence import AgentState
from app.floor import commands as c
from app.floor.memory.entities import ContactState
from tests.floor.factories import Bench
from tests.floor.supervision.test_leaving_supervisors import taken_by, who_leaves
from tests.floor.supervision.test_supervisors_phones import comes, goes, held, presses, taken, talking


@pytest.mark.parametrize("by", ["sue", "cho"])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("how", ["now", "late", "again", "let go"])
def test_hold_of_a_supervisor_who_has_joined_or_gone_makes_nobody_an_agent_and_holds_nobody(
    by: str, named: bool, how: str
) -> None:
    floor = Bench()
    contact = talking(floor)
    leg = "channel" if named else None
    floor.do(c.Listen(contact_id=contact, by=by, address="7001", mode="join"))
    floor.now += 1
    floor.call("supervisor_joined", leg_id=leg, details={"supervisor": by})
    floor.now += 1
    at = floor.now
    if how in ("now", "again"):
        floor.call("held", agent=by, leg_id=leg)
    if how == "let go":
        floor.do(c.StopListening(contact_id=contact, by=by))
    floor.now += 1
    floor.call("supervisor_left", leg_id=leg, details={"supervisor": by})
    if how != "now":
        floor.call("held", agent=by, leg_id=leg, at=at)
        floor.call("held", agent=by, leg_id=leg)
    assert (floor.contact(contact).agents, held(floor, contact)) == (("ann",), False)
    assert [each.agent for each in floor.contact(contact).call.legs] == [None, "ann"]
    if by == "cho":
        assert floor.states("cho") == [AgentState.LOGGED_OFF]


@pytest.mark.parametrize("named", [True, False])
def test_hold_of_a_supervisor_who_had_the_call_as_an_agent_and_has_gone_does_not_bring_them_back(named: bool) -> None:
    floor = Bench()
    contact = talking(floor)
    leg = "channel-cho" if named else None
    floor.do(c.TakeCall(contact_id=contact, by="cho"))
    floor.now += 1
    floor.call("supervisor_joined", leg_id=leg, details={"supervisor": "cho"})
    floor.call("connection_cleared", agent="1001")
    floor.now += 1
    floor.call("supervisor_left", leg_id=leg, details={"supervisor": "cho"})
    floor.now += 1
    floor.call("held", agent="cho", leg_id=leg)
    assert (floor.contact(contact).agents, held(floor, contact)) == ((), False)


def test_agent_who_has_listened_before_is_on_the_call_by_a_phone_that_holds() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by="cho", mode="join"))
    comes(floor, "cho")
    goes(floor, "cho")
    floor.now += 1
    floor.call("established", agent="1003", leg_id="agents")
    floor.now += 1
    floor.call("held", agent="1003")
    assert (floor.contact(contact).agents, held(floor, contact)) == (("ann", "cho"), True)


@pytest.mark.parametrize("by", ["sue", "cho"])
def test_caller_whom_a_supervisor_has_handed_on_does_not_wait_though_it_is_told_after_their_end(by: str) -> None:
    floor = Bench()
    contact = taken(floor, by)
    floor.call("established", leg_id="number")
    goes(floor, by)
    floor.wait(4)
    assert floor.contact(contact).state is ContactState.ARRIVING
    presses(floor, by, "transferred")
    floor.wait(60)
    assert (floor.contact(contact).state, floor.contact(contact).sent_away) == (ContactState.ARRIVING, True)


@pytest.mark.parametrize("by", ["sue", "cho", "ann"])
def test_caller_whose_next_agent_has_gone_waits_though_it_is_told_again_that_they_were_handed_on(by: str) -> None:
    floor = Bench()
    contact = talking(floor) if by == "ann" else taken(floor, by)
    leg = None if by == "ann" else f"channel-{by}"
    floor.on("bob")
    floor.call("established", agent="1002", leg_id="bobs")
    floor.now += 1
    at = floor.now
    floor.call("transferred", agent=by, leg_id=leg)
    if by != "ann":
        goes(floor, by)
    floor.now += 1
    floor.call("connection_cleared", agent="1002", leg_id="bobs")
    floor.call("transferred", agent=by, leg_id=leg, at=at)
    floor.wait(10)
    assert floor.contact(contact).state in (ContactState.WAITING, ContactState.OFFERED)


def test_caller_whose_supervisor_has_gone_waits_though_it_is_told_again_that_an_agent_had_handed_them_on() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by="sue", address="7001"))
    comes(floor, "sue")
    at = floor.now
    floor.call("transferred", agent="1001")
    goes(floor, "sue")
    floor.call("transferred", agent="1001", at=at)
    floor.wait(10)
    assert floor.contact(contact).state in (ContactState.WAITING, ContactState.OFFERED)


def test_end_of_an_earlier_leg_is_not_the_end_of_the_one_by_which_a_supervisor_is_to_leave() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by="sue", address="7001"))
    floor.call("supervisor_joined", leg_id="first", details={"supervisor": "sue"})
    floor.do(c.StopListening(contact_id=contact, by="sue"))
    floor.do(c.TakeCall(contact_id=contact, by="sue", address="7001"))
    floor.now += 1
    floor.call("supervisor_joined", leg_id="second", details={"supervisor": "sue"})
    taken_by(floor, contact, "cho")
    floor.call("connection_cleared", agent="1001")
    floor.call("supervisor_left", leg_id="first", details={"supervisor": "sue"})
    floor.now += 15
    floor.do(c.Expire())
    assert who_leaves(floor) == [("call.stop_listening", "sue")]


@pytest.mark.parametrize("mode", ["listen", "whisper"])
@pytest.mark.parametrize("who", ["sue", "cho"])
def test_who_only_hears_takes_nobody_out_of_the_queue(who: str, mode: Literal["listen", "whisper"]) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by=who, address="7001", mode=mode))
    comes(floor, who)
    floor.now += 1
    floor.call("connection_cleared", agent="ann")
    floor.wait(6)
    presses(floor, who, "transferred")
    floor.wait(600)
    assert floor.contact(contact).state is ContactState.WAITING


@pytest.mark.parametrize("first", ["ann", "bob"])
def test_caller_whom_an_agent_of_two_leaves_to_a_number_does_not_wait_whoever_goes_last(first: str) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.call("established", agent="bob", leg_id="bobs")
    floor.now += 10
    floor.call("established", leg_id="third")
    at = floor.now
    floor.now += 1
    for who in (first, "bob" if first == "ann" else "ann"):
        more = {"at": at} if who == "ann" else {"leg_id": "bobs"}
        floor.call("connection_cleared", agent=who, **more)
    floor.call("transferred", agent="ann", at=at)
    floor.wait(20)
    assert floor.contact(contact).state is ContactState.ARRIVING


def test_supervisor_of_a_call_from_before_an_update_is_no_agent_by_holding_at_their_phone() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by="cho", address="7001", mode="listen"))
    comes(floor, "cho")
    floor.state.store.put_contact(floor.contact(contact).with_(ears=()))
    presses(floor, "cho", "held")
    assert floor.contact(contact).agents == ("ann",)


@pytest.mark.parametrize("by", ["sue", "cho"])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("then", ["comes", "is let go first"])
def test_hold_of_a_supervisor_told_before_they_come_makes_nobody_an_agent(by: str, named: bool, then: str) -> None:
    floor = Bench()
    contact = talking(floor)
    leg = "channel" if named else None
    floor.do(c.Listen(contact_id=contact, by=by, address="7001", mode="join"))
    at = floor.now
    floor.now += 1
    if then == "is let go first":
        floor.do(c.StopListening(contact_id=contact, by=by))
    floor.call("held", agent=by, leg_id=leg)
    floor.call("supervisor_joined", leg_id=leg, details={"supervisor": by}, at=at)
    assert (floor.contact(contact).agents, held(floor, contact)) == (("ann",), False)
    assert [each.agent for each in floor.contact(contact).call.legs] == [None, "ann"]
    floor.call("supervisor_left", leg_id=leg, details={"supervisor": by})
    assert not held(floor, contact)


@pytest.mark.parametrize("by", ["sue", "cho"])
@pytest.mark.parametrize("named", [True, False])
def test_caller_is_on_hold_for_who_takes_the_call_though_that_is_told_before_they_come(by: str, named: bool) -> None:
    floor = Bench()
    contact = talking(floor)
    leg = "channel" if named else None
    floor.do(c.TakeCall(contact_id=contact, by=by, address="7001" if by == "sue" else None))
    at = floor.now
    floor.now += 5
    floor.call("held", agent=by, leg_id=leg)
    assert not held(floor, contact)
    floor.call("supervisor_joined", leg_id=leg, details={"supervisor": by}, at=at)
    floor.call("connection_cleared", agent="1001")
    assert held(floor, contact)
    floor.now += 5
    floor.call("retrieved", agent=by, leg_id=leg)
    assert not held(floor, contact)
    if by == "cho":
        own = floor.contact(contact).call.leg_of("cho")
        assert own is not None
        assert (own.talk_seconds, own.hold_seconds) == (5, 5)


@pytest.mark.parametrize("order", ["hrh", "rh", "rhr"])
def test_caller_whom_a_supervisor_has_taken_back_is_not_on_hold_in_whichever_order_it_is_told(order: str) -> None:
    floor = Bench()
    contact = taken(floor, "sue")
    at = floor.now
    floor.now += 9
    for each in order:
        kind, later = ("held", 1) if each == "h" else ("retrieved", 2)
        floor.call(kind, agent="sue", leg_id="channel-sue", at=at + later)
    assert not held(floor, contact)


def test_agent_who_is_rung_as_one_beside_their_wish_to_listen_is_on_the_call_by_a_hold() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.on("cho")
    floor.do(c.Listen(contact_id=contact, by="cho", mode="join"))
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=c.Destination(agent="cho")))
    floor.now += 1
    floor.call("held", agent="1003", leg_id="agents")
    assert floor.contact(contact).agents == ("ann", "cho")


@pytest.mark.parametrize("by", ["sue", "cho"])
@pytest.mark.parametrize("named", [True, False])
def test_hold_of_a_supervisor_told_after_their_end_and_before_they_came_makes_nobody_an_agent(
    by: str, named: bool
) -> None:
    floor = Bench()
    contact = talking(floor)
    leg = "channel" if named else None
    floor.do(c.Listen(contact_id=contact, by=by, address="7001", mode="join"))
    at = floor.now
    floor.now += 1
    floor.do(c.StopListening(contact_id=contact, by=by))
    floor.call("supervisor_left", leg_id=leg, details={"supervisor": by})
    floor.call("held", agent=by, leg_id=leg, at=at + 0.5)
    floor.call("supervisor_joined", leg_id=leg, details={"supervisor": by}, at=at)
    assert (floor.contact(contact).agents, held(floor, contact)) == (("ann",), False)
    assert floor.agent("cho").contacts == ()


@pytest.mark.parametrize("by", ["sue", "cho"])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("how", ["hangs up", "is let go"])
def test_hold_of_a_supervisor_from_before_they_had_gone_is_none_of_the_phone_that_rings_them_now(
    by: str, named: bool, how: str
) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by=by, address="7001", mode="join"))
    floor.call("supervisor_joined", leg_id="first" if named else None, details={"supervisor": by})
    at = floor.now + 1
    floor.now += 2
    if how == "hangs up":
        floor.call("supervisor_left", leg_id="first" if named else None, details={"supervisor": by})
    else:
        floor.do(c.StopListening(contact_id=contact, by=by))
    floor.now += 1
    floor.do(c.TakeCall(contact_id=contact, by=by, address="7001"))
    floor.call("held", agent=by, leg_id="first" if named else None, at=at)
    floor.call("supervisor_joined", leg_id="second" if named else None, details={"supervisor": by})
    floor.call("connection_cleared", agent="1001")
    assert not held(floor, contact)


@pytest.mark.parametrize("came", [True, False])
@pytest.mark.parametrize("leg", [None, "agents"])
def test_hold_told_before_the_answer_of_an_agent_is_theirs_also_where_they_were_rung_as_a_supervisor_before(
    came: bool, leg: str | None
) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by="bob", address="7001", mode="join"))
    if came:
        floor.call("supervisor_joined", details={"supervisor": "bob"})
    floor.now += 1
    floor.call("supervisor_left", details={"supervisor": "bob"})
    floor.on("bob")
    floor.now += 1
    floor.call("connection_cleared", agent="1001")
    floor.wait(6)
    floor.do(c.AcceptOffer(agent_id="bob", contact_id=contact))
    at = floor.now
    floor.now += 2
    floor.call("held", agent="1002", leg_id=leg, at=at + 1)
    floor.call("established", agent="1002", leg_id=leg, at=at)
    assert (floor.contact(contact).agents, held(floor, contact)) == (("bob",), True)


def joined(floor: Bench, leg: str, kind: str = "supervisor_joined", at: float | None = None) -> None:
    """Told of a phone of Cho's, each time another."""
    floor.now += 1
    floor.call(kind, leg_id=leg, details={"supervisor": "cho"}, at=floor.now if at is None else at)


@pytest.mark.parametrize("inside", [True, False])
def test_supervisor_is_in_the_call_though_it_is_told_once_more_that_they_had_left_it_before(inside: bool) -> None:
    floor = Bench()
    contact = talking(floor)
    listen = c.Listen(contact_id=contact, by="cho", mode="join")
    floor.do(listen)
    joined(floor, "first")
    floor.do(c.StopListening(contact_id=contact, by="cho"))
    joined(floor, "first", "supervisor_left")
    left_at = floor.now
    floor.do(listen)
    if inside:
        joined(floor, "second")
    joined(floor, "first", "supervisor_left", at=left_at)
    if not inside:
        joined(floor, "second")
    assert [(each.inside, each.leg) for each in floor.contact(contact).listeners] == [(True, "second")]


def test_supervisor_whose_phone_is_rung_has_not_come_by_the_one_by_which_they_had_handed_the_caller_on() -> None:
    floor = Bench()
    contact = talking(floor)
    listen = c.Listen(contact_id=contact, by="cho", mode="join")
    floor.do(listen)
    came_at = floor.now
    floor.now += 1
    floor.call("transferred", agent="cho", leg_id="first")
    floor.call("supervisor_left", leg_id="first", details={"supervisor": "cho"})
    floor.do(listen)
    joined(floor, "first", at=came_at)
    assert [each.inside for each in floor.contact(contact).listeners] == [False]
    joined(floor, "second")
    floor.do(c.TakeCall(contact_id=contact, by="cho"))
    floor.call("connection_cleared", agent="1001")
    floor.now += 1
    floor.call("transferred", agent="cho", leg_id="second")
    joined(floor, "second", "supervisor_left")
    floor.wait(10)
    assert (floor.contact(contact).state, floor.contact(contact).sent_away) == (ContactState.ARRIVING, True)
