"""All calls of the simulated platform: new callers come in, Callfloor's commands reach the call that they mean."""

import asyncio
from collections import OrderedDict
from random import Random
from typing import Any, NamedTuple

from app.core.ids import new_id
from app.core.tasks import Supervisor
from app.demo.clients import DemoCustomer
from app.demo.pace import Pace
from app.demo.platform.call import SimulatedCall, Tally
from app.demo.platform.line import Line
from app.demo.platform.orders import Order, Orders, Phone
from app.demo.platform.plans import CallPlan, plan_call
from app.demo.platform.webhooks import Teller

ANSWERS_KEPT = 10_000
Answer = tuple[int, dict[str, Any]]


class World(NamedTuple):
    """What the simulation is made of; `mischief` is how untidy the network is (0 to 1)."""

    customers: list[DemoCustomer]
    dice: Random
    pace: Pace = Pace()
    mischief: float = 1.0


class Exchange:
    """The calls that are up, and the answers given to commands: the same command again gets the same answer."""

    def __init__(self, teller: Teller, tasks: Supervisor, world: World) -> None:
        self.tally = Tally()
        self._teller = teller
        self._tasks = tasks
        self._world = world
        self._calls: dict[str, SimulatedCall] = {}
        self._lives: set[asyncio.Task[None]] = set()
        self._answers: OrderedDict[str, Answer] = OrderedDict()

    @property
    def up(self) -> int:
        """How many calls are up."""
        return len(self._calls)

    def place(self) -> str:
        """Let somebody call the bank; returns the id of the call."""
        plan = plan_call(self._world.dice, self._world.customers)
        call_id = f"sim-{new_id()}"
        call = self._call(call_id, plan, {"direction": "inbound", "from": plan.caller, "to": plan.dialled})
        self._live(call_id, call, call.live())
        return call_id

    def obey(self, command_id: str, order: Order) -> Answer:
        """Carry out a command once, however often it is sent; returns the HTTP status and the answer."""
        known = self._answers.get(command_id)
        if known is None:
            known = self._answers[command_id] = self._carry_out(order)
            if len(self._answers) > ANSWERS_KEPT:
                self._answers.popitem(last=False)
        return known

    async def close(self, seconds: float) -> None:
        """Hang up every call and wait up to `seconds` until all of it has been told."""
        for call in list(self._calls.values()):
            call.hang_up_now()
        if self._lives:
            await asyncio.wait(self._lives, timeout=seconds)
        await self._teller.hurry(seconds)

    def _carry_out(self, order: Order) -> Answer:
        call = self._calls.get(order.data.call_id)
        if call is not None:
            call.orders.put_nowait(order)
            return 202, {"call_id": order.data.call_id}
        if order.type == "call.dial" and order.data.agent is not None:
            return self._dial(order.data, order.data.agent)
        self._end_unknown(order.data.call_id)
        return 404, {"detail": f"No call {order.data.call_id} is up here."}

    def _dial(self, asked: Orders, phone: Phone) -> Answer:
        to = asked.to if isinstance(asked.to, str) else (asked.to or {}).get("number")
        plan = plan_call(self._world.dice, self._world.customers)._replace(phone_fails=False)
        call = self._call(asked.call_id, plan, {"direction": "outbound", "from": phone.address, "to": to})
        self._live(asked.call_id, call, call.live_outbound(phone))
        return 202, {"call_id": asked.call_id}

    def _call(self, call_id: str, plan: CallPlan, about: dict[str, object]) -> SimulatedCall:
        dice = Random(self._world.dice.getrandbits(64))
        line = Line(
            self._teller, self._tasks, dice, self._world.pace, self._world.mischief, {"call_id": call_id} | about
        )
        return SimulatedCall(plan, line, dice, self._world.pace, self.tally)

    def _live(self, call_id: str, call: SimulatedCall, life: Any) -> None:
        self._calls[call_id] = call
        task = self._tasks.start("call", life)
        self._lives.add(task)
        task.add_done_callback(lambda _: self._forget(call_id, task))

    def _forget(self, call_id: str, task: asyncio.Task[None]) -> None:
        self._lives.discard(task)
        self._calls.pop(call_id, None)

    def _end_unknown(self, call_id: str) -> None:
        """Callfloor believes in a call that is not there, perhaps since before a restart: tell that it is over."""
        line = Line(self._teller, self._tasks, Random(0), self._world.pace, 0.0, {"call_id": call_id})
        line.say("call.cleared", cause="no_such_call")
        self._tasks.start("end of unknown call", line.close())
