"""Callers who are sent to a number by an agent: what those hear who stay, and nobody rings on in vain."""

from typing import Any

import pytest

from app.telephony.adapters.asterisk_ari.actions import Action, Request, Told
from app.telephony.adapters.asterisk_ari.ari.events import Channel, Event
from app.telephony.adapters.asterisk_ari.gaps.adopting import adopted
from app.telephony.adapters.asterisk_ari.line import names
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.events import EventType, OrderType
from app.telephony.port import KnownCall, KnownLeg, Refused
from tests.telephony.asterisk_ari.gaps.test_resuming import channel, sight
from tests.telephony.asterisk_ari.line.test_left_alone import LISTENER, SUE, asked, ends, listened, up
from tests.telephony.asterisk_ari.line.test_orders import AGENT, BO, a_line, order
from tests.telephony.asterisk_ari.replay import ANNA, CALL, SETUP

TALK = names.bridge(CALL)
NUMBER, ANOTHER = {"number": "5550001"}, {"number": "5550002"}
BO_S = str(names.Name(CALL, names.AGENT, "main-3", "bo"))
BO_HIMSELF = {"id": "bo", "address": "PJSIP/bo"}
RING, RINGS_NO_MORE = f"POST channels/{CALL}/ring", f"DELETE channels/{CALL}/ring"
MUSIC, QUIET = f"POST channels/{CALL}/moh", f"DELETE channels/{CALL}/moh"
APART, BACK = f"POST bridges/{TALK}/removeChannel", f"POST bridges/{TALK}/addChannel"


def invited(to: dict[str, str] = BO) -> Line:
    """Anna talks to a caller, and somebody is rung to come as well."""
    line = a_line(talking=True)
    order(line, OrderType.CONFERENCE, key="main-3", agent=AGENT, to=to)
    return line


def conference() -> Line:
    """Anna and Bo talk to a caller."""
    line = invited()
    up(line, BO_S)
    return line


def sent(line: Line, to: dict[str, str] = NUMBER, **data: Any) -> list[str]:
    """What is asked as the agent sends the caller there, and has gone."""
    came = order(line, OrderType.TRANSFER, **({"agent": AGENT} | data), to=to)
    assert not isinstance(came, Refused), came
    ends(line, ANNA)
    return asked(came)


def number(line: Line) -> str:
    """The channel of the number to which the caller was sent last."""
    return [leg.id for leg in line.legs.values() if leg.handed][-1]


def not_reached(line: Line, leg: str) -> list[Action]:
    return line.take(Event(type="ChannelDestroyed", channel=Channel(id=leg), cause=17, tech_cause=486), 9.0)


def told(actions: list[Action]) -> list[str]:
    return [each.type for each in actions if isinstance(each, Told)]


def joins(actions: list[Action] | Refused) -> list[str]:
    """Whom the switch is asked to bring in."""
    assert not isinstance(actions, Refused), actions
    asked_for = [each for each in actions if isinstance(each, Request) and each.path.endswith("/addChannel")]
    return [str(each.query["channel"]) for each in asked_for]


def test_who_talks_is_not_brought_in_anew_as_somebody_comes_which_would_take_them_out_of_the_talk_before() -> None:
    line = a_line(talking=True)
    order(line, OrderType.CONFERENCE, key="main-3", agent=AGENT, to=BO)
    assert joins(up(line, BO_S)) == [BO_S]
    sent(line)
    assert joins(up(line, number(line))) == [number(line)]
    order(line, OrderType.HOLD, agent=BO_HIMSELF)
    assert joins(order(line, OrderType.RETRIEVE, agent=BO_HIMSELF)) == [CALL]


def test_caller_whom_one_of_two_agents_sends_to_a_number_talks_on_with_the_other_whatever_becomes_of_it() -> None:
    line = conference()
    assert {RING, MUSIC, APART} & set(sent(line)) == set()
    assert line.together == {CALL, BO_S}
    came = not_reached(line, number(line))
    assert told(came) == [EventType.FAILED, EventType.SCRIPT_DONE]
    assert asked(came) == []
    assert line.together == {CALL, BO_S}


def test_number_to_which_one_of_two_agents_sends_a_caller_leaves_them_to_the_other() -> None:
    line = conference()
    sent(line)
    up(line, outside := number(line))
    assert line.together == {CALL, BO_S, outside}
    assert asked(ends(line, outside)) == []
    assert line.together == {CALL, BO_S}


def test_caller_hears_ringing_again_whom_the_other_agent_has_lost_while_the_number_rings() -> None:
    line = conference()
    sent(line)
    ends(line, BO_S)
    assert asked(line.perhaps_alone()) == [APART, RING]
    assert asked(not_reached(line, number(line))) == [RINGS_NO_MORE, MUSIC]


@pytest.mark.parametrize("to", [NUMBER, {"queue": "cards"}])
def test_caller_on_hold_by_who_sends_them_on_is_with_the_other_agent(to: dict[str, str]) -> None:
    line = conference()
    order(line, OrderType.HOLD, key="main-5", agent=AGENT)
    came = sent(line, to)
    assert QUIET in came
    assert BACK in came
    assert line.together == {CALL, BO_S}


def test_caller_on_hold_by_who_stays_hears_music_on_while_a_number_rings_and_where_it_is_not_reached() -> None:
    line = conference()
    order(line, OrderType.HOLD, key="main-5", agent=BO_HIMSELF)
    assert {BACK, QUIET, RING} & set(sent(line)) == set()
    assert asked(not_reached(line, number(line))) == []
    assert line.held
    assert asked(order(line, OrderType.RETRIEVE, key="main-9", agent=BO_HIMSELF)) == [QUIET, BACK]


@pytest.mark.parametrize("to", [BO, ANOTHER])
@pytest.mark.parametrize("where", [NUMBER, {"queue": "cards"}])
def test_nobody_who_was_invited_rings_on_as_the_last_agent_sends_the_caller_on(
    to: dict[str, str], where: dict[str, str]
) -> None:
    line = invited(to)
    (rung,) = [each for each in line.legs if each != ANNA]
    came = sent(line, where)
    assert f"DELETE channels/{rung}" in came
    assert (RING in came) is (where == NUMBER)
    assert asked(up(line, rung)) == [f"DELETE channels/{rung}"]  # who answers at that moment is hung up on


def test_who_is_invited_by_one_of_two_agents_comes_into_a_talk_in_which_nothing_rings() -> None:
    line = conference()
    order(line, OrderType.CONFERENCE, key="main-4", agent=AGENT, to={"agent": "cho", "address": "PJSIP/cho"})
    cho = str(names.Name(CALL, names.AGENT, "main-4", "cho"))
    assert RING not in sent(line)
    up(line, cho)
    assert line.together == {CALL, BO_S, cho}


def test_ringing_ends_for_a_caller_to_whom_somebody_comes_before_the_number_answers() -> None:
    line = a_line(talking=True)
    sent(line)
    order(line, OrderType.CONNECT, key="main-8", agent=BO_HIMSELF)
    came = asked(up(line, str(names.Name(CALL, names.AGENT, "main-8", "bo"))))
    assert came.index(RINGS_NO_MORE) < came.index(BACK)


def test_ringing_from_before_a_restart_ends_as_well() -> None:
    before = a_line(talking=True)
    sent(before)
    there = sight(channel(CALL), channel(number(before), state="Ringing", app=""))
    ((line, _),) = adopted(SETUP, there, set(), 9.0)
    assert RINGS_NO_MORE in asked(up(line, number(before)))


def test_caller_who_is_sent_on_to_another_number_does_not_come_back_as_the_first_stops_ringing() -> None:
    line = conference()
    sent(line)
    first = number(line)
    came = sent(line, ANOTHER, key="main-9", agent=BO_HIMSELF)
    assert f"DELETE channels/{first}" in came
    ends(line, BO_S)
    came_back = not_reached(line, first)
    assert told(came_back) == [EventType.FAILED]
    assert asked(came_back) == []
    assert told(not_reached(line, number(line))) == [EventType.FAILED, EventType.SCRIPT_DONE]


HANGS_UP = {"by phone": None, "by command": OrderType.DISCONNECT, "is dropped": OrderType.CANCEL}


def leaves(line: Line, how: str) -> list[Action]:
    """Bo leaves the call, by a command or without."""
    kind = HANGS_UP[how]
    came = order(line, kind, key="main-8", agent=BO_HIMSELF) if kind is not None else []
    assert not isinstance(came, Refused), came
    return [*came, *ends(line, BO_S)]


@pytest.mark.parametrize("how", HANGS_UP)
@pytest.mark.parametrize("answered", [False, True])
def test_caller_who_was_sent_to_a_number_goes_on_there_as_the_other_agent_leaves(how: str, answered: bool) -> None:
    line = conference()
    sent(line)
    if answered:
        up(line, number(line))
    came = leaves(line, how)
    assert told(came) == [EventType.TRANSFERRED]
    assert not {f"DELETE channels/{CALL}", f"DELETE channels/{number(line)}"} & set(asked(came))
    assert {CALL, *([number(line)] if answered else [])} <= line.together
    if answered:
        assert f"DELETE channels/{CALL}" in asked(ends(line, number(line)))


@pytest.mark.parametrize("how", HANGS_UP)
def test_caller_on_hold_by_who_leaves_them_to_the_number_to_which_they_were_sent_hears_it(how: str) -> None:
    line = conference()
    sent(line)
    up(line, number(line))
    order(line, OrderType.HOLD, key="main-5", agent=BO_HIMSELF)
    leaves(line, how)
    assert (line.together, line.held) == ({CALL, number(line)}, False)


def test_agent_who_sends_a_caller_to_a_number_and_hangs_up_at_once_does_not_end_the_call() -> None:
    line = a_line(talking=True)
    order(line, OrderType.TRANSFER, agent=AGENT, to=NUMBER)
    came = order(line, OrderType.DISCONNECT, key="main-8", agent=AGENT)
    assert not isinstance(came, Refused)
    assert asked(came) == [f"DELETE channels/{ANNA}"]
    assert told(ends(line, ANNA)) == [EventType.CONNECTION_CLEARED]


def test_caller_whom_one_number_has_left_hears_the_other_ring_and_music_where_it_is_not_reached() -> None:
    line = conference()
    sent(line)
    up(line, first := number(line))
    sent(line, ANOTHER, key="main-9", agent=BO_HIMSELF)
    ends(line, BO_S)
    assert asked(ends(line, first)) == [APART, RING]
    assert asked(not_reached(line, number(line))) == [RINGS_NO_MORE, MUSIC]


def test_caller_whom_everybody_has_left_at_the_moment_in_which_the_number_is_busy_hears_music() -> None:
    line = conference()
    sent(line)
    ends(line, BO_S)
    assert asked(not_reached(line, number(line))) == [APART, MUSIC]


def test_number_that_rings_no_longer_since_the_caller_was_sent_to_a_queue_is_not_told_as_a_transfer_in_vain() -> None:
    line = conference()
    sent(line)
    first = number(line)
    sent(line, {"queue": "cards"}, key="main-9", agent=BO_HIMSELF)
    assert told(not_reached(line, first)) == [EventType.FAILED]


@pytest.mark.parametrize("answered", [True, False])
def test_order_that_comes_again_once_the_number_has_answered_or_is_not_reached_moves_the_caller_nowhere(
    answered: bool,
) -> None:
    line = a_line(talking=True)
    order(line, OrderType.TRANSFER, agent=AGENT, to=NUMBER)
    if answered:
        up(line, number(line))
    else:
        not_reached(line, number(line))
    before = set(line.together)
    came = order(line, OrderType.TRANSFER, agent=AGENT, to=NUMBER)
    assert not isinstance(came, Refused)
    assert asked(came) == [f"DELETE channels/{ANNA}"]
    assert line.together == before


def test_caller_on_hold_while_a_number_rings_is_so_after_a_restart_and_hears_no_ringing_that_would_have_to_end() -> (
    None
):
    before = conference()
    order(before, OrderType.HOLD, key="main-5", agent=BO_HIMSELF)
    sent(before)
    outside = number(before)
    there = sight(channel(CALL), channel(BO_S), channel(outside, state="Ringing", app=""), bridged=(BO_S,))
    known = {CALL: KnownCall(id=CALL, legs=(KnownLeg(BO_S, "bo", held=True),))}
    ((line, _),) = adopted(SETUP, there, set(), 9.0, known)
    assert (line.held, line.ringing) == (True, False)
    up(line, outside)
    assert line.together == {BO_S, outside}


def test_caller_who_waits_in_a_queue_stays_as_the_number_to_which_another_had_sent_them_hangs_up() -> None:
    line = conference()
    sent(line)
    up(line, outside := number(line))
    sent(line, {"queue": "cards"}, key="main-9", agent=BO_HIMSELF)
    ends(line, BO_S)
    assert line.together == {CALL, outside}
    assert asked(ends(line, outside)) == [APART, MUSIC]


def test_number_to_which_another_had_sent_a_caller_has_them_while_an_agent_stays_whoever_sends_them_to_a_queue() -> (
    None
):
    line = conference()
    sent(line)
    up(line, outside := number(line))
    order(line, OrderType.CONFERENCE, key="main-10", agent=BO_HIMSELF, to={"agent": "cho", "address": "PJSIP/cho"})
    up(line, cho := str(names.Name(CALL, names.AGENT, "main-10", "cho")))
    sent(line, {"queue": "cards"}, key="main-9", agent=BO_HIMSELF)
    ends(line, BO_S)
    assert told(ends(line, cho)) == [EventType.TRANSFERRED]
    assert asked(ends(line, outside)) == [f"DELETE channels/{CALL}"]


@pytest.mark.parametrize("first", ["number", "supervisor"])
def test_caller_whom_a_number_has_left_to_a_supervisor_comes_back_as_they_go_too(first: str) -> None:
    line = listened("join")
    sent(line)
    up(line, outside := number(line))
    if first == "supervisor":
        assert told(ends(line, LISTENER)) == [EventType.TRANSFERRED, EventType.SUPERVISOR_LEFT]
        assert asked(ends(line, outside)) == [f"DELETE channels/{CALL}"]
        return
    assert asked(ends(line, outside)) == []
    gone = ends(line, LISTENER)
    assert told(gone) == [EventType.SUPERVISOR_LEFT, EventType.SCRIPT_DONE]
    assert asked(gone) == [APART, MUSIC]


@pytest.mark.parametrize("answered", [True, False])
def test_caller_whom_a_supervisor_had_taken_who_leaves_goes_on_with_the_number_to_which_they_were_sent(
    answered: bool,
) -> None:
    line = conference()
    sent(line)
    if answered:
        up(line, number(line))
    order(line, OrderType.LISTEN, key="main-7", agent=SUE, mode="join", to={"agent": "bo"})
    up(line, LISTENER)
    order(line, OrderType.CANCEL, key="main-8", agent=BO_HIMSELF)
    ends(line, BO_S)
    gone = ends(line, LISTENER)
    news = [each for each in gone if isinstance(each, Told)]
    assert [each.type for each in news] == [EventType.TRANSFERRED, EventType.SUPERVISOR_LEFT]
    assert (news[0].agent, news[0].leg_id) == ("sue", LISTENER)
    assert asked(gone) == ([] if answered else [APART, RING])


def test_supervisor_beside_an_agent_leaves_the_caller_to_them() -> None:
    line = conference()
    sent(line)
    up(line, number(line))
    order(line, OrderType.LISTEN, key="main-7", agent=SUE, mode="join", to={"agent": "bo"})
    up(line, LISTENER)
    assert told(ends(line, LISTENER)) == [EventType.SUPERVISOR_LEFT]
