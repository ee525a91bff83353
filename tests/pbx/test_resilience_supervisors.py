"""Supervisors who have a caller, while Callfloor is dead."""

import pytest

from tests.fixtures.waiting import eventually
from tests.pbx.desk import CallCentre
from tests.pbx.gaps import restarted, started_again
from tests.pbx.site import Phones
from tests.pbx.talks import SECONDS, hears, hears_music, served_by_bo, talking
from tests.pbx.test_resilience import ended_as
from tests.pbx.test_supervisors import listening, supervisor, takes_over
from tests.pbx.test_transfers_beside import state

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.timeout(300)]
CALLER = "13800001111"


@pytest.mark.parametrize("hangs_up", ["while the server is dead", "after it was killed"])
async def test_caller_whom_a_supervisor_had_taken_who_hangs_up_is_given_back_to_the_queue(
    centre: CallCentre, phones: Phones, hangs_up: str
) -> None:
    phone = await phones.agent("dora")
    async with talking(centre, phones) as talk, supervisor(centre) as sue:
        await talk.seat.ask("agent.not_ready", reason="break", after_contact=True)
        ear = await takes_over(sue, talk, phone, address="PJSIP/dora")
        await hears(talk.caller, "dora")
        if hangs_up == "while the server is dead":
            centre.server.kill()
            await ear.hang_up()
            await started_again(centre.server)
        else:
            await restarted(centre)
            await hears(talk.caller, "dora")
            await ear.hang_up()
        await hears_music(talk.caller)
        await eventually(lambda: state(centre, talk.contact), lambda it: it == "waiting", SECONDS)
        await served_by_bo(centre, phones, talk)
        await ended_as(centre, CALLER, outcome="answered")


@pytest.mark.parametrize("mode", ["listen", "join"])
async def test_caller_whom_number_and_supervisor_have_left_while_the_server_was_dead_is_hung_up_on(
    centre: CallCentre, phones: Phones, mode: str
) -> None:
    outside = await phones.outside()
    async with listening(centre, phones, mode) as (talk, _, ear):
        await talk.seat.ask("agent.not_ready", reason="break", after_contact=True)
        await talk.ask("call.transfer", to={"number": "5550001"})
        number = await outside.rung()
        await talk.agent.until_ended()
        await number.answer()
        await hears(number, "caller", *(["dora"] if mode == "join" else []))
        centre.server.kill()
        await number.hang_up()
        await ear.hang_up()
        await started_again(centre.server)
        await talk.caller.until_ended(SECONDS)
        await ended_as(centre, CALLER, outcome="answered")
