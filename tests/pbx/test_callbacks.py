"""Callers who do not want to wait on: they are called back, in their turn, by the agent who is free."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.demo.pbx.sip.call import Call
from app.demo.pbx.sip.phone import SipPhone
from tests.fixtures.bank import signed_in
from tests.fixtures.database import Database, Server
from tests.fixtures.waiting import eventually
from tests.pbx.desk import CallCentre, call_centre
from tests.pbx.flows import publish
from tests.pbx.gaps import left_alone
from tests.pbx.hearing import Words, until_hears
from tests.pbx.site import PbxSite, Phones
from tests.pbx.talks import A_MOMENT, SECONDS, hears

pytestmark = pytest.mark.enable_socket
NUMBER = "5550001"
OFFERED = "Press one to be called back."
FLOW = f"""
flow: desk
languages: [en]
fallback_queue: cards
start: cards
nodes:
  cards: {{type: queue, queue: cards, callback: {{after_seconds: 0, prompt: {OFFERED}}}}}
"""


@pytest.fixture
async def bank(server: Server, asterisk: PbxSite, tmp_path: Path) -> AsyncIterator[CallCentre]:
    async def prepare(database: Database) -> None:
        await publish(database, FLOW, "500")

    async with call_centre(server, asterisk, tmp_path, prepare=prepare) as made:
        yield made


async def promise_callback(centre: CallCentre, number: str) -> None:
    """A supervisor promises the only caller who waits that they will be called back."""

    async def waiting() -> list[dict[str, Any]]:
        contacts: list[dict[str, Any]] = (await centre.get("/api/v1/floor")).json()["contacts"]
        return [each for each in contacts if each["state"] == "waiting"]

    (contact,) = await eventually(waiting, lambda found: len(found) == 1, SECONDS)
    token = (await signed_in(centre.server.address, ["sue"]))["sue"]
    async with httpx.AsyncClient(timeout=30) as http:
        url = f"http://{centre.server.address}/api/v1/floor/contacts/{contact['id']}/callback"
        told = await http.post(url, json={"number": number}, headers={"Authorization": f"Bearer {token}"})
    assert told.is_success, told.text


async def is_called_back(centre: CallCentre, phones: Phones, number: str) -> None:
    """Anna becomes ready, her phone rings, then the customer's, and they talk."""
    anna, outside = await phones.agent("anna"), await phones.outside()
    async with centre.seat("anna") as seat:
        own = await anna.rung()
        await asyncio.sleep(A_MOMENT)
        assert outside.unrung
        await own.answer()
        rung = await outside.rung()
        assert rung.number.endswith(number)
        await rung.answer()
        await hears(own, "caller")
        await hears(rung, "anna")
        await own.hang_up()
        await rung.until_ended()
        await seat.passes("working_after_call")


async def waits(centre: CallCentre, phone: SipPhone) -> Call:
    """A call that Callfloor has. On a busy machine it may have lost its Asterisk for a moment: who calls then is told
    so by the fallback, which hangs up, and calls again. Of such a call nothing is known."""

    async def known() -> int:
        query = "SELECT (SELECT count(*) FROM live_contacts) + (SELECT count(*) FROM interactions) AS n"
        return int((await centre.rows(query))[0]["n"])

    async def has_come(call: Call) -> bool:
        return await eventually(known, lambda number: number > 0 or call.ending is not None, SECONDS) > 0

    async with asyncio.timeout(60):
        while not await has_come(call := await phone.dial("4001").until_answered()):
            pass
    return call


@pytest.mark.parametrize("away", [False, True], ids=["at once", "after the fallback"])
async def test_a_caller_who_is_promised_a_callback_is_called_by_the_agent_whose_turn_it_is(
    centre: CallCentre, phones: Phones, away: bool
) -> None:
    phone = await phones.caller(NUMBER)
    if away:
        centre.server.kill()
        await left_alone(centre)
        await (await phone.dial("4001").until_answered()).until_ended()
        centre.server.start()
    call = await waits(centre, phone)
    await centre.server.answers()
    await promise_callback(centre, NUMBER)
    await call.hang_up()
    assert (await centre.history(NUMBER))["outcome"] == "callback"  # else the agent may be rung for this call
    await is_called_back(centre, phones, NUMBER)


async def test_a_caller_who_presses_the_key_for_it_is_hung_up_on_and_called_back(
    bank: CallCentre, phones: Phones, tmp_path: Path
) -> None:
    call = (await phones.caller()).dial("500")
    await until_hears(call, await Words(tmp_path / "words").end(OFFERED, "en"))
    await call.press("1")
    assert not (await call.until_ended(30)).by_us
    assert (await bank.history("13800001111"))["outcome"] == "callback"
    await is_called_back(bank, phones, "13800001111")
    await bank.until_quiet()
