"""A whole call told as a table, and played over the real wires of a running server."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from app.core.clock import now
from app.core.ids import new_id
from tests.fixtures.site import Site
from tests.fixtures.switch import Order, Switch
from tests.fixtures.tab import Frame, Tab
from tests.fixtures.waiting import eventually

QUIET_SECONDS = 0.15
WITHOUT_CONTACT = ("agent.", "call.dial")


@dataclass(frozen=True)
class Step:
    """`who` (the switch, an agent's tab, or time) does something; then these orders and frames follow, and no others.

    `does` is the event or command with its data: `offered to=100 @2` is told as of second 2 of the call's own time,
    `call.transfer to.queue=loans` has an object in it, `passes 1` lets a second pass. A tab is an agent, or an agent
    with a number (`ann2`). `refused` is the status of the problem that answers a command.
    """

    who: str
    does: str
    orders: Sequence[str] = ()
    frames: Mapping[str, Sequence[str]] = field(default_factory=dict)
    refused: int | None = None


class Stage:
    """Where a story is played: one call, and the tabs of those who work on it."""

    def __init__(self, site: Site, switch: Switch, tabs: Mapping[str, Tab]) -> None:
        self.site = site
        self.switch = switch
        self.tabs = tabs
        self.call_id = new_id()
        self.contact = ""
        self.began = now()
        self._frames = {name: len(tab.frames) for name, tab in tabs.items()}
        self._orders = 0

    async def play(self, *steps: Step) -> None:
        """Do one step after the other, and see after each that exactly what is written follows."""
        for number, step in enumerate(steps, 1):
            await self._do(step)
            follows = {"orders": list(step.orders)} | {name: list(step.frames.get(name, ())) for name in self.tabs}
            await self._heard(sum(map(len, follows.values())))
            await asyncio.sleep(QUIET_SECONDS if step.who == "time" or number == len(steps) else 0)
            assert self._new() == follows, f"step {number}: {step.who} {step.does}"
            self._frames = {name: len(tab.frames) for name, tab in self.tabs.items()}
            self._orders = len(self._about_us())

    async def end(self) -> None:
        """Whatever came of it, leave no live call behind."""
        if self.contact:
            await self.switch.tells("cleared", self.call_id)

    async def _heard(self, number: int) -> None:
        """Wait for so many frames and orders, but not for ever: what is missing is told by comparing."""
        with suppress(AssertionError):
            await eventually(
                lambda: asyncio.sleep(0, sum(map(len, self._new().values()))), lambda heard: heard >= number
            )

    def _new(self) -> dict[str, list[str]]:
        told = {name: [told_frame(f) for f in tab.frames[self._frames[name] :]] for name, tab in self.tabs.items()}
        return {"orders": [told_order(order) for order in self._about_us()[self._orders :]], **told}

    def _about_us(self) -> list[Order]:
        return [order for order in self.switch.record.orders.values() if order.data["call_id"] == self.call_id]

    async def _do(self, step: Step) -> None:
        verb, *words = step.does.split()
        if step.who == "time":
            await asyncio.sleep(float(words[0]))
        elif step.who == "switch":
            self.contact = await self.switch.tells(verb, self.call_id, **self._data(words))
        else:
            await self._ask(step, verb, self._data(words))

    async def _ask(self, step: Step, verb: str, data: dict[str, Any]) -> None:
        if not verb.startswith(WITHOUT_CONTACT):
            data["contact_id"] = self.contact
        answer = await self.tabs[step.who].ask(verb, **data)
        assert answer.get("problem", {}).get("status") == step.refused, f"{step.who} {step.does}: {answer}"
        if verb == "call.dial" and answer["ok"]:
            self.contact = self.call_id = answer["contact"]["id"]

    def _data(self, words: Sequence[str]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for word in words:
            if word.startswith("@"):
                data["at"] = self.began + float(word[1:])
                continue
            name, _, value = word.partition("=")
            outer, _, inner = name.partition(".")
            data[outer] = {inner: value} if inner else int(value) if outer == "sequence" else value
        return data

    def goes_on_with(self, contact: str) -> None:
        """From here on the story is that of a call which Callfloor makes itself: its id is that of its contact."""
        self.call_id = self.contact = contact
        self._orders = len(self._about_us())

    def order_data(self, kind: str) -> dict[str, Any]:
        """What the one order of this kind about the call said."""
        (found,) = [order.data for order in self._about_us() if order.type == kind]
        return found

    async def history(self, columns: str) -> tuple[Any, ...]:
        """Columns of the call's row in the history."""
        rows = await self.site.fetch(f"SELECT {columns} FROM interactions WHERE id = $1", self.contact)
        assert len(rows) == 1
        return tuple(rows[0])


@asynccontextmanager
async def stage(site: Site, *names: str) -> AsyncIterator[Stage]:
    """A stage with a tab for each name, whose agents have just logged on."""
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(site.switch())
        tabs = {name: await stack.enter_async_context(site.agent(name.rstrip("2"))) for name in names}
        for tab in tabs.values():
            await tab.ask("ping")  # what the logging on of anybody brought has been told before the answer
        play = Stage(site, switch, tabs)
        try:
            yield play
        finally:
            await play.end()


def told_frame(frame: Frame) -> str:
    """A frame in a few words."""
    kind = frame["type"]
    if kind == "agent.state":
        agent = frame["agent"]
        return f"{kind} {agent['state']}" + (f" ({agent['reason']})" if agent["reason"] else "")
    if kind == "contact.ended":
        return f"{kind} {frame['outcome']}"
    if kind == "offer.withdrawn":
        return f"{kind} {frame['reason']}"
    return f"{kind} {frame['contact']['state']}" if "contact" in frame else kind


def told_order(order: Order) -> str:
    """An order in a few words."""
    agent = order.data.get("agent", {}).get("id")
    return " ".join(filter(None, (order.type, agent, _place(order.data.get("to")))))


def _place(to: Any) -> str | None:
    return "/".join(f"{key}:{value}" for key, value in to.items()) if isinstance(to, dict) else to
