"""What those who watch the floor are shown of a caller whom supervisors have, and when."""

from typing import Any

import msgspec
import pytest

from app.floor import commands as c
from app.floor.frames import is_frame
from app.floor.memory.effects import Happened
from tests.floor.factories import Bench
from tests.floor.supervision.test_supervisors_phones import comes, held, presses, taken, talking


def shown(floor: Bench) -> list[dict[str, Any]]:
    """The contacts in the frames of the last command, whoever else has them."""
    frames = [e for e in floor.last.effects if isinstance(e, Happened) and is_frame(e)]
    contacts = [msgspec.json.decode(e.body).get("contact") for e in frames]
    return [each for each in contacts if each is not None]


def test_hold_of_a_supervisor_who_is_no_agent_is_shown_at_once() -> None:
    floor = Bench()
    taken(floor, "sue")
    for what in ("held", "retrieved"):
        presses(floor, "sue", what)
        assert [each["held"] for each in shown(floor)] == [what == "held"]
    presses(floor, "sue", "retrieved")
    assert shown(floor) == []


def test_it_is_shown_at_once_that_an_agent_has_left_the_caller_to_a_supervisor() -> None:
    floor = Bench()
    taken(floor, "sue")
    assert [each["agents"] for each in shown(floor)] == [[]]


@pytest.mark.parametrize("how", ["released", "swept"])
def test_it_is_shown_that_a_caller_is_left_to_a_supervisor_by_an_agent_of_whom_nothing_is_told(how: str) -> None:
    floor = Bench()
    contact = taken(floor, "sue", alone=False)
    if how == "released":
        floor.do(c.Release(agent_id="ann", by="max"))
    else:
        floor.now += 16
        floor.do(c.Expire())
    assert [each["agents"] for each in shown(floor)] == [[]]
    assert floor.contact(contact).agents == ()


def test_caller_who_waits_again_is_shown_once() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Transfer(agent_id="ann", contact_id=contact, to=c.Destination(queue="loans")))
    floor.call("connection_cleared", agent="1001")
    assert [(each["state"], each["queue"]) for each in shown(floor)] == [("waiting", "loans")]


def test_caller_is_on_hold_only_where_all_supervisors_hold_whom_they_can_hear() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by="max", address="7002", mode="join"))
    comes(floor, "max")
    floor.do(c.Listen(contact_id=contact, by="bob", mode="join"))
    floor.do(c.TakeCall(contact_id=contact, by="sue", address="7001"))
    comes(floor, "sue")
    floor.call("connection_cleared", agent="1001")
    presses(floor, "max", "held")
    assert not held(floor, contact)
    presses(floor, "sue", "held")
    assert held(floor, contact)


@pytest.mark.parametrize("mode", ["listen", "whisper"])
def test_caller_is_not_on_hold_for_a_supervisor_whom_they_cannot_hear(mode: str) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by="sue", address="7001", mode=mode))
    comes(floor, "sue")
    presses(floor, "sue", "held")
    floor.call("connection_cleared", agent="1001")
    assert not held(floor, contact)


def test_hold_is_as_it_was_told_last_whatever_a_supervisor_was_in_the_call_for_by_then() -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by="sue", address="7001", mode="join"))
    comes(floor, "sue")
    presses(floor, "sue", "held")
    floor.do(c.Listen(contact_id=contact, by="sue", mode="whisper"))
    presses(floor, "sue", "retrieved")
    floor.now += 6
    floor.do(c.TakeCall(contact_id=contact, by="sue"))
    floor.call("connection_cleared", agent="1001")
    assert not held(floor, contact)


@pytest.mark.parametrize("by", ["sue", "cho"])
def test_caller_is_on_hold_for_a_supervisor_who_held_before_they_took_the_call(by: str) -> None:
    floor = Bench()
    contact = talking(floor)
    floor.do(c.Listen(contact_id=contact, by=by, address="7001", mode="join"))
    comes(floor, by)
    presses(floor, by, "held")
    floor.do(c.TakeCall(contact_id=contact, by=by))
    floor.now += 1
    floor.call("connection_cleared", agent="1001")
    assert held(floor, contact)
    if by == "cho":
        floor.do(c.Retrieve(agent_id="cho", contact_id=contact))
    presses(floor, by, "retrieved")
    assert not held(floor, contact)
