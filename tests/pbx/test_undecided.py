"""Transfers that phones ask for (REFER), and that nobody had decided on when Callfloor was killed, or heard of while
its connection was lost."""

import asyncio

import pytest

from app.demo.pbx.sip.phone import SipPhone
from tests.pbx.desk import CallCentre
from tests.pbx.gaps import cut_off, started_again
from tests.pbx.site import Phones
from tests.pbx.talks import A_MOMENT, Talk, hears, talking
from tests.pbx.test_transfers_at_the_phone import handed_over, nothing_decided, refused

GIVE_UP = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE wait_event_type = 'Lock' AND datname = current_database()"""
"""The database would do yet what the dead server has asked for, as soon as nothing keeps it from that."""

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.timeout(300)]


@pytest.mark.parametrize("away", [False, True], ids=["before the server died", "while it was dead"])
async def test_phone_that_has_asked_for_a_transfer_in_vain_is_told_so_and_may_ask_again(
    centre: CallCentre, phones: Phones, away: bool
) -> None:
    bo = await phones.agent("bo")
    async with talking(centre, phones) as talk, centre.seat("bo"):
        if away:
            centre.server.kill()
            await talk.agent.transfer("bo")
        else:
            async with nothing_decided(centre):
                await talk.agent.transfer("bo")
                await asyncio.sleep(A_MOMENT)
                centre.server.kill()
                await centre.rows(GIVE_UP)
        await started_again(centre.server)
        await asks_again(talk, bo)


async def asks_again(talk: Talk, bo: SipPhone) -> None:
    """The agent is told that nothing came of it, and has the caller until it is done."""
    await refused(talk.agent)
    await hears(talk.caller, "anna")
    await hears(talk.agent, "caller")
    talk.agent.transfer_progress.clear()
    await talk.agent.transfer("bo")
    await handed_over(talk)
    rung = await bo.rung()
    await rung.answer()
    await hears(talk.caller, "bo")


async def test_phone_that_asks_for_a_transfer_while_the_connection_is_lost_is_told_so_and_may_ask_again(
    centre: CallCentre, phones: Phones
) -> None:
    bo = await phones.agent("bo")
    async with talking(centre, phones) as talk, centre.seat("bo"):
        async with cut_off(centre):
            await talk.agent.transfer("bo")
        await asks_again(talk, bo)
