"""Transfers by command, over a real Asterisk: blind, and after a consultation."""

import asyncio

import pytest

from app.telephony.adapters.asterisk_ari.line.moments import SOON_SECONDS
from tests.pbx.desk import CallCentre
from tests.pbx.site import Phones
from tests.pbx.talks import Talk, hears, hears_music, hears_nobody, hears_ringing, musical, shown, talking

pytestmark = pytest.mark.enable_socket


async def gone(talk: Talk) -> None:
    """The agent is out of the call, and their phone with them."""
    await talk.agent.until_ended()
    await talk.seat.passes("working_after_call")


async def test_a_caller_is_handed_to_a_queue_and_hears_music_until_somebody_there_answers(
    centre: CallCentre, phones: Phones
) -> None:
    async with talking(centre, phones) as talk:
        await talk.seat.ask("agent.not_ready", reason="break", after_contact=True)
        await talk.ask("call.transfer", to={"queue": "taped"})
        await gone(talk)
        await hears_music(talk.caller)
        bo = await phones.agent("bo")
        async with centre.seat("bo"):
            rung = await bo.rung()
            assert rung.caller == "13800001111"
            await rung.answer()
            await hears(talk.caller, "bo")
            await hears(rung, "caller")


async def test_a_caller_is_handed_to_a_colleague(centre: CallCentre, phones: Phones) -> None:
    bo = await phones.agent("bo")
    async with talking(centre, phones) as talk, centre.seat("bo"):
        await talk.ask("call.transfer", to={"agent": "bo"})
        await gone(talk)
        rung = await bo.rung()
        await rung.answer()
        await hears(talk.caller, "bo")
        await hears(rung, "caller")
        await rung.hang_up()
        await talk.caller.until_ended()
        assert (await centre.history("13800001111"))["outcome"] == "answered"


async def test_a_caller_is_handed_to_a_number_outside(centre: CallCentre, phones: Phones) -> None:
    outside = await phones.outside()
    outside.hertz = 1900
    async with talking(centre, phones) as talk:
        await talk.ask("call.transfer", to={"number": "5550001"})
        await gone(talk)
        rung = await outside.rung()
        assert rung.number == "5550001"
        await asyncio.sleep(SOON_SECONDS + 1.5)  # who waits would hear nothing but music by now
        await hears_ringing(talk.caller)
        assert not musical(talk.caller.sound)
        await rung.answer()
        await hears(talk.caller, "dora")
        await hears(rung, "caller")
        await rung.hang_up()
        await talk.caller.until_ended()


async def test_a_caller_whose_number_is_busy_is_given_back_to_the_queue(centre: CallCentre, phones: Phones) -> None:
    outside, anna = await phones.outside(), await phones.agent("anna")
    async with talking(centre, phones, phone=anna) as talk:
        await talk.ask("call.transfer", to={"number": "5550001"})
        (await outside.rung()).reject(486)
        rung = await anna.rung(30)
        await rung.answer()
        await hears(talk.caller, "anna")
        await hears(rung, "caller")


async def test_a_colleague_is_consulted_while_the_caller_hears_music_and_then_has_them(
    centre: CallCentre, phones: Phones
) -> None:
    bo = await phones.agent("bo")
    async with talking(centre, phones) as talk, centre.seat("bo") as seat:
        await talk.ask("call.consult", to={"agent": "bo"})
        rung = await bo.rung()
        await seat.frame("contact.consulted")
        await hears_music(talk.caller)
        await rung.answer()
        await hears(rung, "anna")
        await hears(talk.agent, "bo")
        await hears_music(talk.caller)
        await answered(talk)
        await talk.ask("call.complete_transfer")
        await gone(talk)
        await hears(talk.caller, "bo")
        await hears(rung, "caller")
        await rung.hang_up()
        await talk.caller.until_ended()


async def answered(talk: Talk) -> None:
    """The agent's screen says that the consulted party has answered."""
    await talk.seat.frame(
        "contact.updated", lambda frame: (frame["contact"]["consult"] or {}).get("state") == "answered"
    )


async def test_a_consultation_is_over_and_the_agent_is_back_with_the_caller(centre: CallCentre, phones: Phones) -> None:
    bo = await phones.agent("bo")
    async with talking(centre, phones) as talk, centre.seat("bo") as seat:
        await talk.ask("call.consult", to={"agent": "bo"})
        rung = await bo.rung()
        await rung.answer()
        await answered(talk)
        await talk.ask("call.reconnect")
        await rung.until_ended()
        await hears(talk.caller, "anna")
        await hears(talk.agent, "caller")
        await shown(talk.seat, talk.contact, held=False, consult=None)
        await seat.until("ready")


async def test_an_agent_who_hangs_up_hands_the_caller_to_whom_they_consulted(
    centre: CallCentre, phones: Phones
) -> None:
    outside = await phones.outside()
    outside.hertz = 1900
    async with talking(centre, phones) as talk:
        await talk.ask("call.consult", to={"number": "5550001"})
        rung = await outside.rung()
        await rung.answer()
        await hears(talk.agent, "dora")
        await answered(talk)
        await talk.agent.hang_up()
        await hears(talk.caller, "dora")
        await hears(rung, "caller")
        await rung.hang_up()
        await talk.caller.until_ended()


async def test_whom_one_wants_to_consult_is_busy_and_the_agent_takes_the_caller_back(
    centre: CallCentre, phones: Phones
) -> None:
    outside = await phones.outside()
    async with talking(centre, phones) as talk:
        await talk.ask("call.consult", to={"number": "5550001"})
        (await outside.rung()).reject(486)
        await shown(talk.seat, talk.contact, held=True, consult=None)
        await hears_nobody(talk.agent)
        await talk.ask("call.reconnect")
        await hears(talk.caller, "anna")
        await hears(talk.agent, "caller")


async def test_a_caller_who_hangs_up_during_a_consultation_ends_it_for_both_others(
    centre: CallCentre, phones: Phones
) -> None:
    bo = await phones.agent("bo")
    async with talking(centre, phones) as talk, centre.seat("bo"):
        await talk.ask("call.consult", to={"agent": "bo"})
        rung = await bo.rung()
        await rung.answer()
        await answered(talk)
        await talk.caller.hang_up()
        await rung.until_ended()
        await talk.agent.until_ended()
