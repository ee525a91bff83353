"""One call's wire to Callfloor: its events in order, unless the network has other ideas."""

import asyncio
from random import Random

from app.core import clock
from app.core.ids import new_id
from app.core.tasks import Supervisor
from app.demo.pace import Pace
from app.demo.platform.mischief import Delivery, spoil
from app.demo.platform.webhooks import Teller, event_body


class Line:
    """Numbers and stamps the events of one call and sends them one after the other."""

    def __init__(
        self, teller: Teller, tasks: Supervisor, dice: Random, pace: Pace, mischief: float, about: dict[str, object]
    ) -> None:
        self._teller = teller
        self._dice = dice
        self._pace = pace
        self._mischief = mischief
        self._about = about
        self._sequence = 0
        self._queue: asyncio.Queue[tuple[str, bytes] | None] = asyncio.Queue()
        self._sent = tasks.start("line", self._send_in_order())

    def say(self, kind: str, **facts: object) -> None:
        """Tell that `kind` happened just now; returns at once."""
        delivery = spoil(self._dice, self._mischief)
        if delivery.beside is not None:
            self._teller.told.unknown += 1
            self._queue.put_nowait((new_id(), self._event(delivery.beside, {"value": self._dice.random()})))
        self._hand_over(delivery, self._event(kind, facts))

    async def close(self) -> None:
        """Wait until everything said in order has been acknowledged."""
        self._queue.put_nowait(None)
        await self._sent

    def _event(self, kind: str, facts: dict[str, object]) -> bytes:
        self._sequence += 1
        return event_body(kind, clock.now(), self._about | facts | {"sequence": self._sequence})

    def _hand_over(self, delivery: Delivery, body: bytes) -> None:
        webhook_id = f"evt_{new_id()}"
        again = delivery.delays
        if not delivery.out_of_line:
            self._queue.put_nowait((webhook_id, body))
            again = delivery.delays[1:]
            self._teller.told.repeated += len(again)
        else:
            self._teller.told.late += 1
        for delay in again:
            self._teller.tell_later(self._pace.real(delay), webhook_id, body)

    async def _send_in_order(self) -> None:
        while (item := await self._queue.get()) is not None:
            await self._teller.tell(*item)
