"""Connections that end while phones ring and change: told of everything, Asterisk 22.10 may crash or stand still."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import random

import httpx
import pytest

from app.core.tasks import begin
from app.demo.pbx.install import Installation
from app.telephony.adapters.asterisk_ari.ari import events
from app.telephony.adapters.asterisk_ari.ari.connection import AriConnection, SwitchAway
from app.telephony.asterisk_config.dialplan import AWAY
from tests.pbx.site import PbxSite, Phones, started

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(300)]
DEVICES = [f"Stasis:device{number}" for number in range(8)]
PHONES = ["PJSIP/anna", "PJSIP/bo"]
TIMES = 200
"""Told of everything, it mostly is over after a hundred or so."""


async def changes(http: httpx.AsyncClient, device: str) -> None:
    """It is in use and is not, as fast as can be told."""
    while True:
        for state in ("INUSE", "NOT_INUSE"):
            await http.put(f"deviceStates/{device}", params={"deviceState": state})


async def rings(http: httpx.AsyncClient, phone: str) -> None:
    """It rings and is hung up on, as fast as can be asked for."""
    while True:
        query = {"endpoint": phone, "context": AWAY, "extension": "s", "priority": "1"}
        channel = (await http.post("channels", params=query)).json()["id"]
        await http.delete(f"channels/{channel}")


@asynccontextmanager
async def busy(site: PbxSite) -> AsyncIterator[httpx.AsyncClient]:
    """Devices and phones that change all the time."""
    async with AsyncExitStack() as stack:
        phones = Phones(site, stack)
        for phone in PHONES:
            await phones.agent(phone.removeprefix("PJSIP/"))
        http = await stack.enter_async_context(site.client())
        tasks = [begin(each, changes(http, each)) for each in DEVICES] + [
            begin(each, rings(http, each)) for each in PHONES
        ]
        yield http
        assert not any(each.done() for each in tasks), "Asterisk has answered all of them"
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def heard_once(site: PbxSite) -> None:
    """A connection that ends soon after it has heard of a device."""
    heard = asyncio.Event()
    async with await AriConnection.open(site.access) as connection:
        reading = begin("events", connection.run(lambda event: heard.set() if event.device_state is not None else None))
        await connection.set_up(events.UNWANTED)
        await connection.hear_of(DEVICES + PHONES)
        await heard.wait()
        await asyncio.sleep(random() * 0.05)
    with pytest.raises(SwitchAway):
        await reading


async def test_asterisk_answers_after_many_connections_that_ended_as_phones_changed(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with started(installation, tmp_path_factory.mktemp("ends")) as site:
        async with busy(site) as http:
            for _ in range(TIMES):
                await heard_once(site)
            assert (await http.get("applications")).is_success, "much else is answered where applications stand still"
