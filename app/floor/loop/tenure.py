"""One time of owning the floor: its memory, and its rounds of apply, commit, tell."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

import structlog
from prometheus_client import Counter

from app.core.clock import SteadyClock
from app.core.errors import CallfloorError
from app.core.tasks import begin
from app.floor.commands import Expire, Resumed, TakeOver
from app.floor.configuration import reading
from app.floor.journal.inbox import Inbox
from app.floor.journal.writer import AlreadyAnswered, Fenced, Journal
from app.floor.loop.recovery import Recovered, recover
from app.floor.loop.round import Round
from app.floor.loop.timers import Timers
from app.floor.metrics import BATCH_COMMANDS, COMMANDS, COMMIT_SECONDS
from app.floor.orders.outbox import load_pending
from app.floor.ports import Host, Item

log = structlog.get_logger(__name__)
HEARTBEAT_SECONDS = 2.0
"""How long the database may be left without a word of the owner's; see SILENT_SECONDS of the journal."""

RECOVERY_PAUSE = 0.2

STALL_SECONDS = 2.0
"""A commit that takes longer makes the floor degraded: callers are told to come back instead of being kept waiting."""

TRY_LATER = 1013
"""The close code of sockets that could not be told everything: they come back and ask for what they missed."""

AT_ONCE = 16
"""So many commands are applied before the loop looks at everything else: a commit that has ended, a new request."""


class CommandFailed(CallfloorError):
    """A command could not be applied or written for a reason that is ours; nothing of it happened."""

    code = "internal"


class Tenure:
    """Holds the state between `Floor.run` winning the lock and losing it. Use `begin`; at its end call `leave`.

    One round is committed at a time. Meanwhile the next one gathers: its commands are applied to memory, which is
    ahead of the database by these two rounds and no more, and nobody is told before the commit.
    """

    def __init__(self, floor: Host, journal: Journal, recovered: Recovered) -> None:
        self.state = recovered.state
        self._floor = floor
        self._journal = journal
        self._inbox = Inbox(recovered.inbox)
        self._timers = Timers()
        self._clock = SteadyClock(floor.clock, recovered.last)
        self._spoke_at = time.monotonic()
        self._gathering = Round()
        self._closed = Round()
        self._writing: asyncio.Task[None] | None = None
        self._again: list[Item] = []
        self.state.begin_batch()

    @classmethod
    async def begin(cls, floor: Host, journal: Journal) -> "Tenure":
        """Recover the floor, deliver what was left undelivered, and give every agent time to come back."""
        config = await reading.load(journal.connection, floor.region)
        recovered = await recover(journal.connection, floor.id, config, floor.clock())
        floor.orders.start(await load_pending(journal.connection, floor.id))
        floor.errands.start()
        tenure = cls(floor, journal, recovered)
        floor.waiting.appendleft(Item(TakeOver(), None))
        return tenure

    @property
    def in_hand(self) -> list[Item]:
        """Commands that were taken and have no answer yet."""
        return [*self._again, *self._closed.items, *self._gathering.items]

    async def turn(self) -> None:
        """Wait for something to do, and do it: apply what waits, and commit it once no other commit is under way."""
        await self._rest()
        if self._writing is not None and self._writing.done():
            await self._finish()
        if self._writing is None and self._silent_for() >= HEARTBEAT_SECONDS:
            await self._reach(self._journal.check())
        if not self._full():
            self._apply_all(self._gathering, self._take())
        if self._writing is None and self._gathering.items:
            self._write()

    async def settle(self) -> None:
        """Come back when everything that was applied is durable and told."""
        while self._writing is not None:
            await asyncio.wait([self._writing])
            await self.turn()

    async def leave(self) -> None:
        """Write nothing more."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)

    async def _rest(self) -> None:
        """Until there is something to apply, or a commit has ended.

        While nothing is being committed: at most until it must be seen that the floor is still ours. What is only read
        is never committed, and a process that stood still may have been replaced.
        """
        if self._writing is not None and self._full():
            await asyncio.wait([self._writing])
        if self._writing is not None and self._writing.done():
            return
        deadline = self._timers.next(self.state)
        seconds = HEARTBEAT_SECONDS - (self._silent_for() if self._writing is None else 0)
        await self._floor.rest(seconds if deadline is None else min(seconds, deadline - self._clock()))

    def _full(self) -> bool:
        """Whether nothing more is applied until the commit that is under way has ended."""
        if self._writing is None:
            return False
        return len(self._gathering.items) >= self._floor.batch or self._floor.status == "degraded"

    def _silent_for(self) -> float:
        return time.monotonic() - self._spoke_at

    def _take(self) -> list[Item]:
        waiting, items = self._floor.waiting, self._first()
        items += [Item(expire, None) for expire in self._timers.due(self.state, self._clock())]
        most = min(AT_ONCE, self._floor.batch - len(self._gathering.items))
        while waiting and len(items) < most:
            items.append(waiting.popleft())
        return items

    def _first(self) -> list[Item]:
        """What gives time to those who could not act, so it comes before any expiry."""
        waiting, items = self._floor.waiting, []
        while waiting and isinstance(waiting[0].command, TakeOver | Resumed):
            items.append(waiting.popleft())
        return items

    def _apply_all(self, round_: Round, items: list[Item]) -> None:
        now = self._clock()
        for item in items:
            round_.items.append(item)
            self._apply(round_, item, now)

    def _apply(self, round_: Round, item: Item, now: float) -> None:
        known = self._inbox.get(item.key) if item.key is not None else None
        name = type(item.command).__name__
        if known is not None:
            _count(name, "repeated")
            round_.repeat(item, known)
            return
        try:
            outcome = self.state.apply(item.command, now)
        except Exception as error:
            self._raised(round_, item, now, error)
            return
        _count(name, "applied" if outcome.answer.ok else "refused")
        round_.take(item, outcome, self.state, now)

    def _raised(self, round_: Round, item: Item, now: float, error: Exception) -> None:
        log.exception("a command raised; it left no trace", command=type(item.command).__name__, key=item.key)
        _count(type(item.command).__name__, "raised")
        item.fail(_failure("The command raised an unexpected error; nothing of it happened.", error))
        self._floor.settled([item])
        if isinstance(item.command, Expire):
            singly = self._timers.raised(item.command, self.state, now)
            self._apply_all(round_, [Item(expire, None) for expire in singly])

    def _write(self) -> None:
        """Close the round that gathers and commit it, while the next one gathers."""
        self._closed, self._gathering = self._gathering, Round()
        self.state.close_batch()
        if not self._closed.batch:
            self._settled(self._closed)
            return
        self._writing = begin("commit", self._commit(self._closed, self.state.seq))
        self._writing.add_done_callback(lambda _: self._floor.wake())

    async def _commit(self, round_: Round, seq: int) -> None:
        started = time.perf_counter()
        await self._reach(self._journal.commit(round_.batch, seq))
        COMMIT_SECONDS.observe(time.perf_counter() - started)
        BATCH_COMMANDS.observe(len(round_.items))
        if round_.batch.orders:
            self._floor.orders.put(round_.batch.orders)
            await asyncio.sleep(0)  # they leave before the frames are made: a phone rings as early as it can
        self._settled(round_)

    def _settled(self, round_: Round) -> None:
        """The round is durable: remember its answers, and tell."""
        self.state.settle_batch()
        for key, raw in ((row[:2], row[3]) for row in round_.batch.inbox):
            self._inbox.put(key, raw)
        try:
            round_.tell(self._floor.publisher)
        except Exception:  # no fault of the commit, which stands: whoever listens asks for what they did not hear
            log.exception("what has happened could not be told")
            self._floor.publisher.dismiss(TRY_LATER, "not everything could be told; resume")
        if round_.batch.asked:
            self._floor.errands.put(round_.batch.asked)
        round_.answer()
        self._floor.settled(round_.items)
        self._closed = Round()

    async def _finish(self) -> None:
        """See how the commit ended. Where the database refuses the round itself, find the command at fault."""
        writing, self._writing = self._writing, None
        assert writing is not None
        try:
            writing.result()
        except Fenced:
            raise
        except AlreadyAnswered as earlier:
            self.state.undo_batch()
            self._remember(earlier)
            self._give_back()
        except Exception:
            names = [type(item.command).__name__ for item in self._closed.items]
            log.exception("a batch could not be written", commands=names)
            self._again, self._closed = self._closed.items, Round()
            await self._recover()
            self._again[0:0] = self._first()
            self._give_back()
            await self._one_by_one()

    def _remember(self, earlier: AlreadyAnswered) -> None:
        for key, raw in earlier.answers.items():
            self._inbox.put(key, raw)

    def _give_back(self) -> None:
        """None of what was applied has happened: the commands wait again, before all others. What time did is found
        again by itself."""
        applied = [*self._first(), *self._closed.items, *self._gathering.items]
        self._floor.waiting.extendleft(item for item in reversed(applied) if not isinstance(item.command, Expire))
        self._closed, self._gathering = Round(), Round()

    async def _one_by_one(self) -> None:
        while self._again:
            self._closed = Round()
            self._apply_all(self._closed, [self._again.pop(0)])
            self.state.close_batch()
            try:
                await self._commit(self._closed, self.state.seq)
            except Fenced:
                raise
            except AlreadyAnswered as earlier:
                self.state.undo_batch()
                self._remember(earlier)
                self._again[0:0] = self._closed.items
            except Exception as error:
                log.exception("a command could not be written")
                failed = self._closed.items
                for item in failed:
                    item.fail(_failure("The command could not be written; nothing of it happened.", error))
                self._floor.settled(failed)
                await self._recover()
                self._again[0:0] = [*self._first(), *self._timers_of(failed)]
            self._closed = Round()

    def _timers_of(self, failed: list[Item]) -> list[Item]:
        """Each timer by itself, of those that could not be written together; one that was alone is set aside."""
        expired = [item.command for item in failed if isinstance(item.command, Expire)]
        now = self._clock()
        return [Item(each, None) for command in expired for each in self._timers.raised(command, self.state, now)]

    async def _reach(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something on the database; where that takes too long, those who wait are told to come back."""
        stall = asyncio.get_running_loop().call_later(STALL_SECONDS, lambda: self._floor.degrade(self.in_hand))
        try:
            await work
        finally:
            stall.cancel()
        self._spoke_at = time.monotonic()
        self._floor.restore()

    async def _recover(self) -> None:
        """Drop memory and read it anew: what was applied since the last commit never happened."""
        await self._reach(self._read_anew())

    async def _read_anew(self) -> None:
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
        self.state.begin_batch()


_counters: dict[tuple[str, str], Counter] = {}
"""Looked up once each: finding a counter by its labels costs as much as a tenth of applying a command."""


def _count(command: str, outcome: str) -> None:
    counter = _counters.get((command, outcome))
    if counter is None:
        counter = _counters[command, outcome] = COMMANDS.labels(command, outcome)
    counter.inc()


def _failure(detail: str, cause: Exception) -> CommandFailed:
    failure = CommandFailed(detail)
    failure.__cause__ = cause
    return failure
