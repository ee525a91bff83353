"""One time of owning the floor: its memory, and the turns of apply, commit, tell."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

import structlog

from app.core.clock import SteadyClock
from app.core.errors import CallfloorError
from app.floor import configuration, frames
from app.floor.batch import Batch
from app.floor.commands import Answer, Expire, Resumed, TakeOver
from app.floor.effects import Happened
from app.floor.inbox import Inbox, encode
from app.floor.journal import AlreadyAnswered, Fenced, Journal
from app.floor.metrics import BATCH_COMMANDS, COMMANDS, COMMIT_SECONDS
from app.floor.outbox import load_pending
from app.floor.ports import Host, Item
from app.floor.recovery import Recovered, recover

log = structlog.get_logger(__name__)
HEARTBEAT_SECONDS = 2.0
"""How long the database may be left without a word of the owner's; see SILENT_SECONDS of the journal."""

RECOVERY_PAUSE = 0.2

STALL_SECONDS = 2.0
"""A commit that takes longer makes the floor degraded: callers are told to come back instead of being kept waiting."""


class CommandFailed(CallfloorError):
    """A command could not be applied or written for a reason that is ours; nothing of it happened."""

    code = "internal"


class Tenure:
    """Holds the state between `Floor.run` winning the lock and losing it. Use `begin`."""

    def __init__(self, floor: Host, journal: Journal, recovered: Recovered) -> None:
        self.state = recovered.state
        self.in_hand: list[Item] = []
        self._floor = floor
        self._journal = journal
        self._inbox = Inbox(recovered.inbox)
        self._clock = SteadyClock(floor.clock, recovered.last)
        self._spoke_at = time.monotonic()

    @classmethod
    async def begin(cls, floor: Host, journal: Journal) -> "Tenure":
        """Recover the floor, deliver what was left undelivered, and give every agent time to come back."""
        config = await configuration.load(journal.connection)
        recovered = await recover(journal.connection, floor.id, config, floor.clock())
        floor.orders.start(await load_pending(journal.connection, floor.id))
        tenure = cls(floor, journal, recovered)
        floor.waiting.appendleft(Item(TakeOver(), None))
        return tenure

    async def turn(self) -> None:
        """Wait for something to do, and do it: one batch.

        Before, if the database has not been spoken to for a while, see that the floor is still ours: what is only read
        is never committed, and a process that stood still may have been replaced.
        """
        deadline = self.state.next_deadline()
        idle = HEARTBEAT_SECONDS - self._silent_for()
        await self._floor.rest(idle if deadline is None else min(idle, deadline - self._clock()))
        if self._silent_for() >= HEARTBEAT_SECONDS:
            await self._reach(self._journal.check(), [])
        self.in_hand = items = self._take()
        if items:
            await self._process(items)
        self._floor.settled(items)
        self.in_hand = []

    def _silent_for(self) -> float:
        return time.monotonic() - self._spoke_at

    def _take(self) -> list[Item]:
        waiting, items = self._floor.waiting, []
        while waiting and isinstance(waiting[0].command, TakeOver | Resumed):
            items.append(waiting.popleft())  # gives time to those who could not act, so it comes before any expiry
        deadline = self.state.next_deadline()
        if deadline is not None and deadline <= self._clock():
            items.append(Item(Expire(), None))
        while waiting and len(items) < self._floor.batch:
            items.append(waiting.popleft())
        return items

    async def _process(self, items: list[Item]) -> None:
        """Apply and commit together; where the database refuses the batch itself, find the one at fault."""
        try:
            await self._together(items)
        except Fenced:
            raise
        except AlreadyAnswered as earlier:
            self.state.undo_batch()
            for key, raw in earlier.answers.items():
                self._inbox.put(key, raw)
            await self._process(items)
        except Exception as error:
            log.exception("a batch could not be written", commands=[type(item.command).__name__ for item in items])
            await self._recover()
            if len(items) == 1:
                failure = CommandFailed("The command could not be written; nothing of it happened.")
                failure.__cause__ = error
                items[0].fail(failure)
                return
            for item in items:
                await self._process([item])

    async def _together(self, items: list[Item]) -> None:
        batch = Batch()
        now = self._clock()
        self.state.begin_batch()
        answers = [(item, self._apply(item, batch, now)) for item in items]
        if batch:
            await self._commit(batch, items)
        for key, raw in ((row[:2], row[3]) for row in batch.inbox):
            self._inbox.put(key, raw)
        self._tell(batch)
        for item, answer in answers:
            if answer is not None:
                item.answer(answer)

    def _apply(self, item: Item, batch: Batch, now: float) -> Answer | None:
        known = self._inbox.get(item.key) if item.key is not None else None
        name = type(item.command).__name__
        if known is not None:
            COMMANDS.labels(name, "repeated").inc()
            return known
        try:
            outcome = self.state.apply(item.command, now)
        except Exception as error:
            log.exception("a command raised; it left no trace", command=name)
            COMMANDS.labels(name, "raised").inc()
            failure = CommandFailed("The command raised an unexpected error; nothing of it happened.")
            failure.__cause__ = error
            item.fail(failure)
            return None
        COMMANDS.labels(name, "applied" if outcome.answer.ok else "refused").inc()
        batch.add(outcome.effects)
        if item.key is not None:
            batch.remember(*item.key, now, encode(outcome.answer))
        return outcome.answer

    async def _commit(self, batch: Batch, items: list[Item]) -> None:
        started = time.perf_counter()
        await self._reach(self._journal.commit(batch, self.state.seq), items)
        COMMIT_SECONDS.observe(time.perf_counter() - started)
        BATCH_COMMANDS.observe(len(items))

    async def _reach(self, work: Coroutine[Any, Any, None], items: list[Item]) -> None:
        """Do something on the database; where that takes too long, those who wait are told to come back."""
        stall = asyncio.get_running_loop().call_later(STALL_SECONDS, self._floor.degrade, items)
        try:
            await work
        finally:
            stall.cancel()
        self._spoke_at = time.monotonic()
        self._floor.restore()

    def _tell(self, batch: Batch) -> None:
        publisher = self._floor.publisher
        supervised = publisher.listened(frames.FLOOR_TOPIC)
        for event in batch.events:
            if event.agent is None and not supervised:
                continue
            data = self._frame(event)
            if event.agent is not None:
                publisher.publish(frames.AGENT_TOPIC + event.agent, event.seq, data)
            if supervised and frames.is_frame(event):
                publisher.publish(frames.FLOOR_TOPIC, event.seq, data)
        if batch.orders:
            self._floor.orders.put(batch.orders)

    def _frame(self, event: Happened) -> bytes:
        profile = self.state.store.profiles.get(event.contact) if event.contact is not None else None
        return frames.frame(event.seq, event.at, event.type, event.body, profile)

    async def _recover(self) -> None:
        """Drop memory and read it anew: what was applied since the last commit never happened."""
        while True:
            try:
                config = self.state.store.config
                recovered = await recover(self._journal.connection, self._floor.id, config, self._floor.clock())
                break
            except Exception as error:
                log.warning("recovery failed, trying again", error=repr(error))
                await asyncio.sleep(RECOVERY_PAUSE)
                await self._journal.check()
        self.state, self._inbox = recovered.state, Inbox(recovered.inbox)
