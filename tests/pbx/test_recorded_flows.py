"""Recordings and flows: callers are told that they are recorded, and what they key in secret is not."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fixtures.database import Database, Server
from tests.pbx.desk import CallCentre, call_centre
from tests.pbx.flows import publish
from tests.pbx.hearing import Words, until_hears
from tests.pbx.site import PbxSite, Phones
from tests.pbx.talks import Talk, hears
from tests.pbx.test_recordings import SLACK, kept, played

pytestmark = pytest.mark.enable_socket
TOLD, ASKED, PIN = "This call is recorded.", "Your PIN.", "8203"
SURVEY = f"""
flow: secret
languages: [en]
fallback_queue: taped
variables: {{mark: number}}
start: pin
nodes:
  pin: {{type: collect, prompt: {ASKED}, into: pin, secret: true, least: 4, most: 4, next: mark, otherwise: mark}}
  mark: {{type: collect, prompt: One to five., into: mark, least: 1, most: 1, next: bye, otherwise: bye}}
  bye: {{type: hang_up}}
"""
FLOW = """
flow: taped
languages: [en]
fallback_queue: taped
start: ask
nodes:
  ask: {type: branch, cases: [{when: queues.taped.records, next: told}], otherwise: talk}
  told: {type: say, text: This call is recorded., next: talk}
  talk: {type: queue, queue: taped, survey: secret}
"""


@pytest.fixture
async def bank(server: Server, asterisk: PbxSite, tmp_path: Path) -> AsyncIterator[CallCentre]:
    async def prepare(database: Database) -> None:
        await publish(database, SURVEY)
        await publish(database, FLOW, "500")

    async with call_centre(server, asterisk, tmp_path, prepare=prepare) as made:
        yield made


async def test_a_caller_is_told_of_the_recording_which_is_silent_while_a_secret_is_keyed(
    bank: CallCentre, phones: Phones, tmp_path: Path
) -> None:
    words = Words(tmp_path / "words")
    anna, caller = await phones.agent("anna"), await phones.caller()
    async with bank.seat("anna") as seat:
        call = caller.dial("500")
        await until_hears(call, await words.end(TOLD, "en"))
        rung = await anna.rung()
        await rung.answer()
        await hears(call, "anna")
        contact = (await seat.frame("contact.offered"))["contact"]["id"]
        await asyncio.sleep(1)
        await rung.hang_up()
        await until_hears(call, await words.end(ASKED, "en"))
        await asyncio.sleep(1)
        await call.press(PIN)
        await until_hears(call, await words.end("One to five.", "en"))
        await call.press("5")
        await call.until_ended()
        (told,) = await kept(bank, Talk(call, rung, seat, contact))
        (pause,) = told["pauses"]
        audio = await played(bank, told)
        assert audio.longest_silence() > 2 - SLACK, pause  # the caller sounds all the time
        heard = audio.heard()
        assert heard[2] == frozenset({"caller", "anna"})
        assert "caller" in heard[-2]
    await bank.until_quiet()
