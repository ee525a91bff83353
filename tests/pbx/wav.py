"""What is in a recording of a call."""

import io
import struct
import wave
from typing import NamedTuple

from app.demo.pbx.sound.tones import LOUD, amplitude
from tests.pbx.site import TONES

WINDOW = 0.2
"""Seconds that are listened to at once."""

QUIET = 50
"""A sample below this is none of a sound."""


class Recorded(NamedTuple):
    """Audio of 8 kHz, 16 bits, mono."""

    samples: tuple[int, ...]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / 8000

    def heard(self) -> list[frozenset[str]]:
        """Who is heard in each window."""
        size = int(8000 * WINDOW)
        windows = [self.samples[at : at + size] for at in range(0, len(self.samples) - size + 1, size)]
        return [
            frozenset(name for name, hertz in TONES.items() if amplitude(part, hertz) > LOUD / 2) for part in windows
        ]

    def longest_silence(self) -> float:
        """Seconds of the longest time in which nothing at all is heard."""
        longest = now = 0
        for sample in self.samples:
            now = now + 1 if abs(sample) < QUIET else 0
            longest = max(longest, now)
        return longest / 8000

    def silence_at_the_end(self) -> float:
        """Seconds since anything at all was heard."""
        return next((place for place, sample in enumerate(reversed(self.samples)) if abs(sample) >= QUIET), 0) / 8000


def recorded(audio: bytes) -> Recorded:
    """A WAV file, read."""
    with wave.open(io.BytesIO(audio)) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (8000, 2, 1)
        frames = file.readframes(file.getnframes())
    return Recorded(struct.unpack(f"<{len(frames) // 2}h", frames))
