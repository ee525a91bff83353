"""The phones, with nothing but Asterisk between them."""

import asyncio

import pytest

from app.demo.pbx.loopback import PHONES_HOST
from app.demo.pbx.sip.call import Call, CallOver, Refused, State
from app.demo.pbx.sip.phone import SipPhone
from app.telephony.asterisk_config.plan import ECHO
from tests.fixtures.waiting import eventually
from tests.pbx.site import TONES, PbxSite, Phones
from tests.pbx.talks import A_MOMENT

pytestmark = pytest.mark.enable_socket
ANNA, BO = TONES["anna"], TONES["bo"]


async def connected(phones: Phones) -> tuple[Call, Call]:
    """Anna has called Bo, who answered."""
    anna, bo = await phones.agent("anna"), await phones.agent("bo")
    out = anna.dial("7bo")
    came = await bo.rung()
    await came.answer()
    return await out.until_answered(), came


async def test_a_phone_signs_on_and_hears_itself(phones: Phones, asterisk: PbxSite) -> None:
    anna = await phones.agent("anna")

    async def contact() -> str:
        listed = asterisk.server.command("pjsip show contacts").splitlines()
        return next((line for line in listed if f"sip:anna@{PHONES_HOST}:{anna.port}" in line), "")

    await eventually(contact, lambda line: " Avail " in line)
    call = await anna.dial(ECHO).until_answered()
    await call.until_hears(ANNA, among=(BO,))
    await call.press("12#")
    await call.until(lambda it: it.pressed == "12#")
    await call.hang_up()
    assert not anna.calls


async def test_a_phone_knows_that_another_one_has_taken_its_place(phones: Phones) -> None:
    first = await phones.agent("anna")
    assert await first.alone()
    second = await phones.agent("anna")
    assert await second.alone()
    assert not await first.alone()


async def test_a_wrong_password_is_refused(phones: Phones) -> None:
    phone = await phones.switched_on("anna", "wrong", PHONES_HOST)
    with pytest.raises(Refused) as told:
        await phone.register()
    assert told.value.status == 401
    with pytest.raises(CallOver) as ended:
        await phone.dial(ECHO).until_answered()
    assert ended.value.ending.status == 401


async def test_both_hear_each_other_and_not_themselves(phones: Phones) -> None:
    out, came = await connected(phones)
    assert 180 in out.provisional
    await asyncio.gather(out.until_hears(BO, among=(ANNA,)), came.until_hears(ANNA, among=(BO,)))
    await came.hang_up()
    assert not (await out.until_ended()).by_us


async def test_keys_arrive_in_either_way(phones: Phones) -> None:
    out, came = await connected(phones)
    await out.press("159")
    await came.press_by_info("0")
    await came.until(lambda it: it.pressed == "159")
    await out.until(lambda it: it.pressed == "0")


async def test_who_is_on_hold_hears_music(phones: Phones) -> None:
    out, came = await connected(phones)
    await out.until_hears(BO)
    await came.hold()
    before = out.sound.packets
    await out.until(lambda it: it.sound.packets > before + 30)
    assert not out.sound.tones({BO})
    assert not came.sound.tones({ANNA})
    await came.resume()
    await out.until_hears(BO)


@pytest.mark.parametrize(("status", "told"), [(404, 404), (480, 480), (486, 486), (503, 503), (603, 403)])
async def test_a_call_is_refused_in_any_way(phones: Phones, status: int, told: int) -> None:
    anna, bo = await phones.agent("anna"), await phones.agent("bo")
    out = anna.dial("7bo")
    (await bo.rung()).reject(status)
    with pytest.raises(CallOver) as ended:
        await out.until_answered()
    assert ended.value.ending.status == told


async def test_a_caller_gives_up_while_it_rings(phones: Phones) -> None:
    anna, bo = await phones.agent("anna"), await phones.agent("bo")
    out = anna.dial("7bo")
    came = await bo.rung()
    await out.hang_up()
    assert (await out.until_ended()).status == 487
    assert (await came.until_ended()).status == 487


async def test_a_caller_gives_up_before_anything_was_said(phones: Phones) -> None:
    out = (await phones.agent("anna")).dial(ECHO)
    await out.hang_up()
    assert out.state is State.ENDED


async def test_both_hang_up_at_once(phones: Phones) -> None:
    out, came = await connected(phones)
    await asyncio.gather(out.hang_up(), came.hang_up())
    assert out.ending is not None
    assert came.ending is not None


async def test_early_sound_is_heard_before_the_answer(phones: Phones) -> None:
    anna, bo = await phones.agent("anna"), await phones.agent("bo")
    bo.rings = False
    out = anna.dial("7bo")
    came = await bo.rung()
    came.ring(183)
    await out.until_hears(BO)
    assert 183 in out.provisional
    await came.answer()
    await out.until_answered()


async def test_a_deaf_phone_is_given_up(phones: Phones) -> None:
    anna, bo = await phones.agent("anna"), await phones.agent("bo")
    bo.deaf = True
    out = anna.dial("7bo")
    await asyncio.sleep(0.3)
    assert out.provisional == [100]
    await out.hang_up()
    bo.deaf = False


async def test_a_phone_that_signs_on_elsewhere_is_rung_there(phones: Phones) -> None:
    anna, old = await phones.agent("anna"), await phones.agent("bo")
    new: SipPhone = await phones.agent("bo")
    anna.dial("7bo")
    await (await new.rung()).answer()
    await asyncio.sleep(A_MOMENT)
    assert old.unrung
