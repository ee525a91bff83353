"""Supervisors who have taken a call over and hang up on it: the call ends, and callers are asked how it was."""

import pytest

from app.floor import commands as c
from app.floor import contacts
from tests.floor.factories import Bench
from tests.floor.flow_line import Line
from tests.floor.test_floor_dropped_agents import FREE, taken
from tests.floor.test_floor_leaving_supervisors import taken_by
from tests.floor.test_floor_supervisors import inside, talking


@pytest.mark.parametrize("ends", ["ann was gone", "ann first", "cho first"])
def test_caller_is_asked_how_it_was_when_the_supervisor_who_took_the_call_hangs_up(ends: str) -> None:
    line = Line()
    line.on("ann")
    contact = line.rings()
    line.presses("1")
    line.answers("ann", contact)
    line.do(c.TakeCall(contact_id=contact, by="cho"))
    inside(line, "cho")
    if ends == "ann was gone":
        line.call("connection_cleared", agent="ann")
    line.do(c.HangUp(agent_id="cho", contact_id=contact))
    assert line.orders() == ["call.stop_listening"]
    if ends == "ann first":
        line.call("connection_cleared", agent="ann")
    inside(line, "cho", joined=False)
    if ends == "cho first":
        line.call("connection_cleared", agent="ann")
    (script,) = line.ordered()
    assert "One to five." in str(script)
    assert (line.contact(contact).in_flow, line.states("cho")) == (True, FREE)


@pytest.mark.parametrize("told", ["nothing", "end of the agent"])
def test_call_ends_when_the_supervisor_who_took_it_hangs_up_before_the_end_of_the_agent_is_told(told: str) -> None:
    floor = Bench()
    contact = taken(floor, "cho")
    floor.do(c.HangUp(agent_id="cho", contact_id=contact))
    assert floor.orders() == ["call.disconnect"]
    if told != "nothing":
        floor.call("connection_cleared", agent="1001")
    floor.wait(16)
    assert floor.contact(contact).ended_at is not None
    assert floor.states("ann", "cho") == FREE + FREE


def test_call_ends_when_the_second_supervisor_who_took_it_hangs_up_before_the_end_of_the_first_is_told() -> None:
    floor = Bench()
    contact = talking(floor)
    for by in ("cho", "bob"):
        taken_by(floor, contact, by)
    floor.do(c.HangUp(agent_id="bob", contact_id=contact))
    assert floor.orders() == ["call.disconnect"]


@pytest.mark.parametrize("survey", [False, True])
def test_end_of_a_call_is_ordered_where_those_were_only_to_leave_it_of_whom_nothing_is_told(survey: bool) -> None:
    floor = Bench()
    contact = talking(floor) if survey else taken(floor, "sue")
    if survey:
        floor.state.store.put_contact(floor.contact(contact).with_(survey="how-was-it"))
    floor.do(c.HangUp(agent_id="ann", contact_id=contact))
    assert floor.orders() == ["call.cancel"]
    if not survey:
        inside(floor, "sue", joined=False)
    floor.wait(contacts.END_SECONDS)
    assert floor.orders() == ["call.disconnect"]
    assert floor.contact(contact).ended_at is not None


def test_end_of_a_call_is_ordered_once_where_it_was_ordered() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.HangUp(agent_id="ann", contact_id=contact))
    floor.wait(contacts.END_SECONDS)
    assert (floor.orders(), floor.states("ann")) == ([], FREE)
