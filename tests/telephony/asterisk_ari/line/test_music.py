"""Music that a caller hears, whoever has begun it: it ends with what they come to hear next."""

import msgspec
import pytest

from app.telephony.adapters.asterisk_ari.actions import Action, Request, Wake
from app.telephony.adapters.asterisk_ari.ari.events import Channel, Event
from app.telephony.adapters.asterisk_ari.gaps.adopting import adopted
from app.telephony.adapters.asterisk_ari.gaps.resuming import resumed
from app.telephony.adapters.asterisk_ari.line import names
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.events import OrderType
from app.telephony.instructions import Enqueue, Script
from app.telephony.port import KnownCall, KnownLeg, Refused
from tests.telephony.asterisk_ari.gaps.test_adopting import seen
from tests.telephony.asterisk_ari.gaps.test_resuming import channel, in_peace, sight, told
from tests.telephony.asterisk_ari.line.test_left_alone import SUE, asked, ends, listened, up
from tests.telephony.asterisk_ari.line.test_orders import AGENT, BO, a_line, order
from tests.telephony.asterisk_ari.line.test_taken_over import BO_S, left_to_who_holds
from tests.telephony.asterisk_ari.replay import ANNA, CALL, SETUP

NUMBER = {"number": "5550001"}
TALK = names.bridge(CALL)
QUIET, BACK = f"DELETE channels/{CALL}/moh", f"POST bridges/{TALK}/addChannel"


def test_music_from_before_a_restart_ends_as_the_caller_is_taken_back_and_is_not_begun_anew() -> None:
    line, came = seen(sight(channel(CALL), channel(ANNA), bridged=(ANNA,)))
    assert asked(came) == []
    assert asked(order(line, OrderType.RETRIEVE, agent=AGENT)) == [QUIET, BACK]


def test_music_from_before_a_restart_ends_as_an_agent_answers_at_once() -> None:
    line, _ = seen(sight(channel(CALL), channel(ANNA, "Ringing")))
    assert asked(line.waits(9.0)) == []  # soon
    assert QUIET in asked(up(line, ANNA))


def test_caller_in_a_conversation_from_before_a_restart_hears_no_music_that_would_have_to_end() -> None:
    line, _ = seen(sight(channel(CALL), channel(ANNA), bridged=(CALL, ANNA)))
    assert asked(order(line, OrderType.HOLD, agent=AGENT)) == [
        f"POST bridges/{TALK}/removeChannel",
        f"POST channels/{CALL}/moh",
    ]


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "a supervisor has joined"])
def test_music_of_a_caller_on_hold_goes_on_over_a_gap_and_ends_as_they_are_taken_back(beside: bool) -> None:
    line = listened("join") if beside else a_line(talking=True)
    order(line, OrderType.HOLD, agent=AGENT)
    there = sight(*(channel(each) for each in (CALL, *line.legs)), bridged=tuple(line.legs))
    assert asked(resumed(line, there, 9.0)) == [f"POST channels/{CALL}/moh"]
    assert asked(order(line, OrderType.RETRIEVE, agent=AGENT)) == [QUIET, BACK]


def test_music_of_a_caller_ends_whose_taking_back_was_lost_with_the_connection() -> None:
    line = a_line(talking=True)
    order(line, OrderType.HOLD, agent=AGENT)
    order(line, OrderType.RETRIEVE, agent=AGENT)
    came = resumed(line, sight(channel(CALL), channel(ANNA), bridged=(ANNA,)), 9.0)
    assert asked(came) == [QUIET, f"POST bridges/{TALK}", BACK]
    assert resumed(line, sight(channel(CALL), channel(ANNA), bridged=(CALL, ANNA)), 9.0) == in_peace(9.0)


def test_caller_whose_hold_was_lost_with_the_connection_hears_music_apart_from_the_others() -> None:
    line = a_line(talking=True)
    order(line, OrderType.HOLD, agent=AGENT)
    came = resumed(line, sight(channel(CALL), channel(ANNA), bridged=(CALL, ANNA)), 9.0)
    assert asked(came) == [f"POST bridges/{TALK}/removeChannel", f"POST channels/{CALL}/moh"]


def test_ringing_ends_for_who_was_sent_to_a_number_that_answered_as_the_connection_died() -> None:
    line = a_line(talking=True)
    order(line, OrderType.TRANSFER, agent=AGENT, to=NUMBER)
    ends(line, ANNA)
    (number,) = line.legs
    up(line, number)
    came = resumed(line, sight(channel(CALL), channel(number)), 9.0)
    assert asked(came)[:2] == [f"DELETE channels/{CALL}/ring", QUIET]
    assert asked(came)[-1] == BACK


def test_music_of_a_caller_for_whom_only_a_phone_is_there_that_holds_ends_after_a_gap_as_well() -> None:
    line = left_to_who_holds()
    (ear,) = line.legs
    there = sight(channel(CALL), channel(ear), bridged=(ear,))
    assert asked(resumed(line, there, 9.0)) == [f"POST channels/{CALL}/moh"]
    came = asked(line.take(Event(type="ChannelUnhold", channel=Channel(id=ear)), 9.5))
    assert came == [QUIET, BACK]


def test_caller_who_is_sent_to_a_number_goes_on_hearing_it_ring_when_the_agent_has_gone() -> None:
    line = a_line(talking=True)
    assert asked(order(line, OrderType.TRANSFER, agent=AGENT, to=NUMBER))[-2] == f"POST channels/{CALL}/ring"
    wakes = [each for each in ends(line, ANNA) if isinstance(each, Wake)]
    assert [one for wake in wakes for one in line.wake(wake.token, wake.at)] == []
    (number,) = line.legs
    gone = line.take(Event(type="ChannelDestroyed", channel=Channel(id=number), cause=17), 9.0)
    assert asked(gone) == [f"DELETE channels/{CALL}/ring", f"POST channels/{CALL}/moh"]


def phone(line: Line, kind: str, leg: str = ANNA) -> list[Action]:
    """A phone holds (ChannelHold), or holds no more (ChannelUnhold)."""
    return line.take(Event(type=kind, channel=Channel(id=leg)), 9.0)


def test_caller_on_hold_by_command_comes_back_as_the_phone_that_has_held_as_well_holds_no_more() -> None:
    line = a_line(talking=True)
    order(line, OrderType.HOLD, agent=AGENT)
    phone(line, "ChannelHold")
    came = phone(line, "ChannelUnhold")
    assert asked(came) == [QUIET, BACK]
    assert told(came) == ["call.retrieved"]


@pytest.mark.parametrize("answered", [False, True])
def test_caller_about_whom_an_agent_consults_is_not_told_to_be_back_as_the_phone_holds_no_more(answered: bool) -> None:
    line = a_line(talking=True)
    order(line, OrderType.CONSULT, key="main-6", agent=AGENT, to=BO)
    (bo,) = (each for each in line.legs if each != ANNA)
    if answered:
        up(line, bo)
    assert told(phone(line, "ChannelHold")) == ["call.held"]
    assert phone(line, "ChannelUnhold") == []
    assert CALL not in line.together


@pytest.mark.parametrize("to", [NUMBER, BO])
def test_caller_who_is_left_to_a_phone_that_holds_is_taken_back_by_it_whosever_it_is(to: dict[str, str]) -> None:
    line = a_line(talking=True)
    order(line, OrderType.CONSULT, key="main-6", agent=AGENT, to=to)
    (other,) = (each for each in line.legs if each != ANNA)
    up(line, other)
    line.take(Event(type="ChannelHold", channel=Channel(id=other)), 8.0)
    order(line, OrderType.COMPLETE_TRANSFER, key="main-8", agent=AGENT)
    assert f"POST channels/{CALL}/moh" in asked(ends(line, ANNA))
    came = asked(line.take(Event(type="ChannelUnhold", channel=Channel(id=other)), 9.0))
    assert came == [QUIET, BACK]
    assert line.together == {CALL, other}


def test_caller_whom_a_supervisor_stops_being_heard_by_hears_music_while_the_phone_that_is_left_holds() -> None:
    line = listened("join")
    phone(line, "ChannelHold")
    assert f"POST channels/{CALL}/moh" in asked(order(line, OrderType.LISTEN, key="main-9", agent=SUE, mode="listen"))
    assert asked(phone(line, "ChannelUnhold")) == [QUIET, BACK]


def test_caller_who_is_left_to_a_phone_that_holds_by_who_has_gone_already_hears_music() -> None:
    line = a_line(talking=True)
    order(line, OrderType.CONSULT, key="main-6", agent=AGENT, to=BO)
    (bo,) = (each for each in line.legs if each != ANNA)
    up(line, bo)
    phone(line, "ChannelHold", bo)
    ends(line, ANNA)
    came = asked(order(line, OrderType.COMPLETE_TRANSFER, key="main-8", agent=AGENT))
    assert came[-1] == f"POST channels/{CALL}/moh"
    assert asked(phone(line, "ChannelUnhold", bo)) == [QUIET, BACK]


@pytest.mark.parametrize("rings", [False, True])
def test_caller_on_hold_from_before_a_restart_is_not_told_to_be_back_while_others_are_there(rings: bool) -> None:
    bo = channel(BO_S, state="Ringing", app="") if rings else channel(BO_S)
    there = sight(channel(CALL), channel(ANNA), bo, bridged=(ANNA,) if rings else (ANNA, BO_S))
    believed = {CALL: KnownCall(CALL, (KnownLeg(ANNA, "anna", held=True), KnownLeg(BO_S, "bo")))}
    ((line, _),) = adopted(SETUP, there, (), 9.0, believed)
    assert told(phone(line, "ChannelHold")) == ["call.held"]
    assert phone(line, "ChannelUnhold") == []
    assert CALL not in line.together
    assert asked(order(line, OrderType.RECONNECT, agent=AGENT, to=BO))[-1] == BACK


def test_caller_on_hold_is_not_told_to_be_back_where_nobody_knows_who_of_several_holds_them() -> None:
    line, _ = seen(sight(channel(CALL), channel(ANNA), channel(BO_S), bridged=(ANNA, BO_S)))
    phone(line, "ChannelHold")
    assert phone(line, "ChannelUnhold") == []


@pytest.mark.parametrize("command", [False, True])
def test_caller_whom_the_phone_holds_is_not_taken_back_by_command_and_hears_music_until_the_phone_does(
    command: bool,
) -> None:
    line = a_line(talking=True)
    if command:
        order(line, OrderType.HOLD, agent=AGENT)
    phone(line, "ChannelHold")
    refused = order(line, OrderType.RETRIEVE, key="main-8", agent=AGENT)
    assert isinstance(refused, Refused)
    assert "phone of agent anna itself holds" in refused.detail
    back = phone(line, "ChannelUnhold")
    assert asked(back) == ([QUIET, BACK] if command else [])
    assert told(back) == ["call.retrieved"]
    assert not isinstance(order(line, OrderType.RETRIEVE, key="main-9", agent=AGENT), Refused)


@pytest.mark.parametrize("command", [False, True])
def test_caller_is_given_back_to_a_colleague_by_who_holds_at_the_phone_as_well_and_is_shown_as_held_by_them(
    command: bool,
) -> None:
    line = a_line(talking=True)
    order(line, OrderType.CONFERENCE, key="main-6", agent=AGENT, to=BO)
    up(line, BO_S)
    if command:
        order(line, OrderType.HOLD, agent=AGENT)
    phone(line, "ChannelHold")
    came = order(line, OrderType.RETRIEVE, key="main-8", agent=AGENT)
    assert not isinstance(came, Refused)
    assert asked(came) == ([QUIET, BACK] if command else [])
    assert told(came) == []
    assert {CALL, BO_S} <= line.together
    assert told(phone(line, "ChannelUnhold")) == ["call.retrieved"]


def test_caller_whose_agent_gives_up_a_consultation_hears_music_until_the_phone_holds_no_more() -> None:
    line = a_line(talking=True)
    order(line, OrderType.CONSULT, key="main-6", agent=AGENT, to=BO)
    up(line, BO_S)
    phone(line, "ChannelHold")
    came = order(line, OrderType.RECONNECT, key="main-8", agent=AGENT, to=BO)
    assert not isinstance(came, Refused)
    assert (asked(came), told(came)) == ([f"DELETE channels/{BO_S}"], [])
    ends(line, BO_S)
    back = phone(line, "ChannelUnhold")
    assert (asked(back), told(back)) == ([QUIET, BACK], ["call.retrieved"])


def classes(actions: list[Action] | Refused) -> list[object]:
    """The classes of music that are asked for."""
    assert not isinstance(actions, Refused), actions
    return [each.query.get("mohClass") for each in actions if isinstance(each, Request) and each.path.endswith("/moh")]


@pytest.mark.parametrize("name", ["tone", None])
def test_caller_hears_the_music_of_their_queue_after_a_gap_and_on_hold_as_well(name: str | None) -> None:
    line = a_line()
    line.perform(Script(number=1, instructions=(Enqueue(queue="cards", music=None if name else "another"),)), [], 1.0)
    came = line.perform(Script(number=2, instructions=(Enqueue(queue="cards", music=name),)), [], 2.0)
    assert classes(came)[-1] == name
    assert classes(resumed(line, sight(channel(CALL)), 3.0)) == [name]
    order(line, OrderType.CONNECT, key="main-1", agent=AGENT)
    up(line, ANNA)
    assert classes(order(line, OrderType.HOLD, key="main-2", agent=AGENT)) == [name]
    there = sight(channel(CALL), channel(ANNA), bridged=(ANNA,))
    assert classes(resumed(line, there, 9.0)) == [name]


def test_caller_on_hold_by_a_colleague_who_has_gone_comes_back_as_the_phone_that_holds_too_does_so_no_more() -> None:
    line = a_line(talking=True)
    order(line, OrderType.CONFERENCE, key="main-6", agent=AGENT, to=BO)
    up(line, BO_S)
    order(line, OrderType.HOLD, agent=AGENT)
    line.take(Event(type="ChannelHold", channel=Channel(id=BO_S)), 5.0)
    ends(line, ANNA)
    assert isinstance(order(line, OrderType.RETRIEVE, key="main-8", agent={"id": "bo"}), Refused)
    back = line.take(Event(type="ChannelUnhold", channel=Channel(id=BO_S)), 9.0)
    assert (asked(back), told(back)) == ([QUIET, BACK], ["call.retrieved"])


@pytest.mark.parametrize("by", ["anna", "bo"])
def test_caller_on_hold_by_a_colleague_who_stays_is_so_on_as_an_agent_hangs_up_by_command(by: str) -> None:
    line = a_line(talking=True)
    order(line, OrderType.CONFERENCE, key="main-6", agent=AGENT, to=BO)
    up(line, BO_S)
    order(line, OrderType.HOLD, agent={"id": by})
    order(line, OrderType.DISCONNECT, key="main-8", agent=AGENT)
    ends(line, ANNA)
    assert (CALL in line.together) is (by == "anna")
    assert line.held is (by == "bo")


def test_phone_that_has_held_no_more_since_a_gap_lets_its_agent_take_the_caller_back() -> None:
    line = a_line(talking=True)
    order(line, OrderType.HOLD, agent=AGENT)
    phone(line, "ChannelHold")
    there = sight(channel(CALL), channel(ANNA), bridged=(ANNA,))
    came = resumed(line, msgspec.structs.replace(there, holding={ANNA: False}), 9.0)
    assert told(came) == ["call.retrieved"]
    assert asked(came)[-1] == BACK
    assert not isinstance(order(line, OrderType.RETRIEVE, key="main-8", agent=AGENT), Refused)
