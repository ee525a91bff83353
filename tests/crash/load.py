"""A busy day: callers through the switch, agents at their sockets, until told to close."""

import asyncio
from random import Random
from typing import Any

from app.core.clock import now
from app.core.ids import new_id
from app.floor.configuration.config import AgentRecord, FloorConfig, QueueRules, SourceRules
from tests.fixtures.switch import Order, Switch
from tests.fixtures.tab import Tab

DAY = FloorConfig(
    queues={
        "cards": QueueRules(id="cards", name="Cards", requires=(("cards", 1),), offer_seconds=3, wrap_up_seconds=5),
        "loans": QueueRules(
            id="loans", name="Loans", requires=(("loans", 1),), offer_seconds=3, wrap_up_seconds=5,
            decline_keeps_ready=False,
        ),
    },
    agents={
        f"agent{n}": AgentRecord(
            id=f"agent{n}", name=f"Agent {n}", address=f"20{n}",
            skills=(("cards", 3), ("loans", 3)) if n % 3 else (("cards", 3),),
        )
        for n in range(10)
    },
    sources={"pbx": SourceRules(id="pbx", numbers={"100": "cards", "200": "loans"})},
    wrap_up_codes=frozenset({"solved"}),
)  # fmt: skip
"""Ten agents, two queues: everybody can do cards, two in three can do loans."""


class Caller:
    """One caller after the other, each with one call; `served` says which of them talked to an agent."""

    def __init__(self, switch: Switch, dice: Random) -> None:
        self.calls: list[str] = []
        self.served: set[str] = set()
        self._switch = switch
        self._dice = dice

    async def call_again_and_again(self, closing: asyncio.Event) -> None:
        """Call until the bank closes."""
        while not closing.is_set():
            await self.call()
            await asyncio.sleep(self._dice.uniform(0, 0.3))

    async def call(self) -> None:
        """One call from its offer to its end."""
        call_id = new_id()
        self.calls.append(call_id)
        to = self._dice.choice(["100", "100", "200"])
        await self._tells("offered", call_id, from_="+8613800138000", to=to, direction="inbound", leg_id="c")
        legs = 0
        while (order := await self._switch.order(call_id, self._dice.uniform(1, 6))) is not None:
            if order.type == "call.disconnect":
                break
            if order.type == "call.connect":
                legs += 1
                if await self._rings(call_id, order, f"a{legs}"):
                    break
        await self._tells("connection_cleared", call_id, leg_id="c")
        await self._tells("cleared", call_id, cause="normal")

    async def _rings(self, call_id: str, order: Order, leg: str) -> bool:
        """Ring the agent's phone and let them talk; false when it is not answered."""
        phone: dict[str, Any] = {"agent": order.data["agent"]["address"], "leg_id": leg}
        if self._dice.random() < 0.1:
            await self._tells("failed", call_id, **phone, cause="busy")
            return False
        ringing = self._tells("delivered", call_id, **phone)
        await asyncio.gather(ringing, self._tells("established", call_id, **phone))
        self.served.add(call_id)
        await self._talks(call_id, phone)
        return True

    async def _talks(self, call_id: str, phone: dict[str, Any]) -> None:
        while (order := await self._switch.order(call_id, self._dice.uniform(0.1, 0.8))) is not None:
            if order.type == "call.disconnect":
                return
            if order.type in ("call.hold", "call.retrieve"):
                await self._tells({"call.hold": "held", "call.retrieve": "retrieved"}[order.type], call_id, **phone)

    async def _tells(self, kind: str, call_id: str, **data: Any) -> None:
        """Tell it under one id, and now and then twice at the same time."""
        key = f"evt_{new_id()}"
        times = 2 if self._dice.random() < 0.15 else 1
        at = now()
        tell = [self._switch.tells(kind, call_id, key=key, at=at, marker=key, **data) for _ in range(times)]
        await asyncio.gather(*tell)


class Worker:
    """An agent at work: takes what is offered, talks, wraps up, and comes back whenever they were put aside."""

    def __init__(self, tab: Tab, dice: Random) -> None:
        self.tab = tab
        self._dice = dice

    async def work(self) -> None:
        """Work until cancelled."""
        while True:
            agent = self.tab.agent
            await self._act(agent)
            if self.tab.agent is agent:
                await self.tab.changed(0.5)

    async def _act(self, agent: dict[str, Any]) -> None:
        match agent.get("state"):
            case "not_ready":
                await self.tab.ask("agent.ready")
            case "reserved":
                await self._mind(agent["offer"])
            case "busy":
                await self._talk(agent["contacts"][-1])
            case "working_after_call":
                await asyncio.sleep(self._dice.uniform(0, 0.1))
                await self.tab.ask("wrap_up.done", contact_id=agent["wrap_up"], code="solved", note="done")

    async def _mind(self, contact: str) -> None:
        throw = self._dice.random()
        if throw < 0.9:
            await self.tab.ask("offer.accept", contact_id=contact)
        elif throw < 0.97:
            await self.tab.ask("offer.decline", contact_id=contact)

    async def _talk(self, contact: str) -> None:
        for kind, chance in (("call.hold", 0.2), ("call.retrieve", 0.5), ("call.hang_up", 0.3)):
            if self._dice.random() < chance:
                await asyncio.sleep(self._dice.uniform(0, 0.3))
                await self.tab.ask(kind, contact_id=contact)
