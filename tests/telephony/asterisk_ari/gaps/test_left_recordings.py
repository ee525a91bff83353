"""Recordings that ended while no process of ours looked are kept and told, or are told to have failed."""

from typing import Any

import msgspec

from app.telephony.adapters.asterisk_ari.actions import Action, Request, Stored, Told
from app.telephony.adapters.asterisk_ari.ari.events import Channel, Event, Recording
from app.telephony.adapters.asterisk_ari.gaps.adopting import adopted
from app.telephony.adapters.asterisk_ari.gaps.left_recordings import left
from app.telephony.adapters.asterisk_ari.gaps.resuming import Sight, resumed
from app.telephony.adapters.asterisk_ari.line import names
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.events import EventType, OrderType
from app.telephony.port import KnownCall, KnownRecording
from tests.telephony.asterisk_ari.gaps.test_resuming import asked, channel, sight
from tests.telephony.asterisk_ari.line.test_orders import a_line, order
from tests.telephony.asterisk_ari.replay import CALL, SETUP

BEGAN, CREATED = 1790000000.5, "2026-09-21T14:13:20.500+0000"
ID = "0192f0c1-1111-7000-8000-000000000001.1"
NAME = names.tape(CALL, BEGAN, ID)
TAPE = str(names.Name(CALL, names.TAPE, "main-7", ID))
SILENCE = [f"DELETE recordings/live/{NAME}/mute", f"POST recordings/live/{NAME}/mute"]
SOUND = [f"DELETE recordings/live/{NAME}/mute", f"DELETE recordings/live/{NAME}/pause"]
STILL_SILENT = [f"POST recordings/live/{NAME}/pause", *SILENCE, f"DELETE recordings/live/{NAME}/pause"]
NOBODY: dict[str, Any] = {"lines": {}, "calls": [], "waited_for": [], "keeping": ()}


def tape(state: str = "Up") -> Channel:
    """The channel that hears the caller for the recording."""
    return msgspec.structs.replace(channel(TAPE, state), creationtime=CREATED)


def taped() -> Line:
    """A call that is being recorded."""
    line = a_line(talking=True)
    order(line, OrderType.RECORD, do="start", recording=ID)
    line.take(Event(type="StasisStart", channel=tape(), args=("spy",)), 3.0)
    begins(line)
    return line


def begins(line: Line) -> list[Action]:
    """The switch has begun to record."""
    return line.take(Event(type="RecordingStarted", recording=Recording(name=NAME)), 3.1)


def stored(there: Sight, *names_: str) -> Sight:
    """With these recordings complete on the switch."""
    return msgspec.structs.replace(there, finished=frozenset(names_), stored=frozenset(names_))


def kept(actions: list[Action]) -> list[Stored]:
    return [each for each in actions if isinstance(each, Stored)]


def test_a_recording_whose_call_nobody_knows_any_more_is_kept_under_its_id() -> None:
    ((call, recording),) = left(stored(sight(), NAME, "somebody's own"), **NOBODY, now=9.0)
    assert isinstance(recording, Stored)
    assert (call, recording.name, recording.recording, recording.started_at) == (CALL, NAME, ID, BEGAN)
    assert (recording.seconds, recording.ordered, recording.untold) == (None, True, True)


def test_a_recording_that_the_floor_waits_for_is_told_with_its_pauses() -> None:
    waited_for = [KnownRecording(CALL, ID, ((BEGAN + 1, BEGAN + 2), (BEGAN + 3, None)))]
    ((_, recording),) = left(stored(sight(), NAME), **{**NOBODY, "waited_for": waited_for}, now=BEGAN + 9)
    assert isinstance(recording, Stored)
    assert recording.untold is False
    assert recording.pauses == ((BEGAN + 1, BEGAN + 2), (BEGAN + 3, BEGAN + 9))


def test_a_message_of_a_call_that_the_floor_holds_to_be_alive_is_told() -> None:
    there = stored(sight(), names.message(CALL, 5, "c"))
    ((_, message),) = left(there, **{**NOBODY, "calls": [KnownCall(CALL, ())]}, now=9.0)
    assert isinstance(message, Stored)
    assert (message.recording, message.ordered, message.untold) == ("c.message", False, False)


def test_what_is_on_its_way_is_not_kept_twice_and_has_not_failed() -> None:
    on_its_way = {**NOBODY, "waited_for": [KnownRecording(CALL, ID)], "keeping": {NAME}}
    assert left(stored(sight(), NAME), **on_its_way, now=9.0) == []


def test_a_recording_that_goes_on_or_is_about_to_has_not_failed() -> None:
    waited_for = [KnownRecording(CALL, ID)]
    begun, about_to = taped(), a_line(talking=True)
    order(about_to, OrderType.RECORD, do="start", recording=ID)
    for line in (begun, about_to):
        assert left(sight(), **{**NOBODY, "lines": {CALL: line}, "waited_for": waited_for}, now=9.0) == []


def test_a_recording_that_is_nowhere_has_failed() -> None:
    ((call, told),) = left(sight(), **{**NOBODY, "waited_for": [KnownRecording(CALL, ID)]}, now=9.0)
    assert isinstance(told, Told)
    assert (call, told.type, told.details) == (CALL, EventType.RECORDING_FAILED, {"recording": ID})


def test_a_recording_of_a_known_call_that_ended_in_a_gap_is_kept_with_the_length_of_its_file() -> None:
    line = taped()
    came = resumed(line, stored(sight(channel(CALL), tape()), NAME), 9.0)
    (recording,) = kept(came)
    assert (recording.recording, recording.seconds) == (ID, None)
    assert f"DELETE channels/{TAPE}" in asked(came)
    assert left(stored(sight(), NAME), **{**NOBODY, "lines": {CALL: line}, "keeping": {NAME}}, now=9.0) == []


def test_a_recording_of_an_adopted_call_goes_on_and_is_stopped_by_its_id() -> None:
    ((line, _),) = adopted(SETUP, sight(channel(CALL), tape()), (), 9.0)
    assert line.recordings == (NAME,)
    stopped = order(line, OrderType.RECORD, do="stop", recording=ID)
    assert isinstance(stopped, list)
    assert asked(stopped) == [f"POST recordings/live/{NAME}/stop", f"DELETE channels/{TAPE}"]
    ended = Event(type="RecordingFinished", timestamp="2026-09-21T14:13:30.500+0000", recording=Recording(name=NAME))
    assert [(each.recording, each.seconds) for each in kept(line.take(ended, 9.0))] == [(ID, 10.0)]


def test_a_recording_of_an_adopted_call_that_has_ended_is_kept() -> None:
    ((_, came),) = adopted(SETUP, stored(sight(channel(CALL), tape()), NAME), (), 9.0)
    assert [each.recording for each in kept(came)] == [ID]
    assert f"DELETE channels/{TAPE}" in asked(came)


def test_a_recording_of_an_adopted_call_that_was_never_begun_begins() -> None:
    there = msgspec.structs.replace(sight(channel(CALL), tape()), finished=frozenset([NAME]))
    ((_, came),) = adopted(SETUP, there, (), 9.0)
    (begun,) = (each for each in came if isinstance(each, Request) and each.path.endswith("/record"))
    assert begun.query["name"] == NAME


def test_a_pause_that_was_ordered_before_the_recording_began_is_silence_from_its_beginning() -> None:
    line = a_line(talking=True)
    order(line, OrderType.RECORD, do="start", recording=ID)
    order(line, OrderType.RECORD, do="pause", recording=ID)
    line.take(Event(type="StasisStart", channel=tape(), args=("spy",)), 3.0)
    assert f"POST recordings/live/{NAME}/mute" in asked(begins(line))


def test_a_recording_that_is_stopped_before_it_began_has_failed() -> None:
    line = a_line(talking=True)
    order(line, OrderType.RECORD, do="start", recording=ID)
    stopped = order(line, OrderType.RECORD, do="stop", recording=ID)
    assert isinstance(stopped, list)
    assert f"DELETE channels/{TAPE}" in asked(stopped)
    gone = line.take(Event(type="ChannelDestroyed", channel=Channel(id=TAPE), cause=16), 4.0)
    assert [each.type for each in gone if isinstance(each, Told)] == [EventType.RECORDING_FAILED]


def test_a_pause_that_is_ordered_again_is_one_pause() -> None:
    line = taped()
    for wanted in (SILENCE, STILL_SILENT):
        paused = order(line, OrderType.RECORD, do="pause", recording=ID)
        assert isinstance(paused, list)
        assert asked(paused) == wanted
    for _ in range(2):
        back = order(line, OrderType.RECORD, do="resume", recording=ID)
        assert isinstance(back, list)
        assert asked(back) == SOUND
    ended = Event(type="RecordingFinished", timestamp="2026-09-21T14:13:30.500+0000", recording=Recording(name=NAME))
    assert [each.pauses for each in kept(line.take(ended, 9.0))] == [((2.0, 2.0),)]


def test_the_pauses_of_a_recording_of_an_adopted_call_are_those_that_the_floor_knows() -> None:
    known = [KnownRecording(CALL, ID, ((BEGAN + 1, BEGAN + 2), (BEGAN + 3, None))), KnownRecording("16.9", "c.2")]
    ((line, came),) = adopted(SETUP, sight(channel(CALL), tape()), (), 9.0, recordings=known)
    assert f"POST recordings/live/{NAME}/mute" in asked(came), "the pause may not have got through"
    order(line, OrderType.RECORD, do="resume", recording=ID)
    ended = Event(type="RecordingFinished", timestamp="2026-09-21T14:13:30.500+0000", recording=Recording(name=NAME))
    assert [each.pauses for each in kept(line.take(ended, 9.0))] == [((BEGAN + 1, BEGAN + 2), (BEGAN + 3, 2.0))]


def test_the_pauses_of_an_adopted_recording_that_has_ended_are_those_that_the_floor_knows() -> None:
    known = [KnownRecording(CALL, ID, ((BEGAN + 1, BEGAN + 2),))]
    ((_, came),) = adopted(SETUP, stored(sight(channel(CALL), tape()), NAME), (), 9.0, recordings=known)
    assert [each.pauses for each in kept(came)] == [((BEGAN + 1, BEGAN + 2),)]
