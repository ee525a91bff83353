"""From the recording that an engine makes to the one that a switch plays: 8 kHz, 16 bits, mono. Pure."""

import array
import io
import sys
import wave
from functools import lru_cache
from math import cos, gcd, pi, sin
from operator import mul

from app.telephony.speech import RATE

LOBES = 8
"""So many samples of the result to each side the filter reaches that takes away what 8 kHz cannot carry."""

PASSED = 0.92
"""The part of the band that is kept whole; the rest is where the filter falls off."""


def to_8k(recording: bytes) -> bytes:
    """The WAV file `recording` (16 bits, mono, any rate) as one at 8 kHz. Raises ValueError or EOFError for anything
    else."""
    try:
        with wave.open(io.BytesIO(recording)) as read:
            if (read.getsampwidth(), read.getnchannels()) != (2, 1):
                raise ValueError("is not 16 bits mono")
            rate = read.getframerate()
            # an engine that writes into a pipe or is stopped may tell a length that is not there
            samples = array.array("h", read.readframes(read.getnframes()))
    except wave.Error as error:
        raise ValueError(str(error)) from error
    if sys.byteorder == "big":
        samples.byteswap()
    return _written(samples if rate == RATE else _resampled(samples, rate))


def _resampled(samples: "array.array[int]", rate: int) -> "array.array[int]":
    """By a windowed sinc in phases: of the rates' common multiple only the samples that are asked for are reckoned."""
    common = gcd(rate, RATE)
    up, down = RATE // common, rate // common
    phases = _phases(up, rate)
    reach = len(phases[0]) // 2
    padded = [0] * reach + samples.tolist() + [0] * (reach + 1)
    made = array.array("h", bytes(2 * (len(samples) * up // down)))
    for place in range(len(made)):
        first, phase = divmod(place * down, up)
        value = sum(map(mul, phases[phase], padded[first + 1 : first + 1 + 2 * reach]))
        made[place] = max(-32_768, min(32_767, round(value)))
    return made


@lru_cache(maxsize=8)
def _phases(up: int, rate: int) -> tuple[tuple[float, ...], ...]:
    """The filter's weights for each position between two samples of the source."""
    step = min(1.0, PASSED * RATE / rate)
    reach = int(LOBES / step) + 1
    return tuple(_weights(phase / up, step, reach) for phase in range(up))


def _weights(offset: float, step: float, reach: int) -> tuple[float, ...]:
    raw = [_weight(number - offset, step, reach) for number in range(1 - reach, reach + 1)]
    whole = sum(raw)
    return tuple(each / whole for each in raw)


def _weight(distance: float, step: float, reach: int) -> float:
    if abs(distance) >= reach:
        return 0.0
    at = pi * distance * step
    return (sin(at) / at if at else 1.0) * (0.5 + 0.5 * cos(pi * distance / reach))


def _written(samples: "array.array[int]") -> bytes:
    if sys.byteorder == "big":
        samples.byteswap()
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return target.getvalue()
