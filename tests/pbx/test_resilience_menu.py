"""Callfloor is killed while a caller is in a menu, leaves a message, or is sent to a number by their flow."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fixtures.database import Database, Server
from tests.pbx.desk import CallCentre, call_centre
from tests.pbx.flows import publish
from tests.pbx.gaps import started_again
from tests.pbx.hearing import Words, until_hears
from tests.pbx.site import PbxSite, Phones
from tests.pbx.talks import SECONDS, hears, hears_music, hears_ringing
from tests.pbx.test_messages import FLOW as MESSAGE
from tests.pbx.test_messages import heard, message, speaking
from tests.pbx.test_resilience import kinds

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.timeout(300)]
PROMPT = "Welcome to the bank of tests. For cards, press one. For everything else, which is a lot, press two."
FLOW = f"""
flow: short
title: Short
languages: [en]
timezone: Europe/Berlin
fallback_queue: cards
start: welcome
nodes:
  welcome:
    type: menu
    prompt: {PROMPT}
    choices:
      1: {{title: Cards, next: cards}}
      2: {{title: More, next: cards}}
    seconds: 30
    retries: 3
    otherwise: cards
  cards: {{type: queue, queue: cards}}
"""
AWAY = """
flow: away
languages: [en]
fallback_queue: cards
start: outside
nodes:
  outside: {type: transfer, number: '5550001'}
"""


@pytest.fixture
async def menu(server: Server, asterisk: PbxSite, tmp_path: Path) -> AsyncIterator[CallCentre]:
    async def prepare(database: Database) -> None:
        await publish(database, FLOW, "4100")
        await publish(database, AWAY, "4200")
        await publish(database, MESSAGE.replace("most_seconds: 5", "most_seconds: 60"), "500")

    async with call_centre(server, asterisk, tmp_path, prepare=prepare) as made:
        yield made


async def test_a_menu_is_said_again_after_the_server_was_killed_and_takes_keys(
    menu: CallCentre, phones: Phones, tmp_path: Path
) -> None:
    anna, caller = await phones.agent("anna"), await phones.caller()
    beginning = await Words(tmp_path / "words").beginning(PROMPT, "en")
    async with menu.seat("anna"):
        call = caller.dial("4100")
        await until_hears(call, beginning)
        menu.server.kill()
        call.sound.forget()
        await started_again(menu.server)
        await until_hears(call, beginning, SECONDS)
        await call.press("1")
        rung = await anna.rung(SECONDS)
        await rung.answer()
        await hears(call, "anna")
        await call.hang_up()
        await rung.until_ended()
    assert "call.script_lost" in await kinds(menu, "13800001111")
    assert (await menu.history("13800001111"))["outcome"] == "answered"
    await menu.until_quiet()


async def test_a_message_that_is_left_while_the_server_dies_is_kept(
    menu: CallCentre, phones: Phones, tmp_path: Path
) -> None:
    call = await speaking(phones, Words(tmp_path / "words"))
    menu.server.kill()
    await started_again(menu.server)
    await call.press("#")
    await call.until_ended(SECONDS)
    _, samples = await message(menu)
    assert heard(samples)
    await menu.until_quiet()


async def test_caller_whom_a_flow_has_sent_to_a_number_that_is_not_reached_while_the_server_is_dead_waits_for_an_agent(
    menu: CallCentre, phones: Phones
) -> None:
    outside, anna, caller = await phones.outside(), await phones.agent("anna"), await phones.caller()
    call = caller.dial("4200")
    number = await outside.rung()
    await hears_ringing(call)
    menu.server.kill()
    number.reject(486)
    await started_again(menu.server)
    await hears_music(call)
    async with menu.seat("anna"):
        rung = await anna.rung(SECONDS)
        await rung.answer()
        await hears(call, "anna")
        await call.hang_up()
        await rung.until_ended()
    assert (await menu.history("13800001111"))["outcome"] == "answered"
    await menu.until_quiet()
