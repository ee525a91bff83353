"""Callfloor, or the Asterisk, is killed in the middle of calls."""

from typing import Any

import pytest

from tests.pbx.desk import CallCentre
from tests.pbx.gaps import started_again
from tests.pbx.site import Phones
from tests.pbx.talks import SECONDS, hears, hears_music, talking

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.timeout(300)]


async def kinds(centre: CallCentre, number: str) -> list[str]:
    """What the history says of a call, in its order."""
    row = await centre.history(number)
    entries = await centre.rows("SELECT kind FROM interaction_entries WHERE interaction_id = $1 ORDER BY at", row["id"])
    return [entry["kind"] for entry in entries]


async def ended_as(centre: CallCentre, number: str, **wanted: Any) -> None:
    """The history says so, and nothing is left on the switch."""
    row = await centre.history(number)
    assert {key: row[key] for key in wanted} == wanted, row
    await centre.until_quiet()


async def test_a_conversation_goes_on_while_the_server_is_dead_and_is_in_the_history(
    centre: CallCentre, phones: Phones
) -> None:
    async with talking(centre, phones) as talk:
        centre.server.kill()
        await hears(talk.caller, "anna")
        await started_again(centre.server)
        await hears(talk.agent, "caller")
        await talk.seat.frame("agent.state", lambda frame: frame["agent"]["state"] == "busy")
        await talk.caller.hang_up()
        await talk.agent.until_ended()
        await ended_as(centre, "13800001111", outcome="answered", agent_id="anna")


async def test_an_agent_who_hangs_up_while_the_server_is_dead_leaves_the_caller_to_the_next_one(
    centre: CallCentre, phones: Phones
) -> None:
    bo = await phones.agent("bo")
    async with talking(centre, phones) as talk, centre.seat("bo"):
        centre.server.kill()
        await talk.agent.hang_up()
        await started_again(centre.server)
        rung = await bo.rung(SECONDS)
        await rung.answer()
        await hears(talk.caller, "bo")
        await talk.caller.hang_up()
        await rung.until_ended()
        await ended_as(centre, "13800001111", outcome="answered")


async def test_a_call_that_ended_while_the_server_was_dead_is_over(centre: CallCentre, phones: Phones) -> None:
    async with talking(centre, phones) as talk:
        centre.server.kill()
        await talk.caller.hang_up()
        await started_again(centre.server)
        await talk.agent.until_ended(SECONDS)
        await ended_as(centre, "13800001111", outcome="answered", agent_id="anna")
        await talk.seat.passes("working_after_call")


async def test_a_caller_who_waits_hears_music_on_and_is_answered_after_the_server_was_killed(
    centre: CallCentre, phones: Phones
) -> None:
    anna, caller = await phones.agent("anna"), await phones.caller()
    call = caller.dial("4001")
    await call.until_answered(SECONDS)
    await hears_music(call)
    centre.server.kill()
    await hears_music(call)
    await started_again(centre.server)
    await hears_music(call)
    async with centre.seat("anna"):
        rung = await anna.rung(SECONDS)
        await rung.answer()
        await hears(call, "anna")
        await call.hang_up()
        await rung.until_ended()
    assert "call.script_lost" in await kinds(centre, "13800001111")
    await ended_as(centre, "13800001111", outcome="answered")


async def test_an_agent_whose_phone_rings_while_the_server_dies_answers_after_its_return(
    centre: CallCentre, phones: Phones
) -> None:
    anna, caller = await phones.agent("anna"), await phones.caller()
    async with centre.seat("anna"):
        call = caller.dial("4001")
        rung = await anna.rung(SECONDS)
        centre.server.kill()
        await started_again(centre.server)
        if rung.ending is not None:
            rung = await anna.rung(SECONDS)
        await rung.answer()
        await hears(call, "anna")
        await hears(rung, "caller")
        await call.hang_up()
        await rung.until_ended()
        await ended_as(centre, "13800001111", outcome="answered", agent_id="anna")


async def test_an_agent_who_answers_while_the_server_is_dead_is_rung_again(centre: CallCentre, phones: Phones) -> None:
    anna, caller = await phones.agent("anna"), await phones.caller()
    async with centre.seat("anna"):
        call = caller.dial("4001")
        rung = await anna.rung(SECONDS)
        centre.server.kill()
        await rung.answer()
        await started_again(centre.server)
        if rung.ending is not None:
            rung = await anna.rung(60)
            await rung.answer()
        await hears(call, "anna")
        await call.hang_up()
        await rung.until_ended()
        await ended_as(centre, "13800001111", outcome="answered")
