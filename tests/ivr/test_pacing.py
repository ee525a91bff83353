"""A script has a limit after which its platform is taken to be silent, and it is never reached by one that works."""

from app.ivr.pacing import LONGEST_SECONDS, longest
from app.telephony.instructions import Collect, Pause, Play, Say


def test_a_script_may_take_as_long_as_it_takes_to_speak_and_to_key() -> None:
    chinese = Say(text="您好" * 20, language="zh")
    assert longest([chinese]) > 40 * 0.25
    asked = Collect(most=10, first_seconds=5, between_seconds=3, prompts=(chinese, Pause(seconds=2)))
    assert longest([asked]) == longest([chinese]) + 2 + 5 + 30
    assert longest([Play(media="a.wav")]) > 120


def test_it_has_an_end_whatever_is_said() -> None:
    assert longest([Play(media="a.wav")] * 1000) == LONGEST_SECONDS
