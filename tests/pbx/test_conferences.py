"""Conferences over a real Asterisk: everybody sends a tone of their own, so it shows who hears whom."""

import pytest

from tests.pbx.desk import CallCentre
from tests.pbx.site import Phones
from tests.pbx.talks import hears, shown, talking

pytestmark = pytest.mark.enable_socket


async def test_a_colleague_joins_all_hear_each_other_and_stays_when_the_first_agent_leaves(
    centre: CallCentre, phones: Phones
) -> None:
    bo = await phones.agent("bo")
    async with talking(centre, phones) as talk, centre.seat("bo") as seat:
        await talk.ask("call.conference", to={"agent": "bo"})
        assert (await seat.frame("contact.invited"))["contact"]["invited"] == ["bo"]
        rung = await bo.rung()
        await rung.answer()
        await hears(talk.caller, "anna", "bo")
        await hears(talk.agent, "caller", "bo")
        await hears(rung, "caller", "anna")
        await seat.until("busy")
        await talk.ask("call.hang_up")
        await talk.agent.until_ended()
        await talk.seat.passes("working_after_call")
        await hears(talk.caller, "bo")
        await hears(rung, "caller")
        await rung.hang_up()
        await talk.caller.until_ended()


async def test_somebody_at_a_number_joins_and_leaves_the_two_who_were_there(centre: CallCentre, phones: Phones) -> None:
    outside = await phones.outside()
    async with talking(centre, phones) as talk:
        await talk.ask("call.conference", to={"number": "5550001"})
        rung = await outside.rung()
        await rung.answer()
        rung.sound.sound_as(1900)
        await hears(talk.caller, "anna", "dora")
        await hears(talk.agent, "caller", "dora")
        await hears(rung, "caller", "anna")
        await rung.hang_up()
        await hears(talk.caller, "anna")
        await hears(talk.agent, "caller")


async def test_an_agent_who_puts_the_phone_down_leaves_the_conference_to_the_colleague(
    centre: CallCentre, phones: Phones
) -> None:
    bo = await phones.agent("bo")
    async with talking(centre, phones) as talk, centre.seat("bo"):
        await talk.ask("call.conference", to={"agent": "bo"})
        rung = await bo.rung()
        await rung.answer()
        await hears(talk.caller, "anna", "bo")
        await talk.agent.hang_up()
        await talk.seat.passes("working_after_call")
        await hears(talk.caller, "bo")
        await hears(rung, "caller")


async def test_a_colleague_who_does_not_come_leaves_the_two_as_they_were(centre: CallCentre, phones: Phones) -> None:
    bo = await phones.agent("bo")
    async with talking(centre, phones) as talk, centre.seat("bo") as seat:
        await talk.ask("call.conference", to={"agent": "bo"})
        (await bo.rung()).reject(486)
        assert (await seat.frame("offer.withdrawn"))["reason"] == "phone_busy"
        await seat.until("ready")
        await talk.ask("call.conference", to={"agent": "bo"})
        rung = await bo.rung()
        await seat.ask("call.hang_up", contact_id=talk.contact)
        await rung.until_ended()
        await seat.until("ready")
        await hears(talk.caller, "anna")
        await hears(talk.agent, "caller")


async def test_the_caller_leaves_and_the_conference_is_over(centre: CallCentre, phones: Phones) -> None:
    bo = await phones.agent("bo")
    async with talking(centre, phones) as talk, centre.seat("bo") as seat:
        await talk.ask("call.conference", to={"agent": "bo"})
        rung = await bo.rung()
        await rung.answer()
        await hears(talk.caller, "anna", "bo")
        await talk.caller.hang_up()
        await talk.agent.until_ended()
        await rung.until_ended()
        await seat.passes("working_after_call")


async def test_a_conference_holds_the_caller_and_takes_them_back(centre: CallCentre, phones: Phones) -> None:
    bo = await phones.agent("bo")
    async with talking(centre, phones) as talk, centre.seat("bo"):
        await talk.ask("call.conference", to={"agent": "bo"})
        rung = await bo.rung()
        await rung.answer()
        await hears(talk.agent, "caller", "bo")
        await talk.ask("call.hold")
        await hears(talk.agent, "bo")
        await hears(rung, "anna")
        await shown(talk.seat, talk.contact, held=True)
        await talk.ask("call.retrieve")
        await hears(talk.caller, "anna", "bo")
