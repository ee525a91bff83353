"""What supervisors who have the caller do at their own phones, over a real Asterisk: hold, and hand the caller on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
import pytest

from app.demo.pbx.sip.call import Call
from app.demo.pbx.sip.phone import SipPhone
from tests.fixtures.bank import signed_in
from tests.fixtures.waiting import eventually
from tests.pbx.desk import CallCentre, Seat
from tests.pbx.site import TONES, Phones
from tests.pbx.talks import SECONDS, Talk, hears, hears_music, shown, talking
from tests.pbx.test_supervisors import promoted, supervisor, takes_over
from tests.pbx.test_transfers import answered
from tests.pbx.test_transfers_at_the_phone import refused

pytestmark = pytest.mark.enable_socket
NUMBER = "5550001"


class Taken(NamedTuple):
    """A call that a supervisor has taken over by the call `ear` of their `phone`; `desk` is theirs if they are an
    agent."""

    talk: Talk
    phone: SipPhone
    ear: Call
    desk: Seat | None


@asynccontextmanager
async def taken(centre: CallCentre, phones: Phones, by: str) -> AsyncIterator[Taken]:
    """Dora, who is an agent, has taken the call over, or Sue, who is none, from the same phone."""
    phone = await phones.agent("dora")
    async with talking(centre, phones) as talk:
        await talk.seat.ask("agent.not_ready", reason="break", after_contact=True)
        if by == "dora":
            async with promoted(centre, "dora") as (desk, dora):
                yield Taken(talk, phone, await takes_over(dora, talk, phone), desk)
        else:
            async with supervisor(centre) as sue:
                yield Taken(talk, phone, await takes_over(sue, talk, phone, address="PJSIP/dora"), None)


async def on_the_floor(centre: CallCentre, contact: str, **wanted: Any) -> None:
    """Until supervisors see the contact as it is wanted."""

    async def look() -> dict[str, Any]:
        found = (await centre.get("/api/v1/floor")).json()["contacts"]
        return next((each for each in found if each["id"] == contact), {})

    await eventually(
        look, lambda seen: bool(seen) and all(seen[key] == value for key, value in wanted.items()), SECONDS
    )


async def handed_on(it: Taken, second: Call) -> None:
    """The phone has joined its two calls, is told that this was done, and is out of both."""
    await it.ear.transfer_to(second)
    await it.ear.until_ended()
    assert it.ear.transfer_progress[-1].startswith("SIP/2.0 200")
    await second.until_ended()
    if it.desk is not None:
        await it.desk.passes("working_after_call")


@pytest.mark.parametrize("by", ["dora", "sue"])
async def test_caller_whom_a_supervisors_phone_holds_is_shown_as_held_until_it_takes_them_back(
    centre: CallCentre, phones: Phones, by: str
) -> None:
    async with taken(centre, phones, by) as it:
        await hears(it.talk.caller, "dora")
        await it.ear.hold()
        await on_the_floor(centre, it.talk.contact, held=True)
        await hears_music(it.talk.caller)
        await it.ear.resume()
        await on_the_floor(centre, it.talk.contact, held=False)
        await hears(it.talk.caller, "dora")
        await hears(it.ear, "caller")


async def test_caller_whom_a_supervisors_phone_holds_is_not_taken_back_by_command_but_by_that_phone(
    centre: CallCentre, phones: Phones
) -> None:
    async with taken(centre, phones, "dora") as it:
        assert it.desk is not None
        await it.ear.hold()
        await shown(it.desk, it.talk.contact, held=True)
        assert not (await it.desk.tab.ask("call.hold", contact_id=it.talk.contact))["ok"]
        await it.desk.ask("call.retrieve", contact_id=it.talk.contact)
        assert "phone of agent dora itself" in (await it.desk.frame("command.failed"))["detail"]
        await hears_music(it.talk.caller)
        await shown(it.desk, it.talk.contact, held=True)
        await it.ear.resume()
        await shown(it.desk, it.talk.contact, held=False)
        await hears(it.talk.caller, "dora")


@pytest.mark.parametrize("by", ["dora", "sue"])
async def test_supervisor_who_has_called_a_colleague_joins_them_with_the_caller(
    centre: CallCentre, phones: Phones, by: str
) -> None:
    bo = await phones.agent("bo")
    async with taken(centre, phones, by) as it, centre.seat("bo") as seat:
        await it.ear.hold()
        await hears_music(it.talk.caller)
        second = it.phone.dial("bo")
        rung = await bo.rung()
        await rung.answer()
        await second.until_answered()
        await hears(second, "bo")
        await handed_on(it, second)
        await hears(it.talk.caller, "bo")
        await hears(rung, "caller")
        await seat.until("busy")
        await on_the_floor(centre, it.talk.contact, state="active", agents=["bo"], held=False)
        await rung.hang_up()
        await it.talk.caller.until_ended()


@pytest.mark.parametrize("by", ["dora", "sue"])
async def test_supervisor_who_has_called_a_number_joins_it_with_the_caller(
    centre: CallCentre, phones: Phones, by: str
) -> None:
    outside = await phones.outside()
    outside.hertz = TONES["carl"]
    async with taken(centre, phones, by) as it:
        await it.ear.hold()
        second = it.phone.dial(NUMBER)
        rung = await outside.rung()
        await rung.answer()
        await hears(second, "carl")
        await handed_on(it, second)
        await hears(it.talk.caller, "carl")
        await hears(rung, "caller")
        await on_the_floor(centre, it.talk.contact, state="arriving", agents=[], held=False)
        await rung.hang_up()
        await it.talk.caller.until_ended()


async def test_caller_whom_a_supervisors_phone_holds_is_heard_by_a_second_one_who_takes_the_call_over(
    centre: CallCentre, phones: Phones
) -> None:
    bo = await phones.agent("bo")
    async with taken(centre, phones, "dora") as it, promoted(centre, "bo") as (_, second):
        await it.ear.hold()
        await hears_music(it.talk.caller)
        await second.ask("call.take_over", contact_id=it.talk.contact)
        rung = await bo.rung()
        await rung.answer()
        await it.ear.until_ended()
        await hears(it.talk.caller, "bo")
        await hears(rung, "caller")
        await on_the_floor(centre, it.talk.contact, agents=["bo"], held=False)


async def test_caller_whose_supervisor_holds_and_hangs_up_is_had_by_the_next_agent(
    centre: CallCentre, phones: Phones
) -> None:
    bo = await phones.agent("bo")
    async with taken(centre, phones, "sue") as it:
        await it.ear.hold()
        await hears_music(it.talk.caller)
        await it.ear.hang_up()
        it.talk.caller.sound.forget()
        await hears_music(it.talk.caller)
        await on_the_floor(centre, it.talk.contact, state="waiting", held=False)
        async with centre.seat("bo"):
            rung = await bo.rung()
            await rung.answer()
            await hears(it.talk.caller, "bo")
            await on_the_floor(centre, it.talk.contact, state="active", held=False)


async def test_phone_of_a_supervisor_who_is_no_agent_is_told_that_it_sends_nobody_straight_on_and_keeps_the_caller(
    centre: CallCentre, phones: Phones
) -> None:
    async with taken(centre, phones, "sue") as it:
        await it.ear.transfer(NUMBER)
        await refused(it.ear)
        await hears(it.talk.caller, "dora")
        await hears(it.ear, "caller")


@asynccontextmanager
async def joined_and_holding(centre: CallCentre, phones: Phones) -> AsyncIterator[tuple[Talk, Call, Seat, Seat]]:
    """Dora has joined Anna's call and holds it at her phone; her seats are those of an agent and of a supervisor."""
    phone = await phones.agent("dora")
    async with talking(centre, phones) as talk, promoted(centre, "dora") as (desk, dora):
        await dora.ask("call.listen", contact_id=talk.contact, mode="join")
        ear = await phone.rung()
        await ear.answer()
        await hears(talk.caller, "anna", "dora")
        await ear.hold()
        await hears(talk.caller, "anna")
        yield talk, ear, desk, dora


async def test_supervisor_who_has_joined_and_holds_at_the_phone_takes_the_caller_from_nobody(
    centre: CallCentre, phones: Phones
) -> None:
    async with joined_and_holding(centre, phones) as (talk, ear, _, _):
        await asyncio.sleep(1)
        await on_the_floor(centre, talk.contact, held=False, agents=["anna"])
        await ear.resume()
        await hears(talk.caller, "anna", "dora")


async def test_caller_does_not_hear_what_an_agent_is_consulting_for_the_phone_of_a_joined_supervisor(
    centre: CallCentre, phones: Phones
) -> None:
    bo, outside = await phones.agent("bo"), await phones.outside()
    outside.hertz = TONES["carl"]
    phone = await phones.agent("dora")
    async with talking(centre, phones) as talk, supervisor(centre) as sue, centre.seat("bo"):
        await sue.ask("call.listen", contact_id=talk.contact, mode="join", address="PJSIP/dora")
        ear = await phone.rung()
        await ear.answer()
        await hears(talk.caller, "anna", "dora")
        await talk.ask("call.consult", to={"agent": "bo"})
        rung = await bo.rung()
        await rung.answer()
        await answered(talk)
        await hears_music(talk.caller)
        await ear.hold()
        second = phone.dial(NUMBER)
        number = await outside.rung()
        await number.answer()
        await hears(second, "carl")
        await ear.transfer_to(second)
        await refused(ear)
        await hears_music(talk.caller)
        await hears(second, "carl")


async def test_hold_of_a_supervisors_phone_is_shown_at_once_to_those_who_watch_the_floor(
    centre: CallCentre, phones: Phones
) -> None:
    async with taken(centre, phones, "sue") as it, supervisor(centre) as watcher:

        async def told() -> list[bool]:
            frames = [each.get("contact") or {} for each in watcher.tab.frames]
            return [each["held"] for each in frames if each.get("id") == it.talk.contact]

        await it.ear.hold()
        await eventually(told, lambda seen: True in seen, SECONDS)


async def test_caller_whom_a_joined_supervisor_hands_to_a_number_is_offered_to_nobody(
    centre: CallCentre, phones: Phones
) -> None:
    outside = await phones.outside()
    outside.hertz = TONES["carl"]
    phone = await phones.agent("dora")
    await phones.agent("bo")
    async with talking(centre, phones) as talk, supervisor(centre) as sue:
        await sue.ask("call.listen", contact_id=talk.contact, mode="join", address="PJSIP/dora")
        ear = await phone.rung()
        await ear.answer()
        await hears(talk.caller, "anna", "dora")
        await ear.hold()
        second = phone.dial(NUMBER)
        number = await outside.rung()
        await number.answer()
        await hears(second, "carl")
        await talk.seat.ask("agent.not_ready", reason="break", after_contact=True)
        token = (await signed_in(centre.server.address, ["sue"]))["sue"]
        async with httpx.AsyncClient(timeout=30, headers={"Authorization": f"Bearer {token}"}) as http:
            done = await http.post(f"http://{centre.server.address}/api/v1/floor/agents/anna/release", json={})
        assert done.is_success, done.text
        await talk.agent.until_ended()
        await on_the_floor(centre, talk.contact, state="waiting")
        await ear.transfer_to(second)
        await ear.until_ended()
        await hears(talk.caller, "carl")
        async with centre.seat("bo"):
            await on_the_floor(centre, talk.contact, state="arriving", agents=[], offered_to=[])
            await hears(talk.caller, "carl")


async def test_caller_of_a_supervisor_who_held_before_they_took_the_call_hears_music_until_they_are_taken_back(
    centre: CallCentre, phones: Phones
) -> None:
    async with joined_and_holding(centre, phones) as (talk, ear, desk, dora):
        await dora.ask("call.take_over", contact_id=talk.contact)
        await talk.agent.until_ended()
        await on_the_floor(centre, talk.contact, agents=["dora"], held=True)
        await hears_music(talk.caller)
        await ear.resume()
        await on_the_floor(centre, talk.contact, agents=["dora"], held=False)
        await hears(talk.caller, "dora")
        await hears(ear, "caller")
        await ear.hold()
        await on_the_floor(centre, talk.contact, held=True)
        await desk.ask("call.retrieve", contact_id=talk.contact)
        assert "phone of agent dora itself" in (await desk.frame("command.failed"))["detail"]
        await hears_music(talk.caller)
        await on_the_floor(centre, talk.contact, held=True)
