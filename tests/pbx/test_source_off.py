"""An Asterisk that is switched off as a source while somebody talks over it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fixtures.database import Server
from tests.fixtures.waiting import eventually
from tests.pbx.desk import SOURCE, CallCentre, call_centre
from tests.pbx.site import PbxSite, Phones
from tests.pbx.talks import hears, hears_music, talking

pytestmark = pytest.mark.enable_socket


@pytest.fixture
async def bank(server: Server, asterisk: PbxSite, tmp_path: Path) -> AsyncIterator[CallCentre]:
    async with call_centre(server, asterisk, tmp_path) as made:
        yield made


async def test_the_call_goes_on_with_all_that_its_agent_does_and_new_callers_get_the_fallback(
    bank: CallCentre, phones: Phones
) -> None:
    async with talking(bank, phones) as talk:
        await bank.rows("UPDATE cti_sources SET active = false WHERE id = $1", SOURCE)
        log = bank.server.log
        await eventually(lambda: asyncio.sleep(0, "configured anew" in log.read_text()), bool)
        second = await (await phones.caller("13800004444")).dial("4001").until_answered()
        await second.until(lambda it: it.sound.packets > 20)
        assert (await second.until_ended(seconds=30)).status is None
        await talk.ask("call.hold")
        await hears_music(talk.caller)
        await talk.ask("call.retrieve")
        await hears(talk.caller, "anna")
        await talk.ask("call.hang_up")
        await talk.caller.until_ended()
    assert (await bank.history("13800001111"))["outcome"] == "answered"
    assert not await bank.rows("SELECT id FROM interactions WHERE from_raw = '13800004444'")
    await bank.until_quiet()

    async def apps() -> str:
        return bank.site.server.command("ari show apps")

    await eventually(apps, lambda told: "callfloor" not in told)
