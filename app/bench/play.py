"""Whole calls, played on a field: what platforms and agents say, in the order in which they say it."""

from typing import Any

import msgspec

from app.bench.bank import PRODUCTS, SOURCE, caller, number
from app.bench.field import Field
from app.core.clock import now
from app.core.ids import new_id
from app.floor import commands as c
from app.telephony.events import CallEvent

PLATFORM = f"cti:{SOURCE}"


class Course:
    """One call: an arrival, and what follows once it was offered."""

    def __init__(self, field: Field, place: int) -> None:
        self._field = field
        self._place = place
        self._call_id = new_id()
        self._sequence = 0

    async def arrive(self) -> str:
        """The platform offers the call; gives the contact."""
        callers = self._field.callers
        who = callers[self._place % len(callers)]
        to = number(PRODUCTS[self._place % len(PRODUCTS)])
        answer = await self._field.submit(self._event("offered", who, from_=caller(self._place), to=to), PLATFORM)
        contact: str = answer["contact_id"]
        return contact

    async def serve(self, contact: str, agent: str) -> None:
        """The agent takes the call, one in five holds it for a moment, and it ends."""
        mine, field = f"session:{agent}:bench", self._field
        await field.submit(c.AcceptOffer(agent_id=agent, contact_id=contact), mine)
        await self._tell("delivered", agent)
        await self._tell("established", agent)
        if self._place % 5 == 0:
            await field.submit(c.Hold(agent_id=agent, contact_id=contact), mine)
            await self._tell("held", agent)
            await field.submit(c.Retrieve(agent_id=agent, contact_id=contact), mine)
            await self._tell("retrieved", agent)
        await self._tell("connection_cleared", agent)
        await self._tell("cleared")

    async def wrap_up(self, contact: str, agent: str) -> None:
        """The agent is done with it, and ready for the next."""
        done = c.FinishWrapUp(agent_id=agent, contact_id=contact, code="solved", note="All said.")
        await self._field.submit(done, f"session:{agent}:bench")

    async def abandon(self) -> None:
        """The caller hangs up before anybody answered."""
        await self._tell("cleared")

    async def _tell(self, kind: str, agent: str | None = None) -> None:
        leg = "customer" if agent is None else "agent"
        await self._field.submit(self._event(kind, agent=agent, leg_id=leg), PLATFORM)

    def _event(self, kind: str, who: c.Recognised | None = None, **facts: Any) -> c.TakeEvent:
        self._sequence += 1
        event = CallEvent(
            source=SOURCE,
            type=f"call.{kind}",
            call_id=self._call_id,
            at=now(),
            direction="inbound",
            sequence=self._sequence,
            **facts,
        )
        return c.TakeEvent(event=event, contact_id=new_id(), raw=_raw(event), caller=who)


def _raw(event: CallEvent) -> bytes:
    """The message as the platform would have sent it."""
    return msgspec.json.encode({"type": event.type, "timestamp": event.at, "data": event})


async def whole_call(field: Field, place: int) -> None:
    """One call from the arrival to the end of wrap-up; one in ten is abandoned while it is on offer."""
    course = Course(field, place)
    contact = await course.arrive()
    agent = (await field.desks.popped(contact)).agent
    if place % 10 == 9:
        await course.abandon()
        return
    await course.serve(contact, agent)
    await course.wrap_up(contact, agent)
