"""Calls to customers over a real Asterisk: the agent's phone first, then the customer's."""

import asyncio
from typing import Any

import pytest

from tests.fixtures.waiting import eventually
from tests.pbx.desk import CallCentre
from tests.pbx.site import Phones
from tests.pbx.talks import A_MOMENT, SECONDS, hears

pytestmark = pytest.mark.enable_socket
NUMBER = "5550001"


async def told(centre: CallCentre, number: str = NUMBER) -> dict[str, Any]:
    """What is written of the call to a number."""
    query = "SELECT * FROM interactions WHERE to_raw = $1"
    return (await eventually(lambda: centre.rows(query, number), lambda rows: len(rows) == 1, SECONDS))[0]


async def test_an_agent_dials_their_phone_rings_first_and_then_the_customer(centre: CallCentre, phones: Phones) -> None:
    anna, outside = await phones.agent("anna"), await phones.outside()
    async with centre.seat("anna") as seat:
        await seat.ask("call.dial", to=NUMBER)
        own = await anna.rung()
        await asyncio.sleep(A_MOMENT)
        assert outside.unrung
        await own.answer()
        rung = await outside.rung()
        assert (rung.number, rung.caller) == (NUMBER, "+8695555")
        await rung.answer()
        await hears(own, "caller")
        await hears(rung, "anna")
        await rung.hang_up()
        await own.until_ended()
        await seat.passes("working_after_call")
    row = await told(centre)
    assert (row["direction"], row["outcome"]) == ("outbound", "answered")


async def test_a_customer_who_is_busy_frees_the_agent_and_the_call_has_failed(
    centre: CallCentre, phones: Phones
) -> None:
    anna, outside = await phones.agent("anna"), await phones.outside()
    async with centre.seat("anna") as seat:
        await seat.ask("call.dial", to=NUMBER)
        own = await anna.rung()
        await own.answer()
        (await outside.rung()).reject(486)
        await own.until_ended()
        await seat.frame("contact.ended")
        assert (await told(centre))["outcome"] == "failed"
        await seat.until("ready")


async def test_an_agent_whose_phone_is_not_picked_up_calls_nobody(centre: CallCentre, phones: Phones) -> None:
    anna, outside = await phones.agent("anna"), await phones.outside()
    async with centre.seat("anna") as seat:
        await seat.ask("call.dial", to=NUMBER)
        (await anna.rung()).reject(603)
        assert (await told(centre))["outcome"] == "failed"
        assert outside.unrung


async def test_an_agent_who_gives_up_while_the_customer_is_rung_ends_the_call(
    centre: CallCentre, phones: Phones
) -> None:
    anna, outside = await phones.agent("anna"), await phones.outside()
    async with centre.seat("anna") as seat:
        await seat.ask("call.dial", to=NUMBER)
        own = await anna.rung()
        await own.answer()
        rung = await outside.rung()
        await own.hang_up()
        await rung.until_ended()
        assert (await told(centre))["outcome"] == "failed"


async def test_what_is_no_number_is_refused_and_the_agent_is_free_again(centre: CallCentre, phones: Phones) -> None:
    await phones.agent("anna")
    async with centre.seat("anna") as seat:
        await seat.ask("call.dial", to="bo@1")
        await seat.frame("command.failed")
        await seat.until("ready")
