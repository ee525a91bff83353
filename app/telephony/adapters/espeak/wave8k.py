"""From the recording that an engine makes to the one that a switch plays: 8 kHz, 16 bits, mono. Pure."""

import io
import wave

import numpy
import soxr

from app.telephony.speech import RATE


def to_8k(recording: bytes) -> bytes:
    """The WAV file `recording` (16 bits, mono, any rate) as one at 8 kHz. Raises ValueError or EOFError for anything
    else."""
    try:
        with wave.open(io.BytesIO(recording)) as read:
            if (read.getsampwidth(), read.getnchannels()) != (2, 1):
                raise ValueError("is not 16 bits mono")
            rate = read.getframerate()
            # an engine that writes into a pipe or is stopped may tell a length that is not there
            samples = numpy.frombuffer(read.readframes(read.getnframes()), dtype=numpy.int16)
    except wave.Error as error:
        raise ValueError(str(error)) from error
    return _written((samples if rate == RATE else soxr.resample(samples, rate, RATE)).tobytes())


def _written(samples: bytes) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples)
    return target.getvalue()
