"""Calls that have come to somewhere, and who hears whom."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from app.demo.pbx.sip.call import Call
from app.demo.pbx.sip.phone import SipPhone
from app.demo.pbx.sound.stream import Stream
from tests.fixtures.waiting import eventually
from tests.pbx.desk import CallCentre, Seat
from tests.pbx.site import TONES, Phones

AUDIBLE = 100.0
"""From this level on there is something to hear."""
RINGING = (440, 480)
CONGESTION = (480, 620)
"""Signals of the switch: two notes at once."""
A_SECOND = 50
"""Packets."""
SECONDS = 30.0
A_MOMENT = 0.3
"""Long enough for another phone to have been rung, if it is rung too early, or at all."""


class Talk(NamedTuple):
    """A caller with an agent, both hearing each other."""

    caller: Call
    agent: Call
    seat: Seat
    contact: str

    async def ask(self, kind: str, **data: Any) -> dict[str, Any]:
        """A command of the agent about the contact, which must be taken."""
        return await self.seat.ask(kind, contact_id=self.contact, **data)


@asynccontextmanager
async def talking(
    centre: CallCentre, phones: Phones, *, number: str = "4001", phone: SipPhone | None = None
) -> AsyncIterator[Talk]:
    """A call to `number` that an agent has answered: Anna, at a phone of hers if it is not given."""
    phone, outside = phone or await phones.agent("anna"), await phones.caller()
    agent = phone.user
    async with centre.seat(agent) as seat:
        call = outside.dial(number)
        rung = await phone.rung()
        await rung.answer()
        await hears(rung, "caller")
        await hears(call, agent)
        contact = (await seat.frame("contact.offered"))["contact"]["id"]
        yield Talk(call, rung, seat, contact)


async def served_by_bo(centre: CallCentre, phones: Phones, talk: Talk) -> None:
    """Bo is rung for a caller who waits, and has them until they hang up."""
    bo = await phones.agent("bo")
    async with centre.seat("bo"):
        came = await bo.rung()
        await came.answer()
        await hears(talk.caller, "bo")
        await talk.caller.hang_up()
        await came.until_ended()


async def hears(call: Call, *who: str) -> None:
    """Wait until exactly these are heard."""
    tones = [TONES[each] for each in who]
    if tones:
        await call.until_hears(*tones, among=tuple(TONES.values()), seconds=SECONDS)
    else:
        await hears_nobody(call)


async def hears_nobody(call: Call) -> None:
    """Wait until nobody of all is heard: silence."""
    await call.until(lambda it: not it.sound.tones(TONES.values()), SECONDS)
    call.sound.forget()
    before = call.sound.packets
    await _passes()
    assert not call.sound.tones(TONES.values()), call.sound.packets - before


async def hears_music(call: Call) -> None:
    """Wait until something is heard that is nobody's tone and no signal; music has a bit of many."""
    await call.until(lambda it: musical(it.sound), SECONDS)
    for _ in range(3):
        await _passes()
        if musical(call.sound):
            return
    raise AssertionError(f"{call.sound.tones(TONES.values())} are heard, at {call.sound.level()}")


async def hears_ringing(call: Call) -> None:
    """Wait until it is heard that somebody is rung."""
    await call.until(lambda it: signals(it.sound, RINGING), SECONDS)


def musical(sound: Stream) -> bool:
    """Whether what was heard in the last second is neither silence, nor a tone or a signal for the most part."""
    if len(sound.heard()) < A_SECOND or sound.level() <= AUDIBLE:
        return False
    tone = any(sound.loudness(hertz, 1.0) > 0.5 * _whole(sound) for hertz in TONES.values())
    return not tone and not signals(sound, RINGING) and not signals(sound, CONGESTION)


def signals(sound: Stream, notes: tuple[int, int]) -> bool:
    """Whether these two notes, one as loud as the other, are most of what was heard in the last second."""
    return all(sound.loudness(hertz, 1.0) > max(AUDIBLE, 0.35 * _whole(sound)) for hertz in notes)


def _whole(sound: Stream) -> float:
    """How loud a tone would be that was all there is."""
    return sound.level(1.0) * 2**0.5


async def _passes() -> None:
    """Long enough for what was on its way to have been heard."""
    await asyncio.sleep(1.0)


async def shown(seat: Seat, contact: str, **wanted: Any) -> dict[str, Any]:
    """The contact as the agent sees it, once it is as wanted."""

    async def look() -> dict[str, Any]:
        known = (one["contact"] for one in reversed(seat.tab.frames) if one.get("contact", {}).get("id") == contact)
        return next(known, {})

    return await eventually(
        look, lambda seen: bool(seen) and all(seen[key] == value for key, value in wanted.items()), SECONDS
    )
