"""What callers hear of a flow: its texts and recordings, in some way always, and music while they wait."""

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from app.telephony.adapters.espeak.cache import Recordings
from app.telephony.adapters.espeak.engine import Espeak
from app.telephony.sentences import UNPLAYABLE
from tests.fixtures.database import Database, Server
from tests.pbx.desk import CallCentre, call_centre
from tests.pbx.flows import publish
from tests.pbx.hearing import Words, hears, until_hears
from tests.pbx.site import MUSIC, PbxSite, Phones

pytestmark = pytest.mark.enable_socket
CONGESTION = (480, 620)
FLOW = """
flow: desk
languages: [en, zh]
fallback_queue: cards
start: hello
nodes:
  hello: {{{hello}, next: cards}}
  cards: {{type: queue, queue: cards, music: tone, announcements: {{position: true, every_seconds: 15}}}}
"""
LINE = "You are number 1 in the queue."


class Desk:
    """Opens call centres whose number 500 plays a recording, or says hello, then lets callers wait."""

    def __init__(self, server: Server, site: PbxSite, folder: Path, stack: AsyncExitStack) -> None:
        self._server, self._site, self._folder, self._stack = server, site, folder, stack

    async def open(self, media: str | None, settings: dict[str, str] | None = None) -> CallCentre:
        hello = f"type: play, media: {media}" if media else "type: say, text: Hello."

        async def prepare(database: Database) -> None:
            await publish(database, FLOW.format(hello=hello), "500")

        made = call_centre(self._server, self._site, self._folder, prepare=prepare, settings=settings)
        return await self._stack.enter_async_context(made)


@pytest.fixture
async def desk(server: Server, asterisk: PbxSite, tmp_path: Path) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        yield Desk(server, asterisk, tmp_path, stack)


@pytest.fixture
def words(tmp_path: Path) -> Words:
    return Words(tmp_path / "words")


async def test_recording_that_is_there_in_another_language_only_is_played_in_that_one(
    desk: Desk, words: Words, phones: Phones, tmp_path: Path
) -> None:
    spoken = await Espeak(Recordings(tmp_path / "recorded")).render("欢迎致电示范银行。", "zh")
    (tmp_path / "zh").mkdir()
    shutil.copy(spoken, tmp_path / "zh/welcome.wav")
    centre = await desk.open(str(tmp_path / "welcome"))
    call = (await phones.caller()).dial("500")
    await until_hears(call, await words.beginning("欢迎致电示范银行。", "zh"))
    await call.hang_up()
    await centre.until_quiet()


async def test_recording_that_is_nowhere_is_spoken_of(desk: Desk, words: Words, phones: Phones) -> None:
    centre = await desk.open("no-such-recording")
    call = (await phones.caller()).dial("500")
    await until_hears(call, await words.beginning(UNPLAYABLE["en"], "en"))
    await call.until_hears(MUSIC)
    await call.hang_up()
    await centre.until_quiet()


async def test_where_nobody_speaks_a_tone_tells_that_something_is_wrong(desk: Desk, phones: Phones) -> None:
    centre = await desk.open("no-such-recording", {"PATH": "/nowhere"})
    call = (await phones.caller()).dial("500")
    await call.until_hears(*CONGESTION, seconds=30)
    await call.hang_up()
    await centre.until_quiet()


async def test_who_waits_hears_music_and_their_place_in_between(desk: Desk, words: Words, phones: Phones) -> None:
    centre = await desk.open(None)
    call = (await phones.caller()).dial("500")
    line = await words.beginning(LINE, "en")
    await call.until_hears(MUSIC, seconds=30)
    call.sound.forget()
    assert not hears(call, line)
    await until_hears(call, line, 30)
    assert not call.sound.tones([MUSIC])
    await call.until_hears(MUSIC, seconds=30)
    await call.hang_up()
    await centre.until_quiet()


async def test_number_without_a_flow_gives_music_until_somebody_answers(centre: CallCentre, phones: Phones) -> None:
    call = (await phones.caller()).dial("4001")
    await call.until_answered()
    await call.until(lambda it: loud(it.sound.heard()[-50:]), 20)
    await call.hang_up()
    await centre.until_quiet()


def loud(frames: list[bytes]) -> bool:
    """Whether there is sound in most of these packets."""
    return sum(len(set(frame)) > 20 for frame in frames) > 25
