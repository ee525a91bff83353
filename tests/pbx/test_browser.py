"""An agent's phone in a browser: signs on over a WebSocket, sound encrypted, heard both ways."""

import fcntl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from app.demo.pbx.loopback import own_addresses
from tests.pbx.bare_ari import bare_ari
from tests.pbx.chromium import Tab, browser, microphone, missing, page
from tests.pbx.desk import CallCentre
from tests.pbx.site import BROWSER, TONES, PbxSite, Phones

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif(missing() is not None, reason=str(missing())),
    # it sends sound from no loopback address, so there must be another one that is told as loopback
    pytest.mark.skipif(not own_addresses(), reason="NO NETWORK, Asterisk offers browsers no sound on loopback alone"),
]
ROOT = Path(__file__).parents[2]
CALLER, MINE = TONES["caller"], TONES["anna"]


@pytest.fixture
async def tab(switch: PbxSite, tmp_path: Path) -> AsyncIterator[Tab]:
    """A browser with the phone of `site.BROWSER`, signed on."""
    folder = ROOT / "var/browser-phone"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            address = page(folder).as_uri()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"JSSIP IS MISSING, no call in a browser was made: {error.stderr.decode().strip()[-300:]}")
    about = {"ws": f"ws://{switch.plan.http}/ws", "user": BROWSER.endpoint, "password": BROWSER.password}
    async with browser(tmp_path, microphone(tmp_path / "tone.wav", MINE)) as opened:
        await opened.open(f"{address}?{urlencode(about)}")
        await opened.until("phone.registered")
        yield opened


async def test_a_browser_takes_a_call(tab: Tab, asterisk: PbxSite, phones: Phones) -> None:
    caller = await phones.caller()
    async with bare_ari(asterisk) as ari:
        call = caller.dial("+8695501")
        channel = (await ari.event("StasisStart"))["channel"]["id"]
        await ari.post(f"/channels/{channel}/answer")
        await ari.post("/channels/leg", endpoint="PJSIP/web", app="callfloor", appArgs="leg", originator=channel)
        await tab.until("phone.state === 'ringing'")
        await tab.run("answer()")
        await ari.event("StasisStart", lambda it: it["channel"]["id"] == "leg")
        await tab.until("phone.state === 'up' && encrypted()")
        await ari.post("/bridges/both", type="mixing")
        await ari.post("/bridges/both/addChannel", channel=f"{channel},leg")
        await call.until_answered()
        await call.until_hears(MINE, among=(CALLER,))
        await tab.until(f"Math.abs(loudest() - {CALLER}) < 15")

        await tab.run("phone.call.hold()")
        await ari.event("ChannelHold", seconds=30)
        await tab.until("phone.call.unhold()")  # refused while the offer before it is not through
        await ari.event("ChannelUnhold", seconds=30)
        await tab.run("phone.call.sendDTMF('7', {transportType: 'RFC2833'})")
        assert (await ari.event("ChannelDtmfReceived"))["digit"] == "7"
        await tab.run("void phone.call.refer('sip:2002@127.0.0.1')")
        asked = await ari.event("ChannelTransfer")
        assert asked["refer_to"]["requested_destination"]["destination"] == "2002"

        await ari.delete("/channels/leg")
        await tab.until("phone.state === 'ended'")
        await call.hang_up()
        await ari.delete("/bridges/both")


async def test_an_agent_at_a_browser_takes_a_call_whose_screen_has_popped(
    tab: Tab, centre: CallCentre, phones: Phones
) -> None:
    caller = await phones.caller()
    async with centre.seat(BROWSER.endpoint) as seat:
        call = caller.dial("4001")
        await tab.until("phone.state === 'ringing'")
        pop = await seat.frame("contact.offered")
        assert pop["contact"]["from"] == "13800001111"
        await tab.run("answer()")
        await tab.until("phone.state === 'up' && encrypted()")
        await call.until_hears(MINE, among=(CALLER,))
        await tab.until(f"Math.abs(loudest() - {CALLER}) < 15")
        await tab.run("phone.call.terminate()")
        await call.until_ended()
        await seat.passes("working_after_call")
        row = await centre.history("13800001111")
        assert (row["outcome"], row["agent_id"]) == ("answered", BROWSER.endpoint)


async def test_an_agent_whose_browser_is_closed_cannot_be_ready_and_is_told_why(tab: Tab, centre: CallCentre) -> None:
    async with centre.seat(BROWSER.endpoint) as seat:
        await tab.run("agent.stop()")
        told = await seat.frame("agent.state", lambda frame: frame["agent"]["state"] == "not_ready")
        assert told["agent"]["reason"] == "phone_unregistered"
        refused = await seat.tab.ask("agent.ready")
        assert refused["problem"]["reason"] == "phone_unregistered"


async def test_a_browser_calls(tab: Tab, asterisk: PbxSite) -> None:
    async with bare_ari(asterisk) as ari:
        await tab.run("dial('+4930222')")
        started = await ari.event("StasisStart")
        assert started["args"] == ["phone", "+4930222"]
        await ari.post(f"/channels/{started['channel']['id']}/answer")
        await tab.until("phone.state === 'up' && encrypted()")
        await tab.run("phone.call.terminate()")
        await ari.event("StasisEnd")
