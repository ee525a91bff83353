"""The shell that hands the floor's orders to the platforms: in order for each contact, side by side for many.

An order enters after the commit that made it true, and stays a row of the database until it is delivered or given
up. What a dead process left behind is handed in again at start; its idempotency key is the same, so a platform
that took it already answers as before.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import asyncpg
import msgspec
import structlog
from prometheus_client import Counter

from app.core.clock import Clock
from app.core.errors import CallfloorError, Unavailable
from app.core.tasks import Supervisor
from app.floor.commands import OrderFailed
from app.floor.memory.effects import SwitchOrder
from app.floor.orders.lanes import Lane
from app.floor.orders.settling import Mark, Settling
from app.telephony.delivery import Again, RetryPolicy, decide, too_late
from app.telephony.directory import SourceAccess, SourceDirectory
from app.telephony.events import OrderType
from app.telephony.instructions import Script
from app.telephony.port import Delivered, Driver, Missed, Outcome, Refused, SwitchCommand

log = structlog.get_logger(__name__)

ORDERS = Counter("callfloor_switch_orders", "Commands to telephone platforms.", ["type", "outcome"])
AT_ONCE_PER_SOURCE = 32

_PENDING = """
select id, source_id, contact_id::text, type, payload::text, payload->'agent'->>'id',
       extract(epoch from created_at)::float8
from outbox where floor = $1 and status = 'pending' order by id
"""


async def load_pending(connection: "asyncpg.Connection[Any]", floor: str) -> list[SwitchOrder]:
    """The orders of a floor that nobody has settled, oldest first."""
    return [
        SwitchOrder(
            seq=row[0], at=row[6], source=row[1], contact=row[2], agent=row[5], type=row[3], body=row[4].encode()
        )
        for row in await connection.fetch(_PENDING, floor)
    ]


class _Told(msgspec.Struct):
    """What we look at of the body of a call.script."""

    script: Script | None = None


class Outbox:
    """Delivers while this process owns the floor: `start` with what is pending, `put` what is new, `stop`.

    `on_failed` is told of every order that is given up before it is marked, so that a crash between the two tells it
    twice rather than never; it is asked again while it raises `Unavailable`. One source that does not answer holds
    up nobody else's orders: each has its own limit of attempts at a time.
    """

    def __init__(
        self,
        *,
        floor: str,
        directory: SourceDirectory,
        driver: Driver,
        settling: Settling,
        on_failed: Callable[[OrderFailed], Awaitable[object]],
        clock: Clock,
        policy: RetryPolicy | None = None,
        on_death: Callable[[str, BaseException], None] | None = None,
    ) -> None:
        self._floor = floor
        self._directory = directory
        self._driver = driver
        self._settling = settling
        self._on_failed = on_failed
        self._clock = clock
        self._policy = policy or RetryPolicy()
        self._on_death = on_death
        self._tasks: Supervisor | None = None
        self._lanes: dict[str, Lane] = {}
        self._unsettled: set[int] = set()
        self._limits: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE_PER_SOURCE))

    def start(self, pending: Iterable[SwitchOrder] = ()) -> None:
        """Begin to deliver, `pending` first."""
        self._tasks = Supervisor(self._on_death)
        self._tasks.start("outbox settling", self._settling.run())
        self.put(pending)

    def put(self, orders: Iterable[SwitchOrder]) -> None:
        """Deliver these too, each after the earlier ones of its contact unless it overtakes them (see `lanes`).
        Ignored while not started."""
        if self._tasks is None:
            return
        for order in orders:
            self._unsettled.add(order.seq)
            lane = self._lanes.get(order.contact)
            if lane is not None:
                lane.add(order)
                continue
            self._lanes[order.contact] = Lane(order)
            self._tasks.start(f"orders of {order.contact}", self._drain(order.contact))

    def waits(self, seq: int) -> bool:
        """Whether an order is neither delivered nor given up."""
        return seq in self._unsettled

    async def stop(self) -> None:
        """Stop delivering; what is not settled stays pending in the database for the next owner."""
        if self._tasks is None:
            return
        tasks, self._tasks = self._tasks, None
        await tasks.stop()
        self._lanes.clear()
        self._unsettled.clear()
        await self._settling.close()

    async def _drain(self, contact: str) -> None:
        lane = self._lanes[contact]
        while (order := lane.next()) is not None:
            await self._deliver(lane, order)
        del self._lanes[contact]

    async def _deliver(self, lane: Lane, order: SwitchOrder) -> None:
        attempts = 0
        while (later := lane.overtaking(order, attempts)) is None:
            late = too_late(order.type, self._age(order), self._policy) if not attempts else None
            if late is not None:
                return await self._give_up(order, attempts, late.detail)
            attempts += 1
            pause = await self._conclude(order, attempts, await self._attempt(order))
            if pause is None:
                return None
            await lane.pause(pause, order, attempts)
        return self._settle(order, "failed", attempts, f"overtaken by order {later.seq}, {later.type}")

    async def _conclude(self, order: SwitchOrder, attempts: int, outcome: Outcome) -> float | None:
        """What follows an attempt: the order is settled, or the seconds until the next attempt are given."""
        if isinstance(outcome, Delivered):
            self._settle(order, "delivered", attempts)
            return None
        if isinstance(outcome, Refused):
            await self._give_up(order, attempts, outcome.detail, refused=True)
            return None
        roll = random.random()  # noqa: S311 - jitter
        decision = decide(outcome, order.type, attempts, self._age(order), self._policy, roll)
        if not isinstance(decision, Again):
            await self._give_up(order, attempts, decision.detail)
            return None
        self._note_miss(order, attempts, outcome)
        return decision.after

    def _age(self, order: SwitchOrder) -> float:
        return max(0.0, self._clock() - order.at)

    async def _attempt(self, order: SwitchOrder) -> Outcome:
        """One attempt, over before nobody wants the order any more; waiting for a turn counts.

        The directory is asked at every attempt, so that a corrected address or secret counts at once. A source that is
        switched off still takes what concerns the calls that it has.
        """
        access = self._directory.known(order.source)
        if access is None or (order.type == OrderType.DIAL and not access.active):
            return Refused(f"Source {order.source} is not known or switched off.")
        try:
            async with asyncio.timeout(self._policy.time_left(order.type, self._age(order))):
                return await self._execute(access, order)
        except TimeoutError:
            return Missed(f"Source {order.source} did not answer in time.")

    async def _execute(self, access: SourceAccess, order: SwitchOrder) -> Outcome:
        data = msgspec.json.decode(order.body)
        command = SwitchCommand(f"{self._floor}-{order.seq}", order.type, order.at, data)
        async with self._limits[order.source]:
            try:
                return await self._driver.execute(access, command)
            except Exception:
                log.exception("driver failed", order=order.seq, type=order.type)
                return Refused(f"The adapter of source {order.source} failed; the log of the server tells more.")

    def _note_miss(self, order: SwitchOrder, attempts: int, missed: Missed) -> None:
        ORDERS.labels(order.type, "retried").inc()
        self._settling.add(Mark(order.seq, "pending", attempts, missed.detail))

    def _settle(self, order: SwitchOrder, status: str, attempts: int, error: str | None = None) -> None:
        ORDERS.labels(order.type, status).inc()
        self._unsettled.discard(order.seq)
        self._settling.add(Mark(order.seq, status, attempts, error, self._clock()))

    async def _give_up(self, order: SwitchOrder, attempts: int, detail: str, *, refused: bool = False) -> None:
        log.warning("order given up", order=order.seq, type=order.type, contact=order.contact, detail=detail)
        failed = OrderFailed(
            order_id=order.seq,
            order_type=order.type,
            contact_id=order.contact,
            agent_id=order.agent,
            detail=detail,
            attempts=attempts,
            refused=refused,
            script=_script_of(order),
        )
        await self._report(failed)
        self._settle(order, "failed", attempts, detail)

    async def _report(self, failed: OrderFailed) -> None:
        while True:
            try:
                await self._on_failed(failed)
            except Unavailable as error:
                await asyncio.sleep(error.retry_after)
            except CallfloorError as error:
                log.error("failure of an order not taken", order=failed.order_id, error=error.detail)
                return
            else:
                return


def _script_of(order: SwitchOrder) -> Script | None:
    return msgspec.json.decode(order.body, type=_Told).script if order.type == OrderType.SCRIPT else None
