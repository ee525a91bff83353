"""Who is connected to: an Asterisk that knows us and is new enough; of any other it is told what is wrong with it."""

import pytest

from app.core.errors import Unavailable
from app.telephony.adapters.asterisk_ari.ari import retrying
from app.telephony.adapters.asterisk_ari.ari.connection import Access, AriConnection, SwitchUnusable
from tests.telephony.asterisk_ari.stand_in import PASSWORD, USER, until
from tests.telephony.asterisk_ari.test_switch import Bench, running

pytestmark = pytest.mark.enable_socket


async def test_a_wrong_password_is_told_and_not_tried_again_and_again() -> None:
    bench = Bench(password="wrong")
    async with running(bench):
        await until(lambda: bench.switch.trouble)
        assert "ARI user 'callfloor'" in bench.switch.trouble
        tried = bench.asterisk.tried
        await until(lambda: not bench.switch.standing.connected)
        assert bench.asterisk.tried == tried == 1
        assert retrying.pause_before(SwitchUnusable(""), 0) >= 30


@pytest.mark.parametrize("version", ["20.9.3", "22.3.0", "certified/20.7-cert5"])
async def test_an_asterisk_that_is_too_old_is_told_with_what_is_needed_and_why(version: str) -> None:
    bench = Bench()
    bench.asterisk.version = version
    async with running(bench):
        await until(lambda: bench.switch.trouble)
        assert f"is Asterisk {version};" in bench.switch.trouble
        assert "22.4 or newer is needed: requests over the events' WebSocket" in bench.switch.trouble


@pytest.mark.parametrize("version", ["22.4.0", "22.10.1~dfsg", "23.0.0-rc1", "certified/22.8-cert1", "GIT-master-1a2"])
async def test_an_asterisk_that_is_new_enough_or_of_no_release_is_connected_to(version: str) -> None:
    bench = Bench()
    bench.asterisk.version = version
    async with running(bench):
        await bench.connected()


async def test_a_server_that_is_no_asterisk_is_told() -> None:
    bench = Bench()
    bench.asterisk.info = b"<html>"
    async with running(bench):
        await until(lambda: bench.switch.trouble)
        assert "it is no Asterisk" in bench.switch.trouble


@pytest.mark.parametrize("url", ["no address", "http://", "ws://[::1", "ws://127.0.0.1:1/ari", "ws://127.0.0.1:x/ari"])
async def test_an_address_that_leads_nowhere_is_told(url: str) -> None:
    with pytest.raises(Unavailable):
        await AriConnection.open(Access(url, USER, PASSWORD, "callfloor"))
