"""What the floor needs of others, and what it keeps of a submitted command."""

import asyncio
from collections import deque
from typing import Literal, Protocol

from app.core.clock import Clock
from app.floor.commands import Answer, Command
from app.floor.journal.inbox import Key
from app.floor.memory.effects import Ask, SwitchOrder

Status = Literal["standby", "owner", "degraded"]


class Publisher(Protocol):
    """Where frames go. Topics are strings; the publisher knows no domain."""

    def publish(self, topic: str, seq: int, frame: bytes) -> None:
        """Tell one topic's subscribers a numbered frame."""

    def broadcast(self, frame: bytes) -> None:
        """Tell everybody something without a number."""

    def dismiss(self, code: int, reason: str) -> None:
        """Send every subscriber away."""

    def listened(self, topic: str) -> bool:
        """Whether anybody subscribes to a topic."""


class Orders(Protocol):
    """Who delivers orders to the switch while this process owns the floor."""

    def start(self, pending: list[SwitchOrder]) -> None:
        """Begin, with what an earlier owner left."""

    def put(self, orders: list[SwitchOrder]) -> None:
        """Take new ones."""

    def waits(self, seq: int) -> bool:
        """Whether the order with this number was taken and is neither delivered nor given up."""

    async def stop(self) -> None:
        """Stop; what is not settled stays pending."""


class Runs(Protocol):
    """Who runs errands for flows while this process owns the floor."""

    def start(self) -> None:
        """Begin."""

    def put(self, asks: list[Ask]) -> None:
        """Run for these."""

    async def stop(self) -> None:
        """Stop; what has not come is asked for again by the next owner."""


class Item:
    """A submitted command and those who wait for its answer."""

    __slots__ = ("command", "futures", "key")

    def __init__(self, command: Command, key: Key | None) -> None:
        self.command = command
        self.key = key
        self.futures: list[asyncio.Future[Answer]] = []

    def answer(self, answer: Answer) -> None:
        """Tell everybody who still waits."""
        for future in self.futures:
            if not future.done():
                future.set_result(answer)
        self.futures.clear()

    def fail(self, error: Exception) -> None:
        """Tell everybody who still waits that there is no answer."""
        for future in self.futures:
            if not future.done():
                future.set_exception(error)
        self.futures.clear()


class Host(Protocol):
    """What a tenure needs of the floor in whose name it acts."""

    id: str
    clock: Clock
    publisher: Publisher
    orders: Orders
    errands: Runs
    region: str
    batch: int
    waiting: deque[Item]
    status: Status

    async def rest(self, seconds: float) -> None:
        """Wait for a command, at most so long."""

    def wake(self) -> None:
        """Let `rest` end."""

    def settled(self, items: list[Item]) -> None:
        """These items have their answers."""

    def degrade(self, items: list[Item]) -> None:
        """The journal does not commit."""

    def restore(self) -> None:
        """The journal commits again."""
