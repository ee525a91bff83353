"""A socket after its welcome: one task reads, one works off the commands, one writes, one watches.

Whichever ends first ends the conversation. Reading never waits for a commit, so a slow floor does not make a client
look silent; writing never waits for anything but the client.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

import msgspec

from app.api.http.services import FloorStatus
from app.api.sockets import told
from app.api.sockets.admission import Admission
from app.api.sockets.asked import Ask, BadFrame, Frame, Hello, Ping, Reader, Renew
from app.api.sockets.line import PROTOCOL_ERROR, Close, Line
from app.core.errors import CallfloorError, Invalid, Unavailable
from app.floor.service import NOT_OWNED
from app.realtime.hub import UNNUMBERED, Subscription

OUTSTANDING_LIMIT = 64

SOONEST = 0.75
"""The part of its time after which a ping may come. Sockets that were opened together, as all are after a restart,
would else be pinged together for as long as they are open, and whoever calls at such a moment would wait for that."""


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of a socket; seconds, and a number of faulty frames in a row. `grace` comes after a token's end."""

    hello: float = 5.0
    begin: float = 15.0
    ping: float = 15.0
    silence: float = 45.0
    grace: float = 5.0
    bad_frames: int = 20

    def until_ping(self) -> float:
        """Seconds until the next ping: `ping` at most, and not the same for all."""
        return self.ping * random.uniform(SOONEST, 1.0)  # noqa: S311 - no secret


class Conversation:
    """Runs until the client is gone, or raises why it has to be closed. `since` is the welcome's sequence number."""

    def __init__(
        self,
        line: Line,
        subscription: Subscription,
        *,
        reader: Reader,
        answer: Callable[[Ask], Awaitable[bytes]],
        status: Callable[[], FloorStatus],
        admission: Admission,
        since: int,
        timing: Timing,
    ) -> None:
        self._line = line
        self._subscription = subscription
        self._reader = reader
        self._answer = answer
        self._status = status
        self._admission = admission
        self._since = since
        self._timing = timing
        self._asked: asyncio.Queue[Ask] = asyncio.Queue(OUTSTANDING_LIMIT)

    async def run(self) -> None:
        """Talk until the end. Raises `Gone`, `Close`, `TooSlow` or `Dismissed`, whichever came first."""
        try:
            async with asyncio.TaskGroup() as group:
                for part in self._parts():
                    group.create_task(part)
        except BaseExceptionGroup as ended:
            raise ended.exceptions[0] from None

    def _parts(self) -> tuple[Coroutine[Any, Any, None], ...]:
        return self._read(), self._work(), self._write(), self._watch()

    async def _read(self) -> None:
        bad = 0
        while True:
            text = await self._line.receive()
            try:
                self._take(self._reader.read(text))
                bad = 0
            except BadFrame as error:
                bad += 1
                if bad > self._timing.bad_frames:
                    raise Close(PROTOCOL_ERROR, f"more than {self._timing.bad_frames} faulty frames in a row") from None
                self._subscription.put(told.refused(error.request, error))

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, Ask):
            self._queue(frame)
        elif isinstance(frame, Ping):
            self._subscription.put(told.pong(frame.id))
        elif isinstance(frame, Renew):
            self._renew(frame)
        elif isinstance(frame, Hello):
            raise BadFrame(Invalid("This socket has said hello already; open another one.", faults=[]), frame.id)

    def _renew(self, frame: Renew) -> None:
        try:
            self._admission.renew(frame.token)
        except CallfloorError as error:
            self._subscription.put(told.refused(frame.id, error))
        else:
            self._subscription.put(told.renewed(frame.id, self._admission.principal.expires_at))

    def _queue(self, ask: Ask) -> None:
        try:
            self._asked.put_nowait(ask)
        except asyncio.QueueFull:
            busy = Unavailable(f"More than {OUTSTANDING_LIMIT} commands wait for their answers; send it again later.")
            self._subscription.put(told.refused(ask.id, busy))

    async def _work(self) -> None:
        while True:
            self._subscription.put(await self._answer(await self._asked.get()))

    async def _write(self) -> None:
        while True:
            seq, frame = await self._subscription.get()
            if seq == UNNUMBERED or seq > self._since:
                await self._line.send(frame)

    async def _watch(self) -> None:
        """Ping in time, and notice silence, the token's end, a lost floor, and a queue that overflows while a frame
        waits to be sent."""
        timing = self._timing
        to_ping = timing.until_ping()
        while True:
            pause = max(0.0, min(to_ping, timing.silence - self._line.silent_for, self._admission.left))
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._subscription.ended()
            to_ping -= pause
            if self._line.silent_for >= timing.silence:
                raise Close(PROTOCOL_ERROR, f"nothing heard for {timing.silence:g} seconds")
            self._admission.check()
            if self._status() == "standby":
                raise Close(NOT_OWNED, "another process owns the floor")
            if to_ping <= 0:
                self._subscription.put(told.PING)
                to_ping = timing.until_ping()
