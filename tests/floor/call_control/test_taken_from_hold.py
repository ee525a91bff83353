"""Callers on hold whose agent leaves them to a supervisor or a colleague, who are to hear them."""

from collections.abc import Callable

import pytest

from app.floor import commands as c
from app.floor.memory.effects import SwitchOrder
from app.floor.orders.lanes import overtakes
from tests.floor.factories import Bench
from tests.floor.supervision.test_leaving_supervisors import beside_bob, who_leaves
from tests.floor.supervision.test_supervising import inside, talking

Holds = Callable[[Bench, str], None]


def held(floor: Bench, contact: str) -> None:
    floor.call("held", agent="1001")


def held_by_nobody_named(floor: Bench, contact: str) -> None:
    floor.call("held", leg_id="customer")


def hold_asked_for(floor: Bench, contact: str) -> None:
    floor.do(c.Hold(agent_id="ann", contact_id=contact))


@pytest.mark.parametrize("hold", [held, held_by_nobody_named, hold_asked_for])
@pytest.mark.parametrize("by", ["sue", "cho"])
def test_caller_on_hold_is_taken_back_for_the_supervisor_who_takes_them_over(by: str, hold: Holds) -> None:
    floor = Bench()
    contact = talking(floor)
    hold(floor, contact)
    floor.do(c.TakeCall(contact_id=contact, by=by, address="7001" if by == "sue" else None))
    inside(floor, by)
    assert who_leaves(floor) == [("call.retrieve", "ann"), ("call.cancel", "ann")]


def test_caller_whom_the_supervisor_holds_is_taken_back_for_a_second_one_who_takes_them_over() -> None:
    floor = Bench()
    contact = beside_bob(floor)
    floor.call("held", agent="1003")
    floor.do(c.TakeCall(contact_id=contact, by="sue", address="7001"))
    inside(floor, "sue")
    assert who_leaves(floor) == [("call.retrieve", "cho"), ("call.stop_listening", "cho"), ("call.cancel", "bob")]


def test_caller_of_a_consultation_is_given_back_with_its_end_only() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by="sue", address="7001"))
    floor.on("bob")
    floor.do(c.ConsultCall(agent_id="ann", contact_id=contact, to=c.Destination(agent="bob")))
    floor.call("held", agent="1001")
    inside(floor, "sue")
    assert who_leaves(floor) == [("call.reconnect", "ann"), ("call.cancel", "ann")]


def test_supervisor_who_holds_the_caller_and_hangs_up_leaves_them_to_the_colleague_off_hold() -> None:
    floor = Bench()
    contact = beside_bob(floor)
    floor.call("held", agent="1003")
    hang_up = c.HangUp(agent_id="cho", contact_id=contact)
    floor.do(hang_up)
    assert who_leaves(floor) == [("call.retrieve", "cho"), ("call.stop_listening", "cho")]
    assert floor.refused(hang_up)["code"] == "under-way"


def test_agent_who_holds_the_caller_and_hangs_up_leaves_them_to_the_colleague_off_hold() -> None:
    floor = Bench()
    contact = beside_bob(floor)
    floor.call("held", agent="1002")
    floor.do(c.HangUp(agent_id="bob", contact_id=contact))
    assert who_leaves(floor) == [("call.retrieve", "bob"), ("call.cancel", "bob")]


def test_supervisor_who_holds_the_caller_and_puts_their_phone_down_leaves_them_to_the_colleague_off_hold() -> None:
    floor = Bench()
    contact = beside_bob(floor)
    floor.call("held", agent="1003")
    inside(floor, "cho", joined=False)
    assert (who_leaves(floor), floor.contact(contact).agents) == ([("call.retrieve", "bob")], ("bob",))


@pytest.mark.parametrize("again", [False, True])
def test_agent_who_holds_the_caller_and_puts_their_phone_down_leaves_them_to_the_colleague_off_hold(
    again: bool,
) -> None:
    floor = Bench()
    beside_bob(floor)
    floor.call("held", agent="1002")
    if again:
        floor.call("retrieved", agent="1002")
    floor.call("connection_cleared", agent="1002")
    assert who_leaves(floor) == ([] if again else [("call.retrieve", "cho")])


def test_caller_whom_an_agent_sends_from_hold_to_a_number_is_not_taken_back() -> None:
    floor = Bench()
    contact = beside_bob(floor)
    floor.call("held", agent="1002")
    floor.do(c.Transfer(agent_id="bob", contact_id=contact, to=c.Destination(number="5550001")))
    floor.call("transferred", agent="1002")
    assert floor.orders() == []


def test_agent_who_hangs_up_beside_a_colleague_who_holds_the_caller_leaves_them_on_hold() -> None:
    floor = Bench()
    contact = beside_bob(floor)
    floor.call("held", agent="1002")
    floor.do(c.HangUp(agent_id="cho", contact_id=contact))
    assert who_leaves(floor) == [("call.stop_listening", "cho")]


def test_agent_who_holds_the_caller_and_is_released_leaves_them_to_the_colleague_off_hold() -> None:
    floor = Bench()
    beside_bob(floor)
    floor.call("held", agent="1003")
    floor.do(c.Release(agent_id="cho", by="sue"))
    assert who_leaves(floor) == [("call.retrieve", "cho"), ("call.stop_listening", "cho")]


def test_single_agent_who_hangs_up_takes_nobody_back() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.call("held", agent="1001")
    floor.do(c.HangUp(agent_id="ann", contact_id=contact))
    assert floor.orders() == ["call.disconnect"]


@pytest.mark.parametrize(
    ("leaves", "order"),
    [
        (lambda contact: c.HangUp(agent_id="ann", contact_id=contact), "call.disconnect"),
        (lambda _: c.Release(agent_id="ann", by="sup"), "call.cancel"),
    ],
)
def test_a_caller_whom_a_colleague_holds_stays_on_hold_when_somebody_leaves(
    leaves: Callable[[str], c.Command], order: str
) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.on("bob")
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=c.Destination(agent="bob")))
    floor.call("established", agent="1002")
    floor.do(c.Hold(agent_id="bob", contact_id=contact))
    floor.call("held")
    floor.do(leaves(contact))
    assert floor.orders() == [order]


def test_who_hangs_up_waits_for_no_retrieve_that_the_platform_does_not_take() -> None:
    floor = Bench()
    contact = beside_bob(floor)
    floor.call("held", agent="1002")
    floor.do(c.HangUp(agent_id="bob", contact_id=contact))
    retrieve, hang_up = [each for each in floor.last.effects if isinstance(each, SwitchOrder)]
    assert (retrieve.type, hang_up.type) == ("call.retrieve", "call.cancel")
    assert overtakes(hang_up, retrieve, attempts=1)
    assert not overtakes(hang_up, retrieve, attempts=0)
