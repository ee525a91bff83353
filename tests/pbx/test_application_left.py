"""An application that somebody else has made at the Asterisk, and left there with a channel in it."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from app.demo.pbx.install import Installation
from tests.fixtures.database import Server
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
