"""Consultations while somebody else on the call brings a number that they have called at their phone."""

import pytest

from app.floor import commands as c
from tests.floor.factories import Bench
from tests.floor.test_floor_supervisors_phones import comes, presses, talking

CONSULTED = "+4930123"


def beside(floor: Bench, by: str) -> str:
    """Ann consults a number; Sue, a supervisor, is heard by all, or Bob is on the call, too."""
    contact = talking(floor)
    if by == "sue":
        floor.do(c.Listen(contact_id=contact, by="sue", address="7001", mode="join"))
        comes(floor, "sue")
    else:
        floor.call("established", agent="bob", leg_id="channel-bob")
    floor.do(c.ConsultCall(agent_id="ann", contact_id=contact, to=c.Destination(number=CONSULTED)))
    floor.now += 1
    return contact


@pytest.mark.parametrize("by", ["sue", "bob"])
@pytest.mark.parametrize("consulted", ["not told of", "rings"])
def test_number_that_somebody_else_brings_is_not_the_one_that_is_consulted(by: str, consulted: str) -> None:
    floor = Bench()
    contact = beside(floor, by)
    if consulted == "rings":
        floor.call("delivered", leg_id="consulted")
    floor.call("established", leg_id="brought")
    presses(floor, by, "transferred")
    consult = floor.contact(contact).consult
    assert consult is not None
    assert not consult.answered
    floor.call("connection_cleared", leg_id="brought")
    assert floor.contact(contact).consult == consult
    floor.now += 1
    floor.call("established", leg_id="consulted")
    answered = floor.contact(contact).consult
    assert answered is not None
    assert answered.answered


def test_number_that_is_never_told_to_have_answered_is_let_go_beside_one_that_was_brought() -> None:
    floor = Bench()
    contact = beside(floor, "sue")
    floor.call("established", leg_id="brought")
    presses(floor, "sue", "transferred")
    floor.wait(70)
    assert floor.contact(contact).consult is None


@pytest.mark.parametrize("by", ["sue", "bob"])
def test_number_that_has_answered_is_still_consulted_while_somebody_else_brings_another(by: str) -> None:
    floor = Bench()
    contact = beside(floor, by)
    floor.call("established", leg_id="consulted")
    floor.now += 1
    floor.call("established", leg_id="brought")
    presses(floor, by, "transferred")
    floor.call("connection_cleared", leg_id="brought")
    consult = floor.contact(contact).consult
    assert consult is not None
    assert consult.answered
    floor.call("connection_cleared", leg_id="consulted")
    assert floor.contact(contact).consult is None


def test_number_that_is_consulted_stays_so_while_somebody_else_brings_a_colleague() -> None:
    floor = Bench()
    contact = beside(floor, "sue")
    floor.call("established", leg_id="consulted")
    floor.now += 1
    floor.call("established", agent="bob", leg_id="bobs")
    presses(floor, "sue", "transferred")
    consult = floor.contact(contact).consult
    assert consult is not None
    assert consult.answered
