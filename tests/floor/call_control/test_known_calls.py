"""What a platform is told of its calls after a gap: who is on them, and who has the caller."""

import pytest

from app.floor import commands as c
from app.floor.call_control.known_calls import known_call
from app.telephony.port import KnownCall, KnownLeg, KnownSupervisor
from tests.floor.call_control.test_consulting import NUMBER, consulting
from tests.floor.call_control.test_two_agents_handed_on import both
from tests.floor.factories import Bench
from tests.floor.flow_line import Line
from tests.floor.supervision.test_supervisors_phones import comes, goes, taken, talking


def known(floor: Bench, contact: str) -> KnownCall:
    return known_call(floor.contact(contact))


def test_caller_whom_an_agent_has_sent_to_a_number_is_away_until_it_is_not_reached() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=NUMBER))
    assert not known(floor, contact).away
    floor.call("transferred", agent="1001")
    assert known(floor, contact).away
    floor.call("delivered", leg_id="number")
    assert known(floor, contact).legs == (KnownLeg("number", None, talked=False),)
    floor.call("script_done", details={"script": 0, "transfer": "busy"})
    assert not known(floor, contact).away


def test_caller_waits_until_they_have_an_agent_and_from_when_they_are_sent_to_a_queue() -> None:
    floor = Bench()
    contact = floor.arrives()
    assert known(floor, contact).waits
    floor.on("ann")
    floor.do(c.AcceptOffer(agent_id="ann", contact_id=contact))
    assert known(floor, contact).waits
    floor.call("established", agent="1001")
    assert not known(floor, contact).waits
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(queue="loans")))
    assert known(floor, contact).waits
    floor.call("transferred", agent="1001")
    assert known(floor, contact).waits


def test_caller_who_is_sent_to_a_number_does_not_wait() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=NUMBER))
    assert not known(floor, contact).waits


def test_caller_whom_a_flow_has_sent_to_a_number_is_away_and_one_of_whom_it_takes_leave_is_not() -> None:
    for key, away in (("8", True), ("6", False)):
        line = Line()
        contact = line.rings()
        assert not known(line, contact).away
        line.presses(key)
        assert known(line, contact).away is away


def test_caller_whom_a_supervisor_has_is_not_away() -> None:
    floor = Bench()
    contact = taken(floor, "sue")
    assert floor.contact(contact).sent_away
    assert not known(floor, contact).away


@pytest.mark.parametrize("told", ["transferred", "connection_cleared"])
def test_caller_whom_the_only_agent_has_left_to_a_consulted_number_is_away(told: str) -> None:
    floor = Bench()
    contact = consulting(floor, NUMBER)
    floor.do(c.CompleteTransfer(agent_id="ann", contact_id=contact))
    assert not known(floor, contact).away
    floor.call(told, agent="1001")
    assert known(floor, contact).away


@pytest.mark.parametrize("told", ["transferred", "connection_cleared"])
def test_number_to_which_an_agent_has_left_the_caller_is_known_while_another_agent_stays(told: str) -> None:
    floor, contact = both()
    floor.do(c.ConsultCall(agent_id="bob", contact_id=contact, to=NUMBER))
    floor.call("established", leg_id="number")
    floor.do(c.CompleteTransfer(agent_id="bob", contact_id=contact))
    assert known(floor, contact).left_to is None
    floor.call(told, agent="1002")
    assert (known(floor, contact).left_to, known(floor, contact).away) == ("number", False)
    floor.now += 1
    floor.call("transferred", agent="1001")
    assert known(floor, contact).away


def test_supervisor_is_known_from_when_they_have_come_until_they_go() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by="sue", address="7001", mode="listen"))
    assert known(floor, contact).supervisors == ()
    comes(floor, "sue")
    assert known(floor, contact).supervisors == (KnownSupervisor("channel-sue", "sue"),)
    goes(floor, "sue")
    assert known(floor, contact).supervisors == ()


def test_supervisor_who_has_taken_the_caller_as_an_agent_is_known_as_one_only() -> None:
    for by, supervisors in (("sue", (KnownSupervisor("channel-sue", "sue"),)), ("cho", ())):
        floor = Bench()
        there = known(floor, taken(floor, by))
        assert there.supervisors == supervisors
        assert there.legs == (() if supervisors else (KnownLeg("channel-cho", "cho"),))
