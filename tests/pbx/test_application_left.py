"""An application that others have left at the Asterisk with a channel in it, or that a caller enters too early."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from app.core.tasks import begin
from app.demo.pbx.install import Installation
from app.telephony.adapters.asterisk_ari.ari import requests
from app.telephony.adapters.asterisk_ari.ari.connection import AriConnection, SwitchAway
from app.telephony.adapters.asterisk_ari.ari.events import Event
from tests.fixtures.database import Server
from tests.fixtures.waiting import eventually
from tests.pbx.bare_ari import bare_ari
from tests.pbx.desk import call_centre
from tests.pbx.site import TONES, Phones, started
from tests.pbx.test_dialplan import of, originated

pytestmark = pytest.mark.enable_socket


async def test_phones_are_heard_of_though_whoever_made_the_application_did_not_ask_for_them(
    installation: Installation, server: Server, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with started(installation, tmp_path_factory.mktemp("left")) as site:
        async with AsyncExitStack() as stack:
            phones = Phones(site, stack)
            bo = await phones.agent("bo")
            async with bare_ari(site) as ari:
                leg = await originated(ari, "PJSIP/bo")
                await (await bo.rung()).answer()
                await ari.event("StasisStart", of(leg))
            async with call_centre(server, site, tmp_path) as centre, centre.seat("anna", ready=False) as seat:
                anna, caller = await phones.agent("anna"), await phones.caller()
                await seat.becomes_ready()
                call = caller.dial("4001")
                await (await anna.rung()).answer()
                await call.until_hears(TONES["anna"])
                await call.hang_up()


async def test_key_is_told_once_of_a_caller_who_came_between_the_opening_of_the_connection_and_its_first_request(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with started(installation, tmp_path_factory.mktemp("early")) as site:
        heard: list[Event] = []
        async with AsyncExitStack() as stack:
            caller = await Phones(site, stack).caller()
            async with await AriConnection.open(site.access) as connection:
                reading = begin("events", connection.run(heard.append))
                call = caller.dial("4001")
                (came,) = await seen(heard, "StasisStart")
                await connection.set_up(())
                assert came.channel is not None
                await connection.ask(requests.answer(came.channel.id))
                await call.until_answered()
                await call.press("12")
                await seen(heard, "ChannelDtmfReceived", lambda event: event.digit == "2")
                await call.hang_up()
                await seen(heard, "ChannelDestroyed")
                keys = [each.digit for each in heard if each.type == "ChannelDtmfReceived"]
                assert keys == ["1", "2"]
            with pytest.raises(SwitchAway):
                await reading


async def seen(heard: list[Event], kind: str, wanted: Callable[[Event], bool] = lambda event: True) -> list[Event]:
    """The events of a type that are as wanted, once there is one."""
    return await eventually(
        lambda: asyncio.sleep(0, [each for each in heard if each.type == kind and wanted(each)]), bool
    )
