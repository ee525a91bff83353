"""Connections that end while phones change state: asterisk/asterisk#2170 has Asterisk stand still for good then."""

import asyncio
from contextlib import AsyncExitStack
from random import random

import httpx
import pytest

from app.core.tasks import begin
from app.demo.pbx.install import Installation
from app.telephony.adapters.asterisk_ari.ari import events
from app.telephony.adapters.asterisk_ari.ari.connection import Access, AriConnection, SwitchAway
from tests.pbx.site import PbxSite, started

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(300)]
DEVICES = [f"Stasis:device{number}" for number in range(8)]
TIMES = 200
"""Told of all devices, it mostly stands still after a hundred or so."""


async def changes(http: httpx.AsyncClient, device: str) -> None:
    """It is in use and is not, as fast as can be told."""
    while True:
        for state in ("INUSE", "NOT_INUSE"):
            await http.put(f"deviceStates/{device}", params={"deviceState": state})


async def heard_once(site: PbxSite) -> None:
    """A connection that ends soon after it has heard of a device."""
    access = Access(f"ws://{site.plan.http}/ari", site.plan.ari_user, site.plan.ari_password, site.plan.app)
    heard = asyncio.Event()
    async with await AriConnection.open(access) as connection:
        reading = begin("events", connection.run(lambda event: heard.set() if event.device_state is not None else None))
        await connection.set_up(events.UNWANTED)
        await connection.hear_of(DEVICES)
        await heard.wait()
        await asyncio.sleep(random() * 0.05)
    with pytest.raises(SwitchAway):
        await reading


async def test_asterisk_answers_after_many_connections_that_ended_as_devices_changed(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with started(installation, tmp_path_factory.mktemp("ends")) as site:
        key = (site.plan.ari_user, site.plan.ari_password)
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(httpx.AsyncClient(base_url=site.ari, auth=key))
            tasks = [begin(device, changes(http, device)) for device in DEVICES]
            for each in tasks:
                stack.callback(each.cancel)
            for _ in range(TIMES):
                await heard_once(site)
            assert (await http.get("asterisk/info")).is_success
            assert not any(each.done() for each in tasks)
