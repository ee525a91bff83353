"""What else runs while this process owns the floor."""

from collections.abc import Sequence
from typing import Protocol

from app.floor.memory.effects import SwitchOrder
from app.floor.ports import Orders


class Companion(Protocol):
    """Something that may run in one process at a time."""

    def start(self) -> None:
        """Begin: the floor is ours."""

    async def stop(self) -> None:
        """Leave it to the next owner."""


class Alongside:
    """The delivery of orders, and connections to platforms that are driven, which begin before it and end after it."""

    def __init__(self, orders: Orders, others: Sequence[Companion]) -> None:
        self._orders = orders
        self._others = others

    def start(self, pending: list[SwitchOrder]) -> None:
        """See `Orders`."""
        for each in self._others:
            each.start()
        self._orders.start(pending)

    def put(self, orders: list[SwitchOrder]) -> None:
        """See `Orders`."""
        self._orders.put(orders)

    def waits(self, seq: int) -> bool:
        """See `Orders`."""
        return self._orders.waits(seq)

    async def stop(self) -> None:
        """See `Orders`."""
        await self._orders.stop()
        for each in self._others:
            await each.stop()
