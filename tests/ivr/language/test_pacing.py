"""A script has a limit after which its platform is taken to be silent, and it is never reached by one that works."""

import pytest

from app.ivr.language.pacing import LONGEST_SECONDS, about, longest
from app.telephony.instructions import AnyInstruction, Collect, Enqueue, Pause, Play, Say


def test_a_script_may_take_as_long_as_it_takes_to_speak_and_to_key() -> None:
    chinese = Say(text="您好" * 20, language="zh")
    assert longest([chinese]) > 40 * 0.25
    asked = Collect(most=10, first_seconds=5, between_seconds=3, prompts=(chinese, Pause(seconds=2)))
    assert longest([asked]) == longest([chinese]) + 2 + 5 + 30
    assert longest([Play(media="a.wav")]) > 120


def test_it_has_an_end_whatever_is_said() -> None:
    assert longest([Play(media="a.wav")] * 1000) == LONGEST_SECONDS


def test_what_is_heard_before_the_music_is_as_long_as_it_is_spoken() -> None:
    said: list[AnyInstruction] = [Say(text="x" * 20, language="en"), Pause(seconds=2), Enqueue(queue="cards")]
    assert about(said) == pytest.approx(1 + 20 * 0.15 + 2)
    assert about([Play(media="a.wav")]) < about([Play(media="a.wav")] * 2) < 120
    assert about([Enqueue(queue="cards", prompts=(Say(text="x", language="en"),))]) == 0
