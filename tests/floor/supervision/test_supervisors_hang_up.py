"""Supervisors who have taken a call over and hang up on it: the call ends, and callers are asked how it was."""

import msgspec
import pytest

from app.floor import commands as c
from app.floor.call_control import contacts
from app.floor.configuration.config import SourceRules
from app.floor.memory.entities import ContactState
from tests.floor.factories import CONFIG, Bench
from tests.floor.flow_line import Line
from tests.floor.supervision.test_dropped_agents import FREE, taken
from tests.floor.supervision.test_leaving_supervisors import taken_by
from tests.floor.supervision.test_supervising import inside, talking


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


def test_a_caller_who_waits_while_a_joined_supervisor_leaves_hears_music() -> None:
    steered = {"pbx": SourceRules(id="pbx", numbers={"100": "cards"}, steered=True)}
    floor = Bench(msgspec.structs.replace(CONFIG, sources=steered))
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by="sue", address="7001", mode="join"))
    inside(floor, "sue")
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(queue="loans")))
    floor.call("connection_cleared", agent="1001")
    inside(floor, "sue", joined=False)
    assert floor.orders() == ["call.script"]


@pytest.mark.parametrize(
    ("by", "left"), [("sue", (ContactState.WAITING, (), [])), ("cho", (ContactState.ACTIVE, ("cho",), ["cho"]))]
)
def test_nobody_waits_beside_a_supervisor_where_the_number_of_a_transfer_is_not_reached(
    by: str, left: tuple[ContactState, tuple[str, ...], list[str]]
) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by=by, address="7001" if by == "sue" else None))
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(number="+49301")))
    inside(floor, by)
    floor.call("transferred", agent="1001")
    floor.now += 20
    floor.call("script_done", details={"transfer": "no-answer", "script": 0})
    now = floor.contact(contact)
    assert (now.state, now.agents, [each.by for each in now.listeners]) == left


def test_a_transfer_is_given_up_with_who_asked_for_it_where_others_have_the_caller() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.on("bob")
    floor.do(c.Conference(agent_id="ann", contact_id=contact, to=c.Destination(agent="bob")))
    floor.call("established", agent="1002")
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(queue="loans")))
    floor.call("connection_cleared", agent="1001")
    floor.now += 600
    floor.do(c.HangUp(agent_id="bob", contact_id=contact))
    floor.call("connection_cleared", agent="1002")
    assert floor.contact(contact).queue == "cards"
    assert "transfer.completed" not in {entry.kind for entry in floor.contact(contact).timeline}


def test_a_transfer_that_is_asked_for_after_a_supervisor_has_the_call_leads_nowhere() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.TakeCall(contact_id=contact, by="cho"))
    inside(floor, "cho")
    floor.try_(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(queue="loans")))
    floor.call("connection_cleared", agent="1001")
    floor.now += 100
    floor.do(c.HangUp(agent_id="cho", contact_id=contact))
    inside(floor, "cho", joined=False)
    assert floor.contact(contact).queue == "cards"
