"""Messages that callers leave: recorded, kept in the archive, and to be heard there."""

import asyncio
import io
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.demo.pbx.sip.call import Call
from app.demo.pbx.sound.tones import LOUD, amplitude
from app.demo.pbx.sound.ulaw import RATE
from tests.fixtures.database import Database
from tests.fixtures.waiting import eventually
from tests.pbx.conftest import Lasting, Shared
from tests.pbx.desk import CallCentre
from tests.pbx.flows import publish
from tests.pbx.hearing import Words, until_hears
from tests.pbx.site import Phones

pytestmark = pytest.mark.enable_socket
NUMBER = "13800001111"
ASKED = "Please speak after the tone."
BEEP, SPOKEN = 700, 950
FLOW = f"""
flow: desk
languages: [en]
fallback_queue: cards
start: message
nodes:
  message: {{type: voicemail, queue: cards, prompt: "{ASKED}", most_seconds: 5}}
"""


@pytest.fixture(scope="module")
def lines(lasting: Lasting) -> Shared:
    async def prepare(database: Database) -> None:
        await publish(database, FLOW, "500")

    return lasting(prepare=prepare)


@pytest.fixture
def bank(lines: Shared) -> Iterator[CallCentre]:
    yield lines.open()
    lines.leave()


async def speaking(phones: Phones, words: Words) -> Call:
    """A caller who has begun to speak after the tone."""
    call = (await phones.caller()).dial("500")
    await until_hears(call, await words.end(ASKED, "en"))
    call.sound.forget()
    call.sound.sound_as(SPOKEN)
    await call.until(lambda it: it.sound.loudness(BEEP, 0.2) > LOUD)
    await call.until(lambda it: it.sound.loudness(BEEP, 0.2) < LOUD)
    before = call.sound.packets
    await call.until(lambda it: it.sound.packets > before + 50)  # carriers end calls in which nothing comes
    return call


async def message(bank: CallCentre) -> tuple[dict[str, object], list[int]]:
    """What is kept of the message, and its samples."""
    contact = (await bank.history(NUMBER))["id"]
    path = f"/api/v1/interactions/{contact}/recordings"

    async def look() -> list[dict[str, object]]:
        items: list[dict[str, object]] = (await bank.get(path)).json()["items"]
        return items

    (kept,) = await eventually(look, lambda items: len(items) == 1)
    audio = await bank.get(f"/api/v1/recordings/{kept['id']}/audio")
    with wave.open(io.BytesIO(audio.content)) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (RATE, 2, 1)
        return kept, memoryview(file.readframes(file.getnframes())).cast("h").tolist()


def heard(samples: list[int]) -> bool:
    """Whether the caller's tone is in it."""
    return amplitude(samples, SPOKEN) > LOUD > 4 * amplitude(samples, BEEP)


@pytest.fixture
def words(tmp_path: Path) -> Words:
    return Words(tmp_path / "words")


async def test_message_that_a_key_ends_is_kept_and_heard(bank: CallCentre, words: Words, phones: Phones) -> None:
    call = await speaking(phones, words)
    await call.press("#")
    assert not (await call.until_ended()).by_us
    kept, samples = await message(bank)
    assert heard(samples)
    assert abs(len(samples) / RATE - float(str(kept["seconds"]))) < 1.5
    assert (await bank.history(NUMBER))["outcome"] == "voicemail"
    await bank.until_quiet()
    await eventually(lambda: asyncio.sleep(0, list(bank.site.server.recordings.iterdir())), lambda left: not left)


async def test_message_of_who_hangs_up_is_kept(bank: CallCentre, words: Words, phones: Phones) -> None:
    call = await speaking(phones, words)
    await call.hang_up()
    _, samples = await message(bank)
    assert heard(samples)
    await bank.until_quiet()


async def test_message_that_is_too_long_ends_by_itself(bank: CallCentre, words: Words, phones: Phones) -> None:
    call = await speaking(phones, words)
    assert not (await call.until_ended()).by_us
    _, samples = await message(bank)
    assert heard(samples)
    assert len(samples) <= 6 * RATE
    await bank.until_quiet()


async def test_who_hangs_up_before_the_tone_leaves_nothing(bank: CallCentre, words: Words, phones: Phones) -> None:
    call = (await phones.caller()).dial("500")
    await until_hears(call, await words.beginning(ASKED, "en"))
    await call.hang_up()
    assert (await bank.get(f"/api/v1/interactions/{(await bank.history(NUMBER))['id']}/recordings")).json()[
        "items"
    ] == []
    await bank.until_quiet()
