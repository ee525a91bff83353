"""Tones that tell who is heard: everybody sends another one, and whoever listens measures each."""

import math
from collections.abc import Iterable, Sequence

from app.demo.pbx.sound.ulaw import DECODED, RATE, SILENCE, encode_sample

AMPLITUDE = 8000
LOUD = 1000.0
"""From this amplitude on a tone counts as heard; one that is sent arrives with about `AMPLITUDE`."""


def tone(hertz: int) -> bytes:
    """A second of a tone; silence for 0."""
    if not hertz:
        return SILENCE * RATE
    wave = (math.sin(2 * math.pi * hertz * place / RATE) for place in range(RATE))
    return bytes(encode_sample(round(AMPLITUDE * level)) for level in wave)


def samples(frames: Iterable[bytes]) -> list[int]:
    """The samples of received packets."""
    return [DECODED[byte] for frame in frames for byte in frame]


def amplitude(heard: Sequence[int], hertz: float) -> float:
    """How loud a tone is in what was heard (Goertzel's algorithm)."""
    if not heard:
        return 0.0
    factor = 2 * math.cos(2 * math.pi * hertz / RATE)
    last = before = 0.0
    for sample in heard:
        last, before = sample + factor * last - before, last
    power = last * last + before * before - factor * last * before
    return math.sqrt(max(power, 0.0)) / (len(heard) / 2)
