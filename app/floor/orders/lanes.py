"""The orders of one contact on their way to the platform: one after the other, unless a later one overtakes."""

import asyncio
from collections import deque
from contextlib import suppress

from app.floor.memory.effects import SwitchOrder
from app.telephony.events import OrderType

_MOVES_ON = frozenset({OrderType.CONNECT, OrderType.CANCEL, OrderType.DISCONNECT, OrderType.SCRIPT})
"""What is only ordered once nobody is to be connected any more as was ordered before: no script is told to a caller to
whom an agent is being connected."""

_REPLACES_SCRIPT = frozenset(
    {
        OrderType.SCRIPT,
        OrderType.CONNECT,
        OrderType.TRANSFER,
        OrderType.VOICEMAIL,
        OrderType.OFFER_CALLBACK,
        OrderType.DISCONNECT,
    }
)

_LETS_OUT = frozenset({OrderType.CANCEL, OrderType.STOP_LISTENING})
"""Callers are taken off hold before these; nobody is kept on a call for that."""


def overtakes(later: SwitchOrder, order: SwitchOrder, attempts: int) -> bool:
    """Whether `order`, tried so often already, must not be tried again because `later` was given meanwhile.

    Ringing an agent's phone is wrong as soon as the floor has moved on. Who hangs up does not wait for what the same
    agent asked before and the platform did not take; an order that was never tried still goes first. An agent is not
    kept waiting for, nor a call torn apart later by, an announcement that did not get through.
    """
    if order.type == OrderType.CONNECT:
        return later.type in _MOVES_ON
    if order.type == OrderType.SCRIPT and attempts > 0 and later.type in _REPLACES_SCRIPT:
        return True
    if order.type == OrderType.RETRIEVE and attempts > 0 and later.type in _LETS_OUT:
        return True
    return attempts > 0 and later.type == OrderType.DISCONNECT and later.agent in (None, order.agent)


class Lane:
    """What waits of one contact, in order."""

    def __init__(self, first: SwitchOrder) -> None:
        self._waiting = deque([first])
        self._news = asyncio.Event()

    def add(self, order: SwitchOrder) -> None:
        """Put an order at the end."""
        self._waiting.append(order)
        self._news.set()

    def next(self) -> SwitchOrder | None:
        """Take the first order out; None when there is none."""
        return self._waiting.popleft() if self._waiting else None

    def overtaking(self, order: SwitchOrder, attempts: int) -> SwitchOrder | None:
        """The waiting order that overtakes one which was taken out and tried so often."""
        return next((later for later in self._waiting if overtakes(later, order, attempts)), None)

    async def pause(self, seconds: float, order: SwitchOrder, attempts: int) -> None:
        """Wait before `order` is tried again, but not once another overtakes it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.overtaking(order, attempts) is None:
                    self._news.clear()
                    await self._news.wait()
