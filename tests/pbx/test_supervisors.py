"""Supervisors in calls over a real Asterisk: everybody sends a tone of their own, so it shows who hears whom."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.core.tasks import Supervisor
from app.demo.pbx.sip.call import Call
from app.demo.pbx.sip.phone import SipPhone
from app.floor.call_control.contacts import REQUEUE_SECONDS
from tests.fixtures.bank import signed_in
from tests.fixtures.tab import Tab
from tests.fixtures.waiting import eventually
from tests.fixtures.way import Way
from tests.pbx.desk import CallCentre, Seat
from tests.pbx.site import Phones
from tests.pbx.talks import A_MOMENT, SECONDS, Talk, hears, hears_music, hears_nobody, shown, talking
from tests.pbx.test_transfers_beside import conference, state

pytestmark = pytest.mark.enable_socket


@asynccontextmanager
async def supervisor(centre: CallCentre, who: str = "sue") -> AsyncIterator[Seat]:
    """Sue, who watches the floor; her phone is Dora's. Or Dora herself."""
    token = (await signed_in(centre.server.address, [who]))[who]
    tab, tasks = Tab(Way([centre.server.address]), who, token, "/ws/floor"), Supervisor()
    tasks.start(f"tab of {who}", tab.run())
    await eventually(lambda: _connections(tab), lambda number: number > 0, SECONDS)
    try:
        yield Seat(tab)
    finally:
        await tasks.stop()


async def _connections(tab: Tab) -> int:
    return tab.connections


@asynccontextmanager
async def listening(centre: CallCentre, phones: Phones, mode: str) -> AsyncIterator[tuple[Talk, Seat, Call]]:
    """A call that a supervisor has come into."""
    phone = await phones.agent("dora")
    async with talking(centre, phones) as talk, supervisor(centre) as sue:
        await ask(sue, talk, "call.listen", mode=mode, address="PJSIP/dora")
        ear = await phone.rung()
        await ear.answer()
        await sue.frame("contact.supervised", lambda frame: frame["act"] == "listen_begun")
        yield talk, sue, ear


async def ask(sue: Seat, talk: Talk, kind: str, **data: Any) -> None:
    """A command of the supervisor's about the call."""
    await sue.ask(kind, contact_id=talk.contact, **data)


async def takes_over(sue: Seat, talk: Talk, phone: SipPhone, **data: Any) -> Call:
    """The supervisor takes the call over from a phone of their own, and the agent is off it."""
    await ask(sue, talk, "call.take_over", **data)
    ear = await phone.rung()
    await ear.answer()
    await talk.agent.until_ended()
    return ear


async def among_themselves(talk: Talk) -> None:
    """Caller and agent hear each other and nobody else."""
    await hears(talk.caller, "anna")
    await hears(talk.agent, "caller")


async def test_who_listens_hears_both_and_is_heard_by_nobody(centre: CallCentre, phones: Phones) -> None:
    async with listening(centre, phones, "listen") as (talk, sue, ear):
        await hears(ear, "caller", "anna")
        await among_themselves(talk)
        await ask(sue, talk, "call.stop_listening")
        await ear.until_ended()
        await among_themselves(talk)


async def test_who_whispers_is_heard_by_the_agent_only(centre: CallCentre, phones: Phones) -> None:
    async with listening(centre, phones, "whisper") as (talk, _, ear):
        await hears(ear, "caller", "anna")
        await hears(talk.agent, "caller", "dora")
        await hears(talk.caller, "anna")


async def test_who_joins_is_heard_by_all(centre: CallCentre, phones: Phones) -> None:
    async with listening(centre, phones, "join") as (talk, _, ear):
        await hears(ear, "caller", "anna")
        await hears(talk.agent, "caller", "dora")
        await hears(talk.caller, "anna", "dora")
        await ear.hang_up()
        await among_themselves(talk)


async def test_caller_whom_a_number_has_left_to_a_supervisor_waits_once_that_one_goes_too(
    centre: CallCentre, phones: Phones
) -> None:
    outside = await phones.outside()
    async with listening(centre, phones, "join") as (talk, _, ear):
        await talk.seat.ask("agent.not_ready", reason="break", after_contact=True)
        await talk.ask("call.transfer", to={"number": "5550001"})
        number = await outside.rung()
        await talk.agent.until_ended()
        await number.answer()
        await hears(number, "caller", "dora")
        await number.hang_up()
        await hears(talk.caller, "dora")
        await ear.hang_up()
        await hears_music(talk.caller)
        await eventually(lambda: state(centre, talk.contact), lambda it: it == "waiting", SECONDS)


async def test_caller_whom_a_supervisor_had_taken_who_leaves_goes_on_with_the_number_to_which_they_were_sent(
    centre: CallCentre, phones: Phones
) -> None:
    outside, phone = await phones.outside(), await phones.agent("dora")
    async with conference(centre, phones) as (talk, bo, _), supervisor(centre) as sue:
        await talk.ask("call.transfer", to={"number": "5550001"})
        number = await outside.rung()
        await number.answer()
        await talk.agent.until_ended()
        await ask(sue, talk, "call.take_over", address="PJSIP/dora")
        ear = await phone.rung()
        await ear.answer()
        await bo.until_ended()
        await hears(number, "caller", "dora")
        await ear.hang_up()
        await hears(number, "caller")
        await asyncio.sleep(REQUEUE_SECONDS + A_MOMENT)
        assert await state(centre, talk.contact) == "arriving"
        await number.hang_up()
        await talk.caller.until_ended()


async def test_a_supervisor_changes_what_they_are_in_the_call_for(centre: CallCentre, phones: Phones) -> None:
    async with listening(centre, phones, "listen") as (talk, sue, ear):
        await hears(ear, "caller", "anna")
        await ask(sue, talk, "call.listen", mode="whisper")
        await hears(talk.agent, "caller", "dora")
        await hears(talk.caller, "anna")
        await ask(sue, talk, "call.listen", mode="join")
        await hears(talk.caller, "anna", "dora")
        await hears(talk.agent, "caller", "dora")
        await ask(sue, talk, "call.listen", mode="listen")
        await among_themselves(talk)
        await hears(ear, "caller", "anna")
        await ask(sue, talk, "call.listen", mode="whisper")
        await hears(talk.agent, "caller", "dora")
        await talk.caller.hang_up()
        await ear.until_ended()
        await talk.agent.until_ended()


async def test_caller_whom_a_phone_holds_hears_music_as_a_supervisor_who_had_joined_only_listens(
    centre: CallCentre, phones: Phones
) -> None:
    async with listening(centre, phones, "join") as (talk, sue, ear):
        await hears(talk.caller, "anna", "dora")
        await talk.agent.hold()
        await shown(talk.seat, talk.contact, held=True)
        await ask(sue, talk, "call.listen", mode="listen")
        await hears_music(talk.caller)
        await talk.agent.resume()
        await among_themselves(talk)
        await hears(ear, "caller", "anna")


async def test_a_supervisor_takes_the_call_over_and_the_agent_is_out_of_it(centre: CallCentre, phones: Phones) -> None:
    phone = await phones.agent("dora")
    async with talking(centre, phones) as talk, supervisor(centre) as sue:
        await ask(sue, talk, "call.take_over", address="PJSIP/dora")
        ear = await phone.rung()
        await among_themselves(talk)
        await ear.answer()
        await talk.agent.until_ended()
        await hears(talk.caller, "dora")
        await hears(ear, "caller")
        await talk.caller.hang_up()
        await ear.until_ended()


async def test_a_supervisor_who_takes_over_a_caller_on_hold_is_heard_by_them(
    centre: CallCentre, phones: Phones
) -> None:
    phone = await phones.agent("dora")
    async with talking(centre, phones) as talk, supervisor(centre) as sue:
        await talk.ask("call.hold")
        await hears_music(talk.caller)
        ear = await takes_over(sue, talk, phone, address="PJSIP/dora")
        await hears(talk.caller, "dora")
        await hears(ear, "caller")


async def test_a_supervisor_who_listens_takes_over_and_hands_the_caller_back_by_hanging_up(
    centre: CallCentre, phones: Phones
) -> None:
    async with listening(centre, phones, "listen") as (talk, sue, ear):
        await talk.seat.ask("agent.not_ready", reason="break", after_contact=True)
        await ask(sue, talk, "call.take_over")
        await talk.agent.until_ended()
        await hears(talk.caller, "dora")
        await ear.hang_up()
        await hears_music(talk.caller)


@asynccontextmanager
async def promoted(centre: CallCentre, who: str) -> AsyncIterator[tuple[Seat, Seat]]:
    """An agent, at the desk still, who may watch the floor from now on; the seats as the one and as the other."""
    role = "UPDATE users SET role = $1 WHERE id = $2"
    async with centre.seat(who, ready=False) as desk:
        await centre.rows(role, "supervisor", who)
        try:
            async with supervisor(centre, who) as seat:
                yield desk, seat
        finally:
            await centre.rows(role, "agent", who)


async def test_a_supervisor_who_is_an_agent_holds_the_caller_they_took_and_sends_them_on_from_the_phone(
    centre: CallCentre, phones: Phones
) -> None:
    phone, bo = await phones.agent("dora"), await phones.agent("bo")
    async with talking(centre, phones) as talk, promoted(centre, "dora") as (desk, dora), centre.seat("bo"):
        ear = await takes_over(dora, talk, phone)
        await hears(talk.caller, "dora")
        await desk.ask("call.hold", contact_id=talk.contact)
        await hears_music(talk.caller)
        await shown(desk, talk.contact, held=True)
        await desk.ask("call.retrieve", contact_id=talk.contact)
        await hears(talk.caller, "dora")
        await hears(ear, "caller")
        await ear.transfer("bo")
        await ear.until_ended()
        rung = await bo.rung()
        await rung.answer()
        await hears(talk.caller, "bo")
        await hears(rung, "caller")


async def test_a_supervisor_who_is_an_agent_consults_a_colleague_who_has_the_caller_then(
    centre: CallCentre, phones: Phones
) -> None:
    phone, bo = await phones.agent("dora"), await phones.agent("bo")
    async with talking(centre, phones) as talk, promoted(centre, "dora") as (desk, dora), centre.seat("bo"):
        ear = await takes_over(dora, talk, phone)
        await desk.ask("call.consult", contact_id=talk.contact, to={"agent": "bo"})
        rung = await bo.rung()
        await hears_music(talk.caller)
        await rung.answer()
        await hears(ear, "bo")
        await desk.frame(
            "contact.updated", lambda frame: (frame["contact"]["consult"] or {}).get("state") == "answered"
        )
        await desk.ask("call.complete_transfer", contact_id=talk.contact)
        await ear.until_ended()
        await hears(talk.caller, "bo")
        await hears(rung, "caller")


async def test_who_listens_on_while_the_caller_is_on_hold_still_hears_the_caller(
    centre: CallCentre, phones: Phones
) -> None:
    async with listening(centre, phones, "listen") as (talk, _, ear):
        await talk.ask("call.hold")
        await hears_music(talk.caller)
        await hears_nobody(talk.agent)
        await talk.ask("call.retrieve")
        await hears(ear, "caller", "anna")


async def test_a_supervisor_whose_phone_is_busy_is_not_in_the_call(centre: CallCentre, phones: Phones) -> None:
    phone = await phones.agent("dora")
    async with talking(centre, phones) as talk, supervisor(centre) as sue:
        await ask(sue, talk, "call.listen", mode="listen", address="PJSIP/dora")
        (await phone.rung()).reject(486)
        await sue.frame("contact.supervised", lambda frame: frame["act"] == "listen_ended")
        await among_themselves(talk)


async def test_a_supervisor_is_told_of_a_phone_that_cannot_be_rung_before_anything_rings(
    centre: CallCentre, phones: Phones
) -> None:
    async with talking(centre, phones) as talk, supervisor(centre) as sue:
        where = {"contact_id": talk.contact, "mode": "listen"}
        refused = await sue.tab.ask("call.listen", address="PJSIP/dora", **where)
        assert (
            refused["problem"]["detail"] == "The phone PJSIP/dora is not registered at asterisk, so it cannot be rung."
        )
        await sue.ask("call.listen", address="PJSIP/nobody", **where)
        failed = await sue.frame("command.failed", lambda frame: frame["order"] == "call.listen")
        assert failed["detail"].startswith("There is no endpoint PJSIP/nobody at asterisk")
        await among_themselves(talk)


@pytest.mark.slow
async def test_a_supervisor_who_leaves_after_a_restart_of_the_server_leaves_no_spy_behind(
    centre: CallCentre, phones: Phones
) -> None:
    async with listening(centre, phones, "listen") as (talk, _, ear):
        await hears(ear, "caller", "anna")
        connected = times_connected(centre)
        centre.server.kill()
        centre.server.start()
        await eventually(lambda: asyncio.sleep(0, times_connected(centre)), lambda times: times > connected, SECONDS)
        await ear.hang_up()
        await eventually(lambda: channels(centre), lambda names: len(names) == 2, SECONDS)
        await among_themselves(talk)


def times_connected(centre: CallCentre) -> int:
    """How often the server has connected to the Asterisk."""
    return centre.server.log.read_text().count("connected to an Asterisk")


async def channels(centre: CallCentre) -> list[str]:
    """The channels that the switch has."""
    async with centre.site.client() as http:
        return [each["name"] for each in (await http.get("/channels")).json()]
