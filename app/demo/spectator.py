"""Looks on as a supervisor does, over the public socket and the public API, and keeps the picture of the floor."""

import asyncio
from contextlib import suppress

import httpx

from app.core import clock
from app.core.tasks import Supervisor
from app.demo.client.account import Account, Away
from app.demo.client.link import Link
from app.demo.view.model import FloorPicture

LOOK_SECONDS = 1.0
QUIET_SECONDS, PATIENCE, LONGEST = 0.5, 10.0, 60.0


class Spectator:
    """Keeps `picture` up to date. `figures` is where the simulated platform tells its own, if it is that."""

    def __init__(self, account: Account, client: httpx.AsyncClient, figures: str | None) -> None:
        self.picture = FloorPicture(clock.now())
        self._account = account
        self._client = client
        self._figures = figures
        self._link = Link(account, "/ws/floor")
        self._up = asyncio.Event()

    def start(self, tasks: Supervisor) -> None:
        """Begin to look."""
        tasks.start("spectator's link", self._link.run())
        tasks.start("spectator's frames", self._take_frames())
        tasks.start("spectator's looks", self._look_again_and_again())

    async def up(self) -> None:
        """Come back once it is told of everything that happens, or after a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._up.wait()

    async def look(self) -> None:
        """Look once more at the floor and the platform; what does not answer stays as it was."""
        with suppress(Away):
            self.picture.look(await self._account.get("/api/v1/floor"))
        if self._figures is not None:
            with suppress(httpx.TransportError):
                self.picture.hear((await self._client.get(self._figures)).json())

    async def catch_up(self) -> None:
        """Come back when nothing more has come for a moment, and no call is on or none will end any more: on a busy
        machine calls end later than phones hang up, and frames are told later still."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST):
                seen, quiet = self.picture.seq, 0.0
                while quiet < (PATIENCE if self.picture.calls_are_on() else QUIET_SECONDS):
                    await asyncio.sleep(QUIET_SECONDS)
                    await self.look()
                    quiet = quiet + QUIET_SECONDS if seen == self.picture.seq else 0.0
                    seen = self.picture.seq

    async def _take_frames(self) -> None:
        while True:
            self.picture.take(await self._link.frames.get(), clock.now())
            if self.picture.up:
                self._up.set()

    async def _look_again_and_again(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)
