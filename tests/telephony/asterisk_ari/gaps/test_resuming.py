"""Calls after a gap: what the switch has is what is so."""

from typing import Any

import msgspec
import pytest

from app.telephony.adapters.asterisk_ari.actions import Action, Ended, Request, Stored, Told, Wake
from app.telephony.adapters.asterisk_ari.ari.events import Channel, Dialplan, Event, Party, Recording
from app.telephony.adapters.asterisk_ari.gaps.adopting import adopted, left_behind
from app.telephony.adapters.asterisk_ari.gaps.resuming import Sight, left_over, resumed
from app.telephony.adapters.asterisk_ari.line import names, referring
from app.telephony.adapters.asterisk_ari.line.leg import Leg
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.adapters.asterisk_ari.line.player import Media
from app.telephony.adapters.asterisk_ari.phones import phone_word
from app.telephony.events import EventType
from app.telephony.instructions import Collect, Music, Play, Script, Voicemail
from app.telephony.port import KnownCall, KnownLeg
from tests.telephony.asterisk_ari.replay import ANNA, CALL, SETUP, Replay, recorded

MENU = Script(number=4, instructions=(Collect(prompts=(Play(media="menu"),)),))
OUTBOUND = "0192f0c1-1111-7000-8000-000000000001"


def channel(name: str, state: str = "Up", app: str = "Stasis") -> Channel:
    """A channel in our hands."""
    plan = Dialplan("4001", app, "callfloor,inbound,4001" if name == CALL else "callfloor,leg")
    return Channel(id=name, state=state, caller=Party("13800001111"), dialplan=plan)


def sight(*channels: Channel, bridged: tuple[str, ...] = ()) -> Sight:
    """What there is; these are in the bridge of their call."""
    rooms = {each: names.bridge(name.call if (name := names.read(each)) else each) for each in bridged}
    return Sight({each.id: each for each in channels}, rooms)


def talking() -> Line:
    """Anna talks to the caller."""
    replay = Replay()
    for line in recorded("caller_ends"):
        replay.give(line)
        if line.get("args") == ["leg"]:
            break
    return replay.line


def told(actions: list[Action]) -> list[str]:
    """The news."""
    return [each.type for each in actions if isinstance(each, Told)]


def asked(actions: list[Action]) -> list[str]:
    """The requests."""
    return [f"{each.method} {each.path}" for each in actions if isinstance(each, Request)]


def in_peace(now: float) -> list[Action]:
    """What follows where agents talk and nothing has happened: their phones may have asked for transfers."""
    return [Wake(now + referring.UNDECIDED_SECONDS, referring.UNDECIDED)]


def test_a_conversation_that_goes_on_is_left_in_peace() -> None:
    assert resumed(talking(), sight(channel(CALL), channel(ANNA), bridged=(CALL, ANNA)), 9.0) == in_peace(9.0)


def test_a_conversation_that_never_came_together_does_now() -> None:
    came = resumed(talking(), sight(channel(CALL), channel(ANNA)), 9.0)
    talk = "bridges/1700000000~1.talk"
    assert asked(came) == [f"DELETE channels/{CALL}/moh", f"POST {talk}", f"POST {talk}/addChannel"]


def test_who_never_came_into_a_conversation_is_picked_up_as_well() -> None:
    came = resumed(talking(), sight(channel(CALL, "Ring"), channel(ANNA), bridged=(ANNA,)), 9.0)
    assert asked(came)[1] == f"POST channels/{CALL}/answer"


def test_what_a_phone_has_held_and_taken_back_during_a_gap_is_told_once() -> None:
    line, there = talking(), sight(channel(CALL), channel(ANNA), bridged=(CALL, ANNA))
    holds = msgspec.structs.replace(there, holding={ANNA: True})
    assert told(resumed(line, holds, 9.0)) == [EventType.HELD]
    assert resumed(line, holds, 9.5) == in_peace(9.5)
    assert resumed(line, there, 9.7) == in_peace(9.7)  # of what is no SIP phone it is not known
    assert told(resumed(line, msgspec.structs.replace(there, holding={ANNA: False}), 9.9)) == [EventType.RETRIEVED]


def test_a_caller_who_is_gone_with_their_agent_is_over_and_waits_for_nobody() -> None:
    came = resumed(talking(), sight(), 9.0)
    assert told(came) == [EventType.CLEARED]
    assert any(isinstance(each, Ended) for each in came)


def test_an_agent_who_is_gone_has_dropped_out_and_the_caller_hears_music() -> None:
    line = talking()
    came = resumed(line, sight(channel(CALL), bridged=(CALL,)), 9.0)
    assert [(each.type, each.cause, each.at) for each in came if isinstance(each, Told)] == [
        (EventType.CONNECTION_CLEARED, "dropped", 9.0)
    ]
    (moment,) = (each for each in came if isinstance(each, Wake))
    assert f"POST channels/{CALL}/moh" in asked(line.wake(moment.token, moment.at))


def test_a_caller_on_hold_hears_music_again() -> None:
    line = talking()
    line.put_on_hold()
    came = resumed(line, sight(channel(CALL), channel(ANNA), bridged=(ANNA,)), 9.0)
    assert asked(came) == [f"POST channels/{CALL}/moh"]
    assert line.held


@pytest.mark.parametrize("sent", [{"flow": True}, {"handed": "anna"}], ids=["a flow", "an agent"])
def test_a_caller_who_was_sent_to_a_number_hears_it_ring_on(sent: dict[str, Any]) -> None:
    line = Line(SETUP, CALL, caller=CALL)
    number = Leg(names.Name(CALL, names.PARTY, "main-9"), "PJSIP/5550001@carrier", **sent)
    line.dial(number)
    line.ringback()
    assert resumed(line, sight(channel(CALL), channel(number.id, "Ringing", app="")), 9.0) == []


def test_a_phone_that_was_answered_while_nobody_looked_is_put_through() -> None:
    replay = Replay().play(recorded("caller_ends")[:2])
    came = resumed(replay.line, sight(channel(CALL, "Ring"), channel(ANNA)), 9.0)
    assert [(each.type, each.at) for each in came if isinstance(each, Told)] == [(EventType.ESTABLISHED, 9.0)]
    assert f"POST channels/{CALL}/answer" in asked(came)


def test_a_menu_is_asked_for_again_since_its_end_may_not_have_been_told() -> None:
    line = Line(SETUP, CALL, caller=CALL)
    line.perform(MENU, [(Media("sound:menu"),)], 1.0)
    came = resumed(line, sight(channel(CALL)), 9.0)
    assert told(came) == [EventType.SCRIPT_LOST]
    assert asked(came)[0].startswith("DELETE playbacks/")


def test_a_message_whose_end_was_not_told_is_kept_and_ends_the_call() -> None:
    line = Line(SETUP, CALL, caller=CALL)
    line.perform(Script(number=5, instructions=(Voicemail(),)), [], 1.0)
    (name,) = line.recordings
    there = msgspec.structs.replace(sight(channel(CALL)), finished=frozenset([name, "another call's"]))
    came = resumed(line, there, 9.0)
    assert [each.name for each in came if isinstance(each, Stored)] == [name]
    assert f"DELETE channels/{CALL}" in asked(came)


def test_a_message_that_a_process_before_us_let_be_left_is_kept_once() -> None:
    ((line, _),) = adopted(SETUP, sight(channel(CALL)), (), 9.0)
    ended = Event(
        type="RecordingFinished",
        timestamp="2026-01-01T00:00:10+00:00",
        recording=Recording(name=names.message(CALL, 5, "c"), duration=4),
    )
    came = line.take(ended, 9.0)
    assert [each.seconds for each in came if isinstance(each, Stored)] == [4.0]
    assert f"DELETE channels/{CALL}" in asked(came)
    assert line.take(ended, 9.0) == []


def test_a_message_that_ended_while_no_process_ran_is_kept_and_ends_the_call() -> None:
    name = names.message(CALL, 5, "c")
    there = msgspec.structs.replace(sight(channel(CALL)), finished=frozenset([name]), stored=frozenset([name]))
    ((_, came),) = adopted(SETUP, there, (), 9.0)
    (message,) = (each for each in came if isinstance(each, Stored))
    assert (message.name, message.seconds, message.started_at) == (name, None, 1700000000.0)
    assert f"DELETE channels/{CALL}" in asked(came)


def test_a_message_that_is_being_left_is_left_in_peace() -> None:
    line = Line(SETUP, CALL, caller=CALL)
    line.perform(Script(number=5, instructions=(Voicemail(),)), [], 1.0)
    assert resumed(line, sight(channel(CALL)), 9.0) == []


def test_who_waits_hears_music_again_whatever_has_come_of_it() -> None:
    line = Line(SETUP, CALL, caller=CALL)
    line.perform(Script(number=1, instructions=(Music(),)), [], 1.0)
    assert asked(resumed(line, sight(channel(CALL, "Ring")), 9.0)) == [
        f"POST channels/{CALL}/answer", f"POST channels/{CALL}/moh",
    ]  # fmt: skip


def test_a_call_that_nobody_knows_is_adopted_with_its_agent_who_talks() -> None:
    ((line, came),) = adopted(SETUP, sight(channel(CALL), channel(ANNA), bridged=(CALL, ANNA)), (), 9.0)
    assert told(came) == [EventType.OFFERED, EventType.ESTABLISHED]
    assert asked(came) == []
    assert (line.call, line.caller, line.from_, line.to, line.direction) == (
        CALL, CALL, "13800001111", "4001", "inbound",
    )  # fmt: skip
    agent = line.of_agent("anna")
    assert agent is not None
    assert agent.up
    ended = line.take(Event(type="ChannelDestroyed", channel=Channel(id=ANNA), cause=16), 10.0)
    assert told(ended) == [EventType.CONNECTION_CLEARED]


def test_an_adopted_caller_who_hears_something_gets_it_anew() -> None:
    ((line, came),) = adopted(SETUP, sight(channel(CALL)), (), 9.0)
    assert told(came) == [EventType.OFFERED, EventType.SCRIPT_LOST]
    assert line.answered


def test_an_adopted_call_on_hold_stays_on_hold() -> None:
    ((line, came),) = adopted(SETUP, sight(channel(CALL), channel(ANNA), bridged=(ANNA,)), (), 9.0)
    assert line.held
    assert EventType.SCRIPT_LOST not in told(came)


def test_an_adopted_agent_whose_phone_rings_is_waited_for() -> None:
    ((line, _),) = adopted(SETUP, sight(channel(CALL), channel(ANNA, "Ringing", "AppDial2")), (), 9.0)
    answered = line.take(Event(type="StasisStart", channel=channel(ANNA), args=("leg",)), 10.0)
    assert told(answered) == [EventType.ESTABLISHED]


def test_an_agent_whom_the_caller_has_left_alone_is_hung_up_on() -> None:
    ((line, came),) = adopted(SETUP, sight(channel(ANNA), bridged=(ANNA,)), (), 9.0)
    assert told(came) == [EventType.CLEARED]
    assert asked(came) == [f"DELETE channels/{ANNA}"]
    line.take(Event(type="ChannelDestroyed", channel=Channel(id=ANNA), cause=16), 10.0)
    assert not line.legs


def test_a_customer_who_is_rung_for_an_agent_is_put_through_once_they_answer() -> None:
    agent, customer = (str(names.Name(OUTBOUND, role, "main-1", who)) for role, who in (("agent", "anna"), ("customer", "")))  # fmt: skip  # noqa: E501
    there = sight(channel(agent), channel(customer, "Ringing", "AppDial2"), bridged=(agent,))
    ((line, came),) = adopted(SETUP, there, (), 9.0)
    assert line.direction == "outbound"
    assert EventType.CLEARED not in told(came)
    answered = line.take(Event(type="StasisStart", channel=channel(customer), args=("leg",)), 10.0)
    assert told(answered) == [EventType.ESTABLISHED]
    assert "POST bridges/0192f0c1-1111-7000-8000-000000000001.talk/addChannel" in asked(answered)


def test_what_is_known_or_not_ours_is_not_adopted() -> None:
    stranger = Channel(id="1700000000.9", state="Up", dialplan=Dialplan("43", "Echo", ""))
    assert adopted(SETUP, sight(channel(CALL), stranger), {CALL}, 9.0) == []


def test_whom_the_floor_believes_on_a_call_and_who_is_not_there_has_dropped_out() -> None:
    ((line, _),) = adopted(SETUP, sight(channel(CALL), channel(ANNA), bridged=(CALL, ANNA)), (), 9.0)
    gone = left_behind(line, KnownCall(CALL, (KnownLeg(ANNA, "anna"), KnownLeg("x", "bo"))), 9.0)
    assert [(each.type, each.agent, each.cause) for each in gone if isinstance(each, Told)] == [
        (EventType.CONNECTION_CLEARED, "bo", "dropped")
    ]


def test_an_empty_bridge_that_no_call_needs_is_deleted() -> None:
    line = Line(SETUP, CALL, caller=CALL)
    rooms = {"1795635676~25.talk", "1795635676~25.listening.main-7", names.bridge(CALL), "somebody's.own", ".talk"}
    there = msgspec.structs.replace(sight(channel(CALL)), empty=frozenset(rooms))
    assert [each.path for each in left_over(there, [line])] == [
        "bridges/1795635676~25.listening.main-7", "bridges/1795635676~25.talk",
    ]  # fmt: skip
    assert left_over(sight(channel(CALL), bridged=(CALL,)), []) == []


def test_the_room_of_a_listener_who_listens_stays_and_that_of_one_who_has_gone_does_not() -> None:
    spy = names.Name(CALL, names.SPY, "main-7-0", "sue")
    there = sight(channel(CALL), channel(str(spy)))
    ((line, _),) = adopted(SETUP, there, (), 9.0)
    other = names.spying(names.Name(CALL, names.SPY, "main-6-0", "sue"))
    there = msgspec.structs.replace(there, empty=frozenset([names.spying(spy), other]))
    assert asked(list(left_over(there, [line]))) == [f"DELETE bridges/{other}"]


def test_the_empty_bridge_of_an_adopted_call_goes_with_the_call() -> None:
    there = msgspec.structs.replace(sight(channel(CALL)), empty=frozenset([names.bridge(CALL)]))
    ((line, _),) = adopted(SETUP, there, (), 9.0)
    ended = line.take(Event(type="ChannelDestroyed", channel=Channel(id=CALL), cause=16), 10.0)
    assert f"DELETE bridges/{names.bridge(CALL)}" in asked(ended)


@pytest.mark.parametrize(("state", "word"), [("NOT_INUSE", "available"), ("ONHOLD", "in_use"), ("RINGING", "in_use"),
                                             ("UNAVAILABLE", "unavailable"), ("INVALID", "unavailable"),
                                             ("UNKNOWN", None)])  # fmt: skip
def test_device_states_are_words_of_the_floor(state: str, word: str | None) -> None:
    assert phone_word(state) == word
