"""Phones of those who are not alone with the caller, and bring whom they have called there (an attended REFER)."""

import pytest

from app.telephony.adapters.asterisk_ari.line import names, referring
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.events import OrderType
from tests.telephony.asterisk_ari.gaps.test_adopting import seen
from tests.telephony.asterisk_ari.gaps.test_resuming import channel, sight
from tests.telephony.asterisk_ari.line.test_joining import attended
from tests.telephony.asterisk_ari.line.test_left_alone import gone, up
from tests.telephony.asterisk_ari.line.test_orders import AGENT, BO, a_line, order
from tests.telephony.asterisk_ari.line.test_referring import PHONE, begun, due, states, wish
from tests.telephony.asterisk_ari.line.test_taken_over import BO_S, CHO, EAR, answers, taken
from tests.telephony.asterisk_ari.replay import ANNA, CALL, SETUP

CARL = str(names.Name(CALL, names.AGENT, "main-4", "carl"))


def beside_anna(who: str = EAR) -> Line:
    """Anna talks to a caller, and somebody else is heard by both: a supervisor who has joined, or Carl, an agent."""
    line = a_line(talking=True)
    line.contact = "c-1"
    if who == EAR:
        order(line, OrderType.LISTEN, key="main-5", agent=CHO, mode="join", to={"agent": "anna"})
    else:
        order(line, OrderType.CONFERENCE, key="main-4", agent=AGENT, to={"agent": "carl", "address": "PJSIP/carl"})
    answers(line, who)
    return line


def brings(line: Line, phone: str) -> list[str]:
    """That phone asks for its caller to be joined with whom it has called; what it is told."""
    other = begun("5550001", None)
    partner = next(each for each in other.legs if each != PHONE)
    up(other, partner)
    here, _ = referring.joined(line, other, attended(partner, phone), None, 20.0)
    came = states([*due(line, here), *gone(other, PHONE)])
    assert (partner in line.together) == (came == ["channel_answered"])
    return came


@pytest.mark.parametrize("who", [EAR, CARL])
def test_caller_whom_somebody_else_holds_stays_on_hold(who: str) -> None:
    line = beside_anna(who)
    order(line, OrderType.HOLD, key="main-6", agent=AGENT)
    assert brings(line, who) == ["channel_unavailable"]
    assert line.together == {ANNA, who}


@pytest.mark.parametrize("who", [EAR, CARL])
def test_caller_does_not_hear_what_somebody_else_is_consulted_about(who: str) -> None:
    line = beside_anna(who)
    order(line, OrderType.CONSULT, key="main-6", agent=AGENT, to=BO)
    answers(line, BO_S)
    assert brings(line, who) == ["channel_unavailable"]
    assert line.together == {ANNA, who, BO_S}


@pytest.mark.parametrize("who", [EAR, CARL])
def test_caller_is_brought_together_with_somebody_by_the_one_who_holds_them(who: str) -> None:
    line = beside_anna(who)
    order(line, OrderType.HOLD, key="main-6", agent=AGENT)
    assert brings(line, ANNA) == ["channel_answered"]
    assert CALL in line.together


def test_caller_of_whom_it_is_not_known_who_holds_them_is_brought_together_with_nobody_where_others_are_there() -> None:
    line, _ = seen(sight(channel(CALL), channel(ANNA), channel(EAR), bridged=(ANNA, EAR)))
    assert line.held
    assert brings(line, EAR) == ["channel_unavailable"]
    alone, _ = seen(sight(channel(CALL), channel(EAR), bridged=(EAR,)))
    assert brings(alone, EAR) == ["channel_answered"]


def test_who_is_being_let_out_brings_nobody_any_more() -> None:
    line = beside_anna()
    order(line, OrderType.STOP_LISTENING, key="main-6", agent=CHO)
    assert brings(line, EAR) == ["channel_unavailable"]


def test_phone_that_waits_for_what_becomes_of_another_wish_brings_nobody_and_has_one_answer() -> None:
    line = taken()
    referring.asked(line, wish("bo", EAR), 9.0)
    assert brings(line, EAR) == []
    strangers = referring.joined(line, Line(SETUP, "17.2", caller="17.2"), attended("17.3", EAR), None, 20.0)
    assert (strangers.here, strangers.there) == ([], [])
    assert states(order(line, OrderType.TRANSFER, agent=CHO, to=BO)) == ["channel_answered"]
    assert brings(line, EAR) == []
