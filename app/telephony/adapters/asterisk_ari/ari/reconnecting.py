"""Staying connected to one Asterisk: again and again, ever more slowly, and elsewhere once its address has changed."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from app.core.clock import Clock
from app.core.errors import CallfloorError
from app.core.tasks import begin
from app.telephony.adapters.asterisk_ari.ari.connection import Access, SwitchAway, SwitchUnusable
from app.telephony.adapters.asterisk_ari.ari.retrying import pause_before

log = structlog.get_logger(__name__)

STEADY_SECONDS = 5.0
"""A connection that has lasted for so long was a good one: after it we are quick to try again."""


class Link:
    """`connect` connects, calls `made`, and stays until it raises why that is over. `left` is told after each attempt
    whether there was a connection."""

    def __init__(
        self,
        source: str,
        access: Access,
        clock: Clock,
        connect: Callable[[Access], Awaitable[None]],
        left: Callable[[bool], None],
    ) -> None:
        self.access = access
        self.trouble: str | None = None
        self.away_since = clock()
        self._source = source
        self._clock = clock
        self._connect = connect
        self._left = left
        self._made_at: float | None = None
        self._trying: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()

    async def run(self) -> None:
        """Keep connected, until cancelled."""
        attempt = 0
        while True:
            self._moved.clear()
            self._made_at = None
            error = await self._until_away()
            if self._made_at is not None:
                steady = self._clock() - self._made_at > STEADY_SECONDS
                attempt, self.away_since = 0 if steady else attempt, self._clock()
            self._note(error)
            self._left(self._made_at is not None)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_before(error, attempt)):
                    await self._moved.wait()
            attempt += 1

    def made(self) -> None:
        """There is a connection."""
        self._made_at, self.trouble = self._clock(), None

    def move(self, access: Access) -> None:
        """Leave the connection, or the attempt at one, and connect there."""
        self.access = access
        self._moved.set()
        if self._trying is not None:
            self._trying.cancel()

    async def _until_away(self) -> CallfloorError:
        """Connect, and stay so; gives why that is over."""
        self._trying = trying = begin(f"connection to {self._source}", self._tried())
        try:
            await asyncio.wait([trying])
        finally:
            trying.cancel()
            await asyncio.gather(trying, return_exceptions=True)
        error = None if trying.cancelled() else trying.exception()
        if error is None:
            return SwitchAway(f"Asterisk {self._source} is configured anew.")
        if isinstance(error, SwitchAway | SwitchUnusable):
            return error
        # a fault of ours must not leave the switch alone for good
        log.error("the connection to an Asterisk failed", source=self._source, exc_info=error)
        return SwitchAway(f"Asterisk {self._source}: {error!r}; the log of the server tells more.")

    async def _tried(self) -> None:
        await self._connect(self.access)

    def _note(self, error: CallfloorError) -> None:
        if self.trouble != error.detail:
            self.trouble = error.detail
            log.warning("no connection to an Asterisk", source=self._source, detail=error.detail)
