"""Callers who are sent to a number by one of several who are there, or are about to come, over a real Asterisk."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.demo.pbx.sip.call import Call
from tests.fixtures.waiting import eventually
from tests.pbx.desk import CallCentre, Seat
from tests.pbx.site import Phones
from tests.pbx.talks import RINGING, SECONDS, Talk, hears, hears_music, hears_ringing, shown, signals, talking

pytestmark = pytest.mark.enable_socket
NUMBER = "5550001"


@asynccontextmanager
async def conference(centre: CallCentre, phones: Phones) -> AsyncIterator[tuple[Talk, Call, Seat]]:
    """Anna and Bo talk to a caller: the talk, Bo's phone, and his screen."""
    bo = await phones.agent("bo")
    async with talking(centre, phones) as talk, centre.seat("bo") as seat:
        await talk.ask("call.conference", to={"agent": "bo"})
        rung = await bo.rung()
        await rung.answer()
        await hears(talk.caller, "anna", "bo")
        yield talk, rung, seat


async def with_bo(talk: Talk, bo: Call) -> None:
    """Caller and Bo hear each other and nobody else."""
    await hears(talk.caller, "bo")
    await hears(bo, "caller")


async def test_caller_whom_one_of_two_agents_sends_to_a_number_that_is_busy_has_the_other_all_the_time(
    centre: CallCentre, phones: Phones
) -> None:
    outside = await phones.outside()
    async with conference(centre, phones) as (talk, bo, seat):
        await talk.ask("call.transfer", to={"number": NUMBER})
        rung = await outside.rung()
        await talk.agent.until_ended()
        await with_bo(talk, bo)
        rung.reject(486)
        await with_bo(talk, bo)
        await shown(seat, talk.contact, state="active", agents=["bo"], held=False)
        await bo.hang_up()
        await talk.caller.until_ended()


async def test_number_to_which_one_of_two_agents_sends_a_caller_comes_to_both_and_leaves_them_to_each_other(
    centre: CallCentre, phones: Phones
) -> None:
    outside = await phones.outside()
    outside.hertz = 1900
    async with conference(centre, phones) as (talk, bo, _):
        await talk.ask("call.transfer", to={"number": NUMBER})
        rung = await outside.rung()
        await rung.answer()
        await talk.agent.until_ended()
        await hears(talk.caller, "bo", "dora")
        await hears(bo, "caller", "dora")
        await hears(rung, "caller", "bo")
        await rung.hang_up()
        await with_bo(talk, bo)


async def test_caller_on_hold_by_who_sends_them_to_a_number_comes_back_to_the_other_agent(
    centre: CallCentre, phones: Phones
) -> None:
    outside = await phones.outside()
    async with conference(centre, phones) as (talk, bo, seat):
        await talk.ask("call.hold")
        await shown(talk.seat, talk.contact, held=True)
        await talk.ask("call.transfer", to={"number": NUMBER})
        rung = await outside.rung()
        await with_bo(talk, bo)
        rung.reject(486)
        await with_bo(talk, bo)
        await shown(seat, talk.contact, held=False)


async def test_colleague_who_is_invited_does_not_ring_on_as_the_caller_is_sent_to_a_number(
    centre: CallCentre, phones: Phones
) -> None:
    outside, bo = await phones.outside(), await phones.agent("bo")
    outside.hertz = 1900
    async with talking(centre, phones) as talk, centre.seat("bo") as seat:
        await talk.ask("call.conference", to={"agent": "bo"})
        invited = await bo.rung()
        await talk.ask("call.transfer", to={"number": NUMBER})
        rung = await outside.rung()
        await invited.until_ended(SECONDS)
        await seat.until("ready")
        await hears_ringing(talk.caller)
        await rung.answer()
        await hears(talk.caller, "dora")
        await hears(rung, "caller")


async def test_colleague_who_is_invited_by_one_of_two_agents_comes_into_a_talk_in_which_nothing_rings(
    centre: CallCentre, phones: Phones
) -> None:
    outside, carl = await phones.outside(), await phones.agent("carl")
    async with conference(centre, phones) as (talk, bo, _), centre.seat("carl"):
        await talk.ask("call.conference", to={"agent": "carl"})
        invited = await carl.rung()
        await talk.ask("call.transfer", to={"number": NUMBER})
        await outside.rung()
        await talk.agent.until_ended()
        await invited.answer()
        await hears(talk.caller, "bo", "carl")
        await hears(bo, "caller", "carl")
        assert not signals(talk.caller.sound, RINGING)


async def leaves(talk: Talk, bo: Call, seat: Seat, how: str) -> None:
    """Bo hangs up."""
    if how == "at the phone":
        await bo.hang_up()
    else:
        await seat.ask("call.hang_up", contact_id=talk.contact)
        await bo.until_ended()
    await seat.passes("working_after_call")


async def state(centre: CallCentre, contact: str) -> str:
    """Of the contact, as supervisors see it."""
    known = (await centre.get("/api/v1/floor")).json()["contacts"]
    return next((each["state"] for each in known if each["id"] == contact), "")


ways = pytest.mark.parametrize("how", ["at the phone", "by command"])


@ways
async def test_caller_who_was_sent_to_a_number_talks_on_with_it_as_the_last_agent_hangs_up(
    centre: CallCentre, phones: Phones, how: str
) -> None:
    outside = await phones.outside()
    outside.hertz = 1900
    async with conference(centre, phones) as (talk, bo, seat):
        await talk.ask("call.transfer", to={"number": NUMBER})
        rung = await outside.rung()
        await rung.answer()
        await hears(talk.caller, "bo", "dora")
        await leaves(talk, bo, seat, how)
        await hears(talk.caller, "dora")
        await hears(rung, "caller")
        await rung.hang_up()
        await talk.caller.until_ended()


@ways
async def test_caller_whose_last_agent_hangs_up_hears_the_number_ring_to_which_they_were_sent_and_waits_if_in_vain(
    centre: CallCentre, phones: Phones, how: str
) -> None:
    outside = await phones.outside()
    async with conference(centre, phones) as (talk, bo, seat):
        await talk.ask("call.transfer", to={"number": NUMBER})
        rung = await outside.rung()
        await talk.agent.until_ended()
        await leaves(talk, bo, seat, how)
        await hears_ringing(talk.caller)
        rung.reject(486)
        await hears_music(talk.caller)
        await eventually(lambda: state(centre, talk.contact), lambda it: it in ("waiting", "offered"), SECONDS)


async def test_caller_on_hold_by_who_has_gone_comes_back_as_the_phone_of_the_other_holds_no_more(
    centre: CallCentre, phones: Phones
) -> None:
    async with conference(centre, phones) as (talk, bo, seat):
        await talk.ask("call.hold")
        await shown(talk.seat, talk.contact, held=True)
        await bo.hold()
        await talk.agent.hang_up()
        assert "phone of agent bo itself" in (await seat.frame("command.failed"))["detail"]
        await hears_music(talk.caller)
        await bo.resume()
        await with_bo(talk, bo)
        await shown(seat, talk.contact, held=False)
