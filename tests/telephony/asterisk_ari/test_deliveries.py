"""What a piece of news is called on its way to the floor: the same again is the same, anything else is not."""

from typing import Any

from app.telephony.adapters.asterisk_ari.actions import Told
from app.telephony.adapters.asterisk_ari.calls import delivery_of, event_of
from app.telephony.adapters.asterisk_ari.line.leg import Setup
from app.telephony.adapters.asterisk_ari.line.line import Line
from app.telephony.events import EventType

LINE = Line(Setup(app="callfloor", dial="PJSIP/{number}", caller_id=None, languages=("en",)), "c1")


def named(kind: EventType, **details: Any) -> str:
    return delivery_of(event_of("pbx", LINE, Told(type=kind, at=1000.0, details=details)))


def test_two_recordings_of_a_call_that_are_ready_in_the_same_instant_are_both_told() -> None:
    ready = [named(EventType.RECORDING_READY, recording=each) for each in ("x.1", "x.2", "x.1")]
    assert ready[0] == ready[2]
    assert ready[0] != ready[1]


def test_answers_to_two_scripts_in_the_same_instant_are_both_told() -> None:
    assert named(EventType.DIGITS, script=1) != named(EventType.DIGITS, script=2)
