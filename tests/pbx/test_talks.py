"""What is taken for music in the tests of real calls, and what is not."""

import math
from collections.abc import AsyncIterator

import pytest

from app.demo.pbx.sound.stream import HEADER, PCMU, VERSION, Stream
from app.demo.pbx.sound.ulaw import FRAME, RATE, encode_sample
from tests.pbx.site import MUSIC, TONES
from tests.pbx.talks import CONGESTION, RINGING, musical, signals

pytestmark = pytest.mark.enable_socket
CHORDS = (110, 262, 330, 392, 523, 784)


@pytest.fixture
async def sound() -> AsyncIterator[Stream]:
    """The sound of a call in which nothing was heard yet."""
    stream = Stream("127.0.0.1", 0)
    yield stream
    stream._socket.close()


def heard(sound: Stream, *hertz: float, seconds: float = 1.0, every: float = 0.0) -> None:
    """Let these be heard at once, with breaks as long as what is heard where they come `every` so many seconds."""
    places = range(round(seconds * RATE))
    on = [not every or place / RATE % every < every / 2 for place in places]
    level = [sum(3000 * math.sin(2 * math.pi * each * place / RATE) for each in hertz) for place in places]
    coded = bytes(encode_sample(round(one) if here else 0) for one, here in zip(level, on, strict=True))
    for start in range(0, len(coded), FRAME):
        packet = HEADER.pack(VERSION, PCMU, 0, start, 0) + coded[start : start + FRAME]
        sound.datagram_received(packet, ("127.0.0.1", 0))


@pytest.mark.parametrize("notes", [CHORDS, (MUSIC,)], ids=["chords", "one note"])
async def test_music_is_music(sound: Stream, notes: tuple[int, ...]) -> None:
    heard(sound, *notes)
    assert musical(sound)


async def test_ringing_is_no_music(sound: Stream) -> None:
    heard(sound, *RINGING)
    assert not musical(sound)
    assert signals(sound, RINGING)
    assert not signals(sound, CONGESTION)


async def test_ringing_that_has_just_begun_is_no_music(sound: Stream) -> None:
    heard(sound, *RINGING, seconds=0.4)
    assert not musical(sound)


async def test_congestion_is_no_music(sound: Stream) -> None:
    heard(sound, *CONGESTION, every=0.5)
    assert not musical(sound)
    assert signals(sound, CONGESTION)
    assert not signals(sound, RINGING)


@pytest.mark.parametrize("who", TONES)
async def test_nobodys_tone_is_music(sound: Stream, who: str) -> None:
    heard(sound, TONES[who])
    assert not musical(sound)


async def test_silence_is_no_music(sound: Stream) -> None:
    assert not musical(sound)
    heard(sound)
    assert not musical(sound)
    assert not signals(sound, RINGING)
