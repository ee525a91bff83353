"""What a caller hears when a recording is played: told by its sound alone."""

import math
import wave
from functools import lru_cache
from pathlib import Path

from app.demo.pbx.sip.call import Call
from app.demo.pbx.sound.tones import samples
from app.demo.pbx.sound.ulaw import FRAME, RATE
from app.telephony.adapters.espeak.cache import Recordings
from app.telephony.adapters.espeak.engine import Espeak

LIKE = 0.97
"""From this correlation on, two packets are the same sound."""

MARKS = 4
"""So many packets of a recording, in their order, tell that it is played."""

Frame = tuple[int, ...]


class Words:
    """The recordings that the speech engine makes of texts, made anew in a folder of the tests' own."""

    def __init__(self, folder: Path) -> None:
        self._engine = Espeak(Recordings(folder))

    async def beginning(self, text: str, language: str) -> list[Frame]:
        """What tells that this text has begun to be spoken."""
        return marks(await self._engine.render(text, language), slice(0, RATE))

    async def end(self, text: str, language: str) -> list[Frame]:
        """What tells that this text has been spoken to its end."""
        return marks(await self._engine.render(text, language), slice(-RATE, None))


def marks(path: Path, part: slice) -> list[Frame]:
    """The loudest packets of a part of a WAV file, in their order."""
    with wave.open(str(path)) as file:
        raw = memoryview(file.readframes(file.getnframes())).cast("h").tolist()
    frames = [tuple(raw[place : place + FRAME]) for place in range(0, len(raw) - FRAME + 1, FRAME)]
    first, last, _ = slice(*(None if end is None else end // FRAME for end in (part.start, part.stop))).indices(
        len(frames)
    )
    loudest = sorted(range(first, last), key=lambda place: _power(frames[place]))[-MARKS:]
    return [frames[place] for place in sorted(loudest)]


def hears(call: Call, wanted: list[Frame]) -> bool:
    """Whether these packets were heard, in their order."""
    left = list(wanted)
    for frame in call.sound.heard():
        if left and _alike(frame, left[0]):
            left.pop(0)
    return not left


async def until_hears(call: Call, wanted: list[Frame], seconds: float = 30.0) -> None:
    """Wait until these packets are heard."""
    await call.until(lambda it: hears(it, wanted), seconds, every=0.1)


def _power(frame: Frame) -> float:
    return math.sqrt(sum(each * each for each in frame))


@lru_cache(maxsize=1 << 16)  # every look at a call begins ten seconds ago
def _alike(heard: bytes, wanted: Frame) -> bool:
    frame = tuple(samples([heard]))
    power = _power(frame) * _power(wanted)
    return bool(power) and sum(map(lambda a, b: a * b, frame, wanted)) / power > LIKE
