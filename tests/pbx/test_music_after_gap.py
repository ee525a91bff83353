"""Callers who hear music while nobody looks: Callfloor is killed and started again, or loses its connection."""

import pytest

from app.demo.pbx.sip.call import Call
from tests.pbx.desk import CallCentre
from tests.pbx.gaps import Gap, cut_off, gaps, restarted, started_again
from tests.pbx.site import TONES, Phones
from tests.pbx.talks import SECONDS, Talk, hears, hears_music, shown, talking
from tests.pbx.test_supervisors import promoted, supervisor, takes_over
from tests.pbx.test_transfers import answered
from tests.pbx.test_transfers_beside import conference

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.timeout(300)]


async def hears_only(call: Call, who: str) -> None:
    """Wait until somebody is heard, and nothing beside them."""
    await hears(call, who)
    await call.until(lambda it: it.sound.loudness(TONES[who], 1.0) > 0.9 * it.sound.level(1.0) * 2**0.5, SECONDS)


@gaps
async def test_music_of_a_caller_on_hold_ends_as_they_are_taken_back(
    centre: CallCentre, phones: Phones, gap: Gap
) -> None:
    async with talking(centre, phones) as talk:
        await talk.ask("call.hold")
        await hears_music(talk.caller)
        await gap(centre)
        await hears_music(talk.caller)
        await talk.ask("call.retrieve")
        await hears_only(talk.caller, "anna")
        await hears_only(talk.agent, "caller")


async def test_phone_that_holds_and_takes_back_while_the_server_is_dead_is_shown_to_do_so(
    centre: CallCentre, phones: Phones
) -> None:
    async with talking(centre, phones) as talk:
        for act, held in ((talk.agent.hold, True), (talk.agent.resume, False)):
            centre.server.kill()
            await act()
            await started_again(centre.server)
            await shown(talk.seat, talk.contact, held=held)
        await hears(talk.caller, "anna")


@gaps
async def test_music_of_a_caller_ends_as_they_are_left_to_who_was_consulted(
    centre: CallCentre, phones: Phones, gap: Gap
) -> None:
    bo = await phones.agent("bo")
    async with talking(centre, phones) as talk, centre.seat("bo"):
        await talk.ask("call.consult", to={"agent": "bo"})
        rung = await bo.rung()
        await rung.answer()
        await answered(talk)
        await gap(centre)
        await hears_music(talk.caller)
        await hears_only(talk.agent, "bo")
        await talk.ask("call.complete_transfer")
        await hears_only(talk.caller, "bo")
        await hears_only(rung, "caller")


@gaps
async def test_music_of_a_caller_on_hold_ends_as_a_supervisor_takes_them_over(
    centre: CallCentre, phones: Phones, gap: Gap
) -> None:
    phone = await phones.agent("dora")
    async with talking(centre, phones) as talk, supervisor(centre) as sue:
        await talk.ask("call.hold")
        await hears_music(talk.caller)
        await gap(centre)
        ear = await takes_over(sue, talk, phone, address="PJSIP/dora")
        await hears_only(talk.caller, "dora")
        await hears_only(ear, "caller")


@gaps
async def test_music_of_a_caller_whom_a_supervisor_has_and_holds_ends_as_they_are_taken_back(
    centre: CallCentre, phones: Phones, gap: Gap
) -> None:
    phone = await phones.agent("dora")
    async with talking(centre, phones) as talk, promoted(centre, "dora") as (desk, dora):
        ear = await takes_over(dora, talk, phone)
        await hears(talk.caller, "dora")
        await desk.ask("call.hold", contact_id=talk.contact)
        await hears_music(talk.caller)
        await gap(centre)
        await desk.ask("call.retrieve", contact_id=talk.contact)
        await hears_only(talk.caller, "dora")
        await hears_only(ear, "caller")


async def is_refused_to_take_back(talk: Talk) -> None:
    """Anna, by command, since her own phone holds."""
    await talk.ask("call.retrieve")
    assert "phone of agent anna itself" in (await talk.seat.frame("command.failed"))["detail"]


async def test_agent_whose_phone_holds_no_more_since_a_gap_takes_the_caller_back_who_is_on_hold_by_command_too(
    centre: CallCentre, phones: Phones
) -> None:
    async with talking(centre, phones) as talk:
        await talk.ask("call.hold")
        await hears_music(talk.caller)
        await talk.agent.hold()
        await is_refused_to_take_back(talk)
        async with cut_off(centre):
            await talk.agent.resume()
        await hears_only(talk.caller, "anna")
        await shown(talk.seat, talk.contact, held=False)


async def test_phone_that_takes_a_caller_back_beside_a_colleague_while_the_server_is_dead_is_shown_to_do_so(
    centre: CallCentre, phones: Phones
) -> None:
    async with conference(centre, phones) as (talk, bo, seat):
        await talk.agent.hold()
        await shown(seat, talk.contact, held=True)
        centre.server.kill()
        await talk.agent.resume()
        await started_again(centre.server)
        await shown(seat, talk.contact, held=False)
        await hears(talk.caller, "anna", "bo")
        await hears(bo, "anna", "caller")


async def test_phone_that_holds_beside_a_hold_by_command_is_known_to_do_so_after_a_restart(
    centre: CallCentre, phones: Phones
) -> None:
    async with talking(centre, phones) as talk:
        await talk.ask("call.hold")
        await hears_music(talk.caller)
        await talk.agent.hold()
        await restarted(centre)
        await is_refused_to_take_back(talk)
        await hears_music(talk.caller)
        await talk.agent.resume()
        await hears_only(talk.caller, "anna")
        await shown(talk.seat, talk.contact, held=False)
