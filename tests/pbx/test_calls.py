"""Whole calls over a real Asterisk: real phones, a real server, real sound."""

import pytest

from tests.pbx.desk import CallCentre
from tests.pbx.site import TONES, Phones

pytestmark = pytest.mark.enable_socket


async def test_caller_hears_the_agent_whose_screen_has_popped_and_the_call_is_in_the_history(
    centre: CallCentre, phones: Phones
) -> None:
    anna, caller = await phones.agent("anna"), await phones.caller()
    async with centre.seat("anna") as seat:
        call = caller.dial("4001")
        rung = await anna.rung()
        pop = await seat.frame("contact.offered")
        assert pop["contact"]["from"] == rung.caller == "13800001111"
        await rung.answer()
        await rung.until_hears(TONES["caller"])
        await call.until_hears(TONES["anna"])
        await call.hang_up()
        await rung.until_ended()
        assert (await centre.history("13800001111"))["outcome"] == "answered"
    await centre.until_quiet()
