"""One simulated call: a caller who waits so long and no longer, phones that ring, talk that ends."""

import asyncio
from dataclasses import dataclass
from random import Random

from app.demo.pace import Pace
from app.demo.platform.line import Line
from app.demo.platform.orders import Order, Orders, Phone
from app.demo.platform.plans import CallPlan

CALLER_LEG = "caller"
HOLD_PATIENCE = 90.0


@dataclass
class Tally:
    """How the calls went, seen from the telephone network."""

    placed: int = 0
    answered: int = 0
    gave_up: int = 0


class SimulatedCall:
    """The caller's side of one call, and the legs of the agents who joined it.

    `orders` takes the commands; `live()` runs until the caller is gone.
    """

    def __init__(self, plan: CallPlan, line: Line, dice: Random, pace: Pace, tally: Tally) -> None:
        self.orders: asyncio.Queue[Order] = asyncio.Queue()
        self._plan = plan
        self._line = line
        self._dice = dice
        self._pace = pace
        self._tally = tally
        self._legs: dict[str, str] = {}
        self._rung = 0
        self._caller_on = True

    async def live(self) -> None:
        """A call from outside: offered, and then whatever becomes of it."""
        self._tally.placed += 1
        self._line.say("call.offered", leg_id=CALLER_LEG)
        while await self._waits() and await self._talks():
            pass
        self._clear()
        await self._line.close()

    async def live_outbound(self, phone: Phone) -> None:
        """A call that an agent places: their phone first, then the number."""
        self._tally.placed += 1
        if await self._rings(phone) and await self._is_reached():
            while await self._talks() and await self._waits():
                pass
        self._clear()
        await self._line.close()

    def hang_up_now(self) -> None:
        """The line goes dead, as when the platform is shut down."""
        self.orders.put_nowait(_DISCONNECT)

    async def _next(self, seconds: float) -> Order | None:
        """The next command, or None once `seconds` have passed without one."""
        try:
            async with asyncio.timeout(self._pace.real(max(0.0, seconds))):
                return await self.orders.get()
        except TimeoutError:
            return None

    async def _waits(self) -> bool:
        """The caller waits; true once they talk to an agent, false when the call is over."""
        while (order := await self._next(self._plan.patience)) is not None:
            if order.type == "call.disconnect":
                return False
            if order.type == "call.connect" and order.data.agent and await self._rings(order.data.agent):
                self._tally.answered += 1
                return True
            if not self._caller_on:
                return False
        self._tally.gave_up += 1
        self._drop_caller("caller_gave_up")
        return False

    async def _rings(self, phone: Phone) -> bool:
        """Ring an agent's phone; false when it is not answered or the call ends meanwhile."""
        self._rung += 1
        leg = f"agent-{self._rung}"
        self._line.say("call.delivered", leg_id=leg, agent=phone.address)
        order = await self._next(self._dice.uniform(0.3, 1.2))
        if order is not None and order.type in ("call.disconnect", "call.cancel"):
            self._line.say("call.connection_cleared", leg_id=leg, agent=phone.address, cause="withdrawn")
            self._caller_on = order.type == "call.cancel" or order.data.agent is not None
            return False
        if self._plan.phone_fails and self._rung == 1:
            self._line.say("call.failed", leg_id=leg, agent=phone.address, cause="no_answer")
            return False
        self._line.say("call.established", leg_id=leg, agent=phone.address)
        self._legs[phone.address] = leg
        return True

    async def _is_reached(self) -> bool:
        """Ring the number that an agent dialled."""
        self._line.say("call.delivered", leg_id=CALLER_LEG)
        order = await self._next(self._dice.uniform(2.0, 6.0))
        if order is not None or not self._plan.reachable:
            self._line.say("call.failed", leg_id=CALLER_LEG, cause="busy")
            return False
        self._line.say("call.established", leg_id=CALLER_LEG)
        return True

    async def _talks(self) -> bool:
        """They talk, with holds and transfers; true when the caller waits again, false when the call is over."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._pace.real(self._plan.talk)
        while (order := await self._next((ends - loop.time()) * self._pace.factor)) is not None:
            if order.type == "call.disconnect" and self._ends_with(order):
                return False
            if order.type == "call.hold":
                ends += await self._holds(order)
            elif order.type == "call.transfer":
                return await self._is_transferred(order)
            elif order.type in ("call.connect", "call.conference") and order.data.agent:
                await self._joins(order)
        self._drop_caller("caller_hung_up")
        return False

    def _ends_with(self, order: Order) -> bool:
        """Whether a disconnect ends the call; one that names an agent among several only ends that agent's leg."""
        agent = order.data.agent
        if agent is None or agent.address not in self._legs or len(self._legs) == 1:
            return True
        self._drop_agent(agent.address)
        return False

    async def _holds(self, order: Order) -> float:
        """The caller hears music; returns the real seconds it lasted, which do not count as talk."""
        leg = self._leg_of(order)
        began = asyncio.get_running_loop().time()
        self._line.say("call.held", **leg)
        while (following := await self._next(HOLD_PATIENCE)) is not None:
            if following.type == "call.retrieve":
                self._line.say("call.retrieved", **leg)
                break
            if following.type in ("call.disconnect", "call.transfer"):
                self.orders.put_nowait(following)
                break
        else:
            self.orders.put_nowait(_DISCONNECT)
        return asyncio.get_running_loop().time() - began

    async def _is_transferred(self, order: Order) -> bool:
        """Hand the caller over; true when they wait in a queue or for another agent."""
        leg = self._leg_of(order)
        self._line.say("call.transferred", **leg)
        self._line.say("call.connection_cleared", **leg, cause="transferred")
        self._legs.pop(str(leg.get("agent")), None)
        to = order.data.to
        if isinstance(to, dict) and to.get("number"):
            await self._next(self._plan.talk)
            return False
        return True

    async def _joins(self, order: Order) -> None:
        """Another agent comes into the call."""
        assert order.data.agent is not None
        if order.data.agent.address not in self._legs:
            await self._rings(order.data.agent)

    def _leg_of(self, order: Order) -> dict[str, str | None]:
        address = order.data.agent.address if order.data.agent else next(iter(self._legs), None)
        return {"leg_id": self._legs.get(address or ""), "agent": address}

    def _drop_caller(self, cause: str) -> None:
        self._caller_on = False
        self._line.say("call.connection_cleared", leg_id=CALLER_LEG, cause=cause)

    def _drop_agent(self, address: str) -> None:
        leg = self._legs.pop(address)
        self._line.say("call.connection_cleared", leg_id=leg, agent=address)

    def _clear(self) -> None:
        for address in list(self._legs):
            self._drop_agent(address)
        self._line.say("call.cleared", cause="normal")


_DISCONNECT = Order("call.disconnect", Orders(""))
