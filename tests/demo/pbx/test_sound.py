"""What phones hear, measured."""

import math

import pytest

from app.demo.pbx.sound.digits import ended_key, events
from app.demo.pbx.sound.tones import AMPLITUDE, LOUD, amplitude, samples, tone
from app.demo.pbx.sound.ulaw import FRAME, RATE, decode_sample, encode_sample


def test_a_sample_survives_the_line() -> None:
    for sample in range(-32000, 32001, 97):
        there = decode_sample(encode_sample(sample))
        assert abs(there - sample) <= max(8, abs(sample) / 16)
    assert decode_sample(encode_sample(0)) == 0
    assert encode_sample(0) == 0xFF
    assert encode_sample(-32768) == 0x00


@pytest.mark.parametrize("hertz", [700, 1000, 1300, 1900])
def test_a_tone_is_heard_as_itself_and_as_no_other(hertz: int) -> None:
    heard = samples([tone(hertz)])[:3200]
    assert amplitude(heard, hertz) == pytest.approx(AMPLITUDE, rel=0.05)
    for other in {440, 700, 1000, 1300, 1900} - {hertz}:
        assert amplitude(heard, other) < LOUD / 2


def test_two_at_once_are_both_heard() -> None:
    both = [math.sin(2 * math.pi * hertz * at / RATE) for hertz in (700, 1000) for at in range(3200)]
    mixed = [round(4000 * (one + other)) for one, other in zip(both[:3200], both[3200:], strict=True)]
    assert amplitude(mixed, 700) > LOUD
    assert amplitude(mixed, 1000) > LOUD


def test_silence_is_no_tone() -> None:
    assert amplitude(samples([tone(0)]), 1000) == 0
    assert amplitude([], 1000) == 0


def test_a_key_ends_once_said_three_times() -> None:
    said = [ended_key(payload) for payload in events("#", FRAME)]
    assert said == [None] * 5 + ["#"] * 3
    assert ended_key(b"") is None
    assert ended_key(b"\xff\x80\x00\x00") is None
