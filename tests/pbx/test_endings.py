"""How calls end: callers who give up anywhere, agents who put their phone down. Nothing is left on the switch."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.database import Database
from tests.pbx.conftest import Lasting, Shared
from tests.pbx.desk import CallCentre
from tests.pbx.flows import publish
from tests.pbx.hearing import Words, until_hears
from tests.pbx.site import TONES, Phones

pytestmark = pytest.mark.enable_socket
NUMBER = "13800001111"
ASKED = "Press one for cards, or two for nothing at all."
FLOW = f"""
flow: desk
languages: [en]
fallback_queue: cards
start: menu
nodes:
  menu: {{type: menu, prompt: "{ASKED}", choices: {{1: cards, 2: bye}}, otherwise: cards}}
  cards: {{type: queue, queue: cards}}
  bye: {{type: hang_up, prompt: Goodbye.}}
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


async def test_caller_gives_up_in_the_menu(bank: CallCentre, phones: Phones, tmp_path: Path) -> None:
    call = (await phones.caller()).dial("500")
    await until_hears(call, await Words(tmp_path / "words").beginning(ASKED, "en"))
    await call.hang_up()
    assert (await bank.history(NUMBER))["outcome"] == "left_in_flow"
    await bank.until_quiet()


async def test_flow_hangs_up_once_it_has_said_goodbye(bank: CallCentre, phones: Phones, tmp_path: Path) -> None:
    words = Words(tmp_path / "words")
    call = (await phones.caller()).dial("500")
    await until_hears(call, await words.beginning(ASKED, "en"))
    await call.press("2")
    await until_hears(call, await words.end("Goodbye.", "en"))
    assert not (await call.until_ended()).by_us
    await bank.until_quiet()


async def test_caller_gives_up_before_anything_is_said(bank: CallCentre, phones: Phones) -> None:
    for _ in range(3):
        call = (await phones.caller()).dial("500")
        await call.hang_up()
    await bank.until_quiet()
    await bank.histories(NUMBER, 3)


async def test_caller_gives_up_in_the_queue(bank: CallCentre, phones: Phones) -> None:
    call = await (await phones.caller()).dial("4001").until_answered()
    await call.hang_up()
    assert (await bank.history(NUMBER))["outcome"] == "abandoned"
    await bank.until_quiet()


async def test_caller_gives_up_while_the_agent_is_rung(bank: CallCentre, phones: Phones) -> None:
    anna, caller = await phones.agent("anna"), await phones.caller()
    async with bank.seat("anna") as seat:
        call = caller.dial("4001")
        came = await anna.rung()
        await call.hang_up()
        assert (await came.until_ended()).status == 487
        assert (await bank.history(NUMBER))["outcome"] == "abandoned"
        await bank.until_quiet()
        await seat.until("ready")
        again = caller.dial("4001")
        await (await anna.rung()).answer()
        await again.until_hears(TONES["anna"])
        await again.hang_up()
    await bank.until_quiet()


async def test_caller_hangs_up_in_the_moment_in_which_the_agent_answers(bank: CallCentre, phones: Phones) -> None:
    anna, caller = await phones.agent("anna"), await phones.caller()
    async with bank.seat("anna") as seat:
        call = await caller.dial("4001").until_answered()
        came = await anna.rung()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(call.hang_up())
            tasks.create_task(came.answer())
        await came.until_ended()
        assert (await bank.history(NUMBER))["outcome"] in ("abandoned", "answered")
        await bank.until_quiet()
        await seat.until("ready")


async def test_agent_puts_the_phone_down_and_the_call_ends(bank: CallCentre, phones: Phones) -> None:
    anna, caller = await phones.agent("anna"), await phones.caller()
    async with bank.seat("anna") as seat:
        call = caller.dial("4001")
        came = await anna.rung()
        await came.answer()
        await call.until_hears(TONES["anna"])
        await came.hang_up()
        assert not (await call.until_ended()).by_us
        assert (await bank.history(NUMBER))["outcome"] == "answered"
        await bank.until_quiet()
        await seat.until("ready")


async def test_agent_ends_the_call_on_the_screen(bank: CallCentre, phones: Phones) -> None:
    anna, caller = await phones.agent("anna"), await phones.caller()
    async with bank.seat("anna") as seat:
        call = caller.dial("4001")
        came = await anna.rung()
        await came.answer()
        await call.until_hears(TONES["anna"])
        offered = await seat.frame("contact.offered")
        await seat.ask("call.hang_up", contact_id=offered["contact"]["id"])
        assert not (await call.until_ended()).by_us
        assert not (await came.until_ended()).by_us
    await bank.until_quiet()
