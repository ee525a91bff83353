"""Requests that went with a dying connection, of which the first were taken and the others were not."""

import msgspec

from app.telephony.adapters.asterisk_ari.ari.events import Channel, Event
from app.telephony.adapters.asterisk_ari.gaps.resuming import Sight, resumed
from app.telephony.adapters.asterisk_ari.line import names, referring
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.events import EventType, OrderType
from tests.telephony.asterisk_ari.gaps.test_resuming import MENU, channel, in_peace, sight, told
from tests.telephony.asterisk_ari.line.test_joining import attended
from tests.telephony.asterisk_ari.line.test_left_alone import LISTENER, SUE, asked, ends, listened, spy_of, up
from tests.telephony.asterisk_ari.line.test_orders import AGENT, BO, a_line, order
from tests.telephony.asterisk_ari.line.test_referring import PHONE, begun
from tests.telephony.asterisk_ari.replay import ANNA, CALL

TALK = names.bridge(CALL)
MUSIC, BACK = f"POST channels/{CALL}/moh", f"POST bridges/{TALK}/addChannel"


def in_rooms(there: Sight, **rooms: str) -> Sight:
    """The same, with these channels in these bridges."""
    return msgspec.structs.replace(there, rooms={**there.rooms, **rooms})


def left_to(to: dict[str, str]) -> tuple[Line, str]:
    """A caller whom Anna has left to somebody whose phone has held since before."""
    line = a_line(talking=True)
    order(line, OrderType.CONSULT, key="main-6", agent=AGENT, to=to)
    (other,) = (each for each in line.legs if each != ANNA)
    up(line, other)
    line.take(Event(type="ChannelHold", channel=Channel(id=other)), 8.0)
    order(line, OrderType.COMPLETE_TRANSFER, key="main-8", agent=AGENT)
    ends(line, ANNA)
    return line, other


def test_supervisor_who_was_to_join_and_is_in_the_room_of_their_spy_still_is_brought_in() -> None:
    line = listened("listen")
    spy = spy_of(line)
    up(line, spy)
    room = names.spying(line.legs[spy].name)
    order(line, OrderType.LISTEN, key="main-9", agent=SUE, mode="join", to={"agent": "anna"})
    there = sight(*(channel(each) for each in (CALL, ANNA, LISTENER, spy)), bridged=(CALL, ANNA))
    came = resumed(line, in_rooms(there, **{LISTENER: room, spy: room}), 9.0)
    assert asked(came)[-1] == BACK
    assert LISTENER in str(came[-2])
    assert came[-1:] == in_peace(9.0)


def test_supervisor_who_was_to_listen_only_is_not_heard_by_the_others_any_more() -> None:
    line = listened("join")
    order(line, OrderType.LISTEN, key="main-9", agent=SUE, mode="listen")
    spy = spy_of(line)
    up(line, spy)
    room = names.spying(line.legs[spy].name)
    there = sight(*(channel(each) for each in (CALL, ANNA, LISTENER, spy)), bridged=(CALL, ANNA, LISTENER))
    assert asked(resumed(line, there, 9.0)) == [f"POST bridges/{room}", f"POST bridges/{room}/addChannel"]
    assert resumed(line, in_rooms(there, **{LISTENER: room, spy: room}), 9.5) == in_peace(9.5)


def test_whom_a_phone_has_brought_and_who_is_in_the_bridge_of_their_own_call_still_is_brought_in() -> None:
    line, other = a_line(talking=True), begun("5550001", None)
    line.contact = "c-1"
    partner = next(each for each in other.legs if each != PHONE)
    up(other, partner)
    referring.joined(line, other, attended(partner, ANNA), None, 20.0)
    there = sight(channel(CALL), channel(ANNA), channel(partner), bridged=(CALL, ANNA))
    assert asked(resumed(line, in_rooms(there, **{partner: names.bridge(other.call)}), 9.0))[-1] == BACK


def test_music_of_a_caller_who_is_left_to_a_number_that_holds_is_asked_for_again() -> None:
    line, number = left_to({"number": "5550001"})
    came = resumed(line, sight(channel(CALL), channel(number), bridged=(CALL, number)), 9.0)
    assert asked(came) == [f"POST bridges/{TALK}/removeChannel", MUSIC]


def test_script_of_a_caller_whom_somebody_who_held_has_left_is_lost_and_not_taken_for_a_hold() -> None:
    line, bo = left_to(BO)
    ends(line, bo)
    line.perform(MENU, [()], 9.0)
    assert told(resumed(line, sight(channel(CALL)), 9.5)) == [EventType.SCRIPT_LOST]
