"""Hold, over a real Asterisk: by command, and at the phone."""

import pytest

from tests.pbx.desk import CallCentre
from tests.pbx.site import TONES, Phones
from tests.pbx.talks import SECONDS, Talk, hears, hears_music, hears_nobody, shown, talking
from tests.pbx.test_transfers import answered

pytestmark = pytest.mark.enable_socket


async def test_a_caller_on_hold_by_command_hears_music_until_the_agent_takes_them_back(
    centre: CallCentre, phones: Phones
) -> None:
    async with talking(centre, phones) as talk:
        await talk.ask("call.hold")
        await hears_music(talk.caller)
        await hears_nobody(talk.agent)
        await shown(talk.seat, talk.contact, held=True)
        await talk.ask("call.retrieve")
        await hears(talk.caller, "anna")
        await hears(talk.agent, "caller")
        await shown(talk.seat, talk.contact, held=False)


async def test_a_caller_whom_the_phone_itself_holds_is_shown_as_held_and_hears_music(
    centre: CallCentre, phones: Phones
) -> None:
    async with talking(centre, phones) as talk:
        await talk.agent.hold()
        await shown(talk.seat, talk.contact, held=True)
        await hears_music(talk.caller)
        await talk.agent.resume()
        await shown(talk.seat, talk.contact, held=False)
        await hears(talk.caller, "anna")
        await hears(talk.agent, "caller")
        await talk.caller.hang_up()
        spent = (await centre.history("13800001111"))["hold_seconds"]
        assert spent > 0


async def test_a_caller_on_hold_by_command_comes_back_as_the_phone_that_has_held_as_well_holds_no_more(
    centre: CallCentre, phones: Phones
) -> None:
    async with talking(centre, phones) as talk:
        await talk.ask("call.hold")
        await hears_music(talk.caller)
        await talk.agent.hold()
        await talk.agent.resume()
        await shown(talk.seat, talk.contact, held=False)
        await hears(talk.caller, "anna")
        await hears(talk.agent, "caller")


async def is_refused(talk: Talk) -> None:
    """The caller is not taken back by command, and the agent is told why."""
    await talk.ask("call.retrieve")
    told = await talk.seat.frame("command.failed")
    assert (told["order"], told["contact_id"]) == ("call.retrieve", talk.contact)
    assert "phone of agent anna itself holds the call" in told["detail"]


@pytest.mark.parametrize("command", [False, True], ids=["by the phone alone", "by command as well"])
async def test_a_caller_whom_the_phone_holds_is_not_taken_back_by_command_and_hears_music_until_the_phone_does(
    centre: CallCentre, phones: Phones, command: bool
) -> None:
    async with talking(centre, phones) as talk:
        if command:
            await talk.ask("call.hold")
            await hears_music(talk.caller)
        await talk.agent.hold()
        await shown(talk.seat, talk.contact, held=True)
        await hears_music(talk.caller)
        await is_refused(talk)
        await hears_music(talk.caller)
        await shown(talk.seat, talk.contact, held=True)
        await talk.agent.resume()
        await hears(talk.caller, "anna")
        await hears(talk.agent, "caller")
        await shown(talk.seat, talk.contact, held=False)


async def test_a_caller_whose_agent_gives_up_a_consultation_hears_music_until_the_phone_holds_no_more(
    centre: CallCentre, phones: Phones
) -> None:
    bo = await phones.agent("bo")
    async with talking(centre, phones) as talk, centre.seat("bo") as seat:
        await talk.ask("call.consult", to={"agent": "bo"})
        rung = await bo.rung()
        await rung.answer()
        await answered(talk)
        await talk.agent.hold()
        await talk.ask("call.reconnect")
        await rung.until_ended()
        await seat.until("ready")
        await hears_music(talk.caller)
        await shown(talk.seat, talk.contact, held=True, consult=None)
        await talk.agent.resume()
        await hears(talk.caller, "anna")
        await shown(talk.seat, talk.contact, held=False)


async def test_a_caller_on_hold_whose_agent_hangs_up_is_hung_up_on_as_well(centre: CallCentre, phones: Phones) -> None:
    async with talking(centre, phones) as talk:
        await talk.ask("call.hold")
        await hears_music(talk.caller)
        await talk.agent.hang_up()
        await talk.caller.until_ended()


async def test_a_caller_who_is_left_to_a_number_that_holds_hears_music_until_they_are_taken_back(
    centre: CallCentre, phones: Phones
) -> None:
    outside = await phones.outside()
    outside.hertz = TONES["dora"]
    async with talking(centre, phones) as talk:
        await talk.ask("call.consult", to={"number": "5550001"})
        rung = await outside.rung()
        await rung.answer()
        await answered(talk)
        await rung.hold()
        await talk.ask("call.complete_transfer")
        await talk.agent.until_ended(SECONDS)
        await hears_music(talk.caller)
        await rung.resume()
        await hears(talk.caller, "dora")
        await hears(rung, "caller")
