"""The music of a queue's own: who waits there hears it, or is on hold, also after a gap in the connection."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.demo.pbx.sip.call import Call
from tests.fixtures.database import Database, Server
from tests.pbx.desk import CallCentre, call_centre
from tests.pbx.flows import publish
from tests.pbx.gaps import Gap, gaps
from tests.pbx.site import MUSIC, PbxSite, Phones
from tests.pbx.talks import SECONDS, hears, hears_music, talking

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.timeout(300)]
FLOW = """
flow: note
languages: [en]
fallback_queue: cards
start: cards
nodes:
  cards: {type: queue, queue: cards, music: tone}
"""


@pytest.fixture
async def bank(server: Server, asterisk: PbxSite, tmp_path: Path) -> AsyncIterator[CallCentre]:
    async def prepare(database: Database) -> None:
        await publish(database, FLOW, "500")

    async with call_centre(server, asterisk, tmp_path, prepare=prepare) as made:
        yield made


async def hears_its_music(call: Call) -> None:
    """Wait until the note of the queue's music is heard, and nothing beside it."""
    call.sound.forget()
    await call.until(lambda it: it.sound.loudness(MUSIC, 1.0) > 0.9 * it.sound.level(1.0) * 2**0.5 > 0, SECONDS)


@gaps
async def test_caller_who_waits_goes_on_hearing_the_music_of_the_queue_after_a_gap(
    bank: CallCentre, phones: Phones, gap: Gap
) -> None:
    call = (await phones.caller()).dial("500")
    await hears_its_music(call)
    await gap(bank)
    await hears_music(call)
    await hears_its_music(call)


@gaps
async def test_caller_on_hold_hears_the_music_of_the_queue_from_which_they_came_after_a_gap_as_well(
    bank: CallCentre, phones: Phones, gap: Gap
) -> None:
    async with talking(bank, phones, number="500") as talk:
        await talk.ask("call.hold")
        await hears_its_music(talk.caller)
        await gap(bank)
        await hears_music(talk.caller)
        await hears_its_music(talk.caller)
        await talk.ask("call.retrieve")
        await hears(talk.caller, "anna")
