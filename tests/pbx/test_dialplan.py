"""What the configuration does with calls: to Callfloor with what was dialled, else to the fallback."""

from collections.abc import Callable

import pytest

from app.demo.pbx.sip.call import CallOver
from app.telephony.asterisk_config.files import configuration
from app.telephony.asterisk_config.plan import ECHO, Fallback
from tests.pbx.bare_ari import BareAri, Event, bare_ari
from tests.pbx.site import TONES, PbxSite, Phones

pytestmark = pytest.mark.enable_socket
CALLER, ANNA, BO = TONES["caller"], TONES["anna"], TONES["bo"]


async def originated(ari: BareAri, endpoint: str, **more: str) -> str:
    """Ring an endpoint; the channel's id."""
    query = {"endpoint": endpoint, "app": "callfloor", "appArgs": "leg"} | more
    channel = await ari.post("/channels", None, **query)
    return str(channel["id"])


def of(channel: str) -> Callable[[Event], bool]:
    """Events of one channel."""
    return lambda event: bool(event.get("channel", {}).get("id") == channel)


@pytest.mark.parametrize("dialled", ["+8695501", "5", "service", "s"])
async def test_a_call_of_the_trunk_comes_with_what_was_dialled(asterisk: PbxSite, phones: Phones, dialled: str) -> None:
    caller = await phones.caller()
    async with bare_ari(asterisk) as ari:
        call = caller.dial(dialled, caller="+8613800138000")
        started = await ari.event("StasisStart")
        assert started["args"] == ["inbound", dialled]
        assert started["channel"]["caller"]["number"] == "+8613800138000"
        assert started["channel"]["name"].startswith("PJSIP/carrier-")
        await ari.post(f"/channels/{started['channel']['id']}/answer")
        await call.until_answered()
        await call.hang_up()
        await ari.event("StasisEnd")


async def test_a_call_of_an_agents_phone_comes_as_such(asterisk: PbxSite, phones: Phones) -> None:
    anna = await phones.agent("anna")
    async with bare_ari(asterisk) as ari:
        call = anna.dial("+49301")
        started = await ari.event("StasisStart")
        assert started["args"] == ["phone", "+49301"]
        await call.hang_up()


async def test_nobody_else_gets_in(asterisk: PbxSite, phones: Phones) -> None:
    stranger = await phones.switched_on("stranger", "guessed", "127.0.0.66")
    async with bare_ari(asterisk) as ari:
        for number in (ECHO, "+8695501"):
            with pytest.raises(CallOver) as ended:
                await stranger.dial(number).until_answered()
            assert ended.value.ending.status == 401
        assert not ari.events


async def test_callfloor_calls_out_over_the_trunk(asterisk: PbxSite, phones: Phones) -> None:
    outside = await phones.outside()
    async with bare_ari(asterisk) as ari:
        leg = await originated(ari, "PJSIP/+4930111@carrier", callerId="+8695501")
        came = await outside.rung()
        assert came.invite is not None
        assert came.invite.first.startswith("INVITE sip:+4930111@")
        assert came.caller == "+8695501"
        await came.answer()
        await ari.event("StasisStart", of(leg))
        await came.hang_up()


async def test_a_bridge_tells_the_carrier_nothing(asterisk: PbxSite, phones: Phones) -> None:
    caller, anna = await phones.caller(), await phones.agent("anna")
    async with bare_ari(asterisk) as ari:
        call = caller.dial("+8695501")
        channel = (await ari.event("StasisStart"))["channel"]["id"]
        await ari.post(f"/channels/{channel}/answer")
        leg = await originated(ari, "PJSIP/anna", originator=channel)
        came = await anna.rung()
        await came.answer()
        await ari.event("StasisStart", of(leg))
        await ari.post("/bridges/both", type="mixing")
        await ari.post("/bridges/both/addChannel", channel=f"{channel},{leg}")
        await call.until_answered()
        await call.until_hears(ANNA, among=(CALLER,))
        await came.until_hears(CALLER, among=(ANNA,))
        assert "ChannelVarset" not in {event["type"] for event in ari.events}
        assert call.asked == []
        assert came.asked == ["ACK"]
        await call.hang_up()
        await ari.delete(f"/channels/{leg}")
        await ari.delete("/bridges/both")


@pytest.mark.parametrize("whose", ["originated", "dialled"])
async def test_a_transfer_is_asked_of_callfloor(asterisk: PbxSite, phones: Phones, whose: str) -> None:
    anna = await phones.agent("anna")
    async with bare_ari(asterisk) as ari:
        if whose == "originated":
            leg = await originated(ari, "PJSIP/anna")
            call = await anna.rung()
            await call.answer()
        else:
            call = anna.dial("+49301")
            leg = (await ari.event("StasisStart"))["channel"]["id"]
            await ari.post(f"/channels/{leg}/answer")
            await call.until_answered()
        await ari.event("StasisStart", of(leg))
        await call.transfer("+4930222")
        asked = await ari.event("ChannelTransfer")
        assert asked["refer_to"]["requested_destination"]["destination"] == "+4930222"
        await ari.post(f"/channels/{leg}/transfer_progress", states="channel_answered")
        await call.until(lambda it: "SIP/2.0 200 OK" in it.transfer_progress)
        await call.hang_up()


async def test_a_transfer_into_another_call_names_that_call(asterisk: PbxSite, phones: Phones) -> None:
    anna = await phones.agent("anna")
    async with bare_ari(asterisk) as ari:
        first = await originated(ari, "PJSIP/anna")
        call = await anna.rung()
        await call.answer()
        await ari.event("StasisStart", of(first))
        await call.hold()
        await ari.event("ChannelHold")
        second = anna.dial("2002")
        other = (await ari.event("StasisStart", lambda it: it["args"] == ["phone", "2002"]))["channel"]["id"]
        await ari.post(f"/channels/{other}/answer")
        await second.until_answered()
        await call.transfer_to(second)
        asked = await ari.event("ChannelTransfer")
        assert asked["refer_to"]["destination_channel"]["id"] == other
        await call.hang_up()
        await second.hang_up()


async def test_without_callfloor_the_caller_is_told(phones: Phones) -> None:
    call = await (await phones.caller()).dial("+8695501").until_answered()
    await call.until(lambda it: it.sound.packets > 20)
    assert (await call.until_ended(seconds=30)).status is None


async def test_without_callfloor_another_number_answers(asterisk: PbxSite, phones: Phones) -> None:
    server, plan = asterisk.server, asterisk.plan
    changed = configuration(plan._replace(fallback=Fallback(None, "112", "carrier")))
    before = (server.folder / "etc/extensions.conf").read_text()
    try:
        server.write({"extensions.conf": changed["extensions.conf"]})
        server.command("dialplan reload")
        outside = await phones.outside()
        call = (await phones.caller()).dial("+8695501")
        came = await outside.rung()
        assert came.invite is not None
        assert came.invite.first.startswith("INVITE sip:112@")
        await came.answer()
        await call.until_answered()
        await call.until_hears(CALLER)
        await came.hang_up()
        await call.until_ended()
    finally:
        server.write({"extensions.conf": before})
        server.command("dialplan reload")
