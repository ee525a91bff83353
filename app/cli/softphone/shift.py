"""One person's shift from signing in to logging off, on a terminal or from a script."""

import asyncio
from contextlib import suppress

from rich.console import Console
from rich.live import Live

from app.cli.softphone.dialogue import Dialogue
from app.cli.softphone.drawing import draw
from app.cli.softphone.keyboard import keyboard
from app.cli.softphone.scripted import Script
from app.cli.softphone.seat import Seat, client
from app.cli.softphone.wishes import Command
from app.core import clock
from app.core.tasks import Supervisor
from app.demo.client.account import Account
from app.demo.lifeline import stop_asked

REDRAW_SECONDS = 0.5
GOODBYE_SECONDS = 2.0


class Shift:
    """Signs in, works until the person quits or a signal comes, logs off."""

    def __init__(self, url: str, login: str, password: str, patience: float) -> None:
        self._url = url
        self._login = login
        self._password = password
        self._patience = patience
        self._stop = asyncio.Event()
        self._trouble: list[BaseException] = []
        self._console = Console(highlight=False)

    async def work(self, on_terminal: bool) -> None:
        """Work. Raises what hinders it: refused sign-in, nobody at the address, a script that cannot go on."""
        async with client() as http:
            account = Account(http, self._url, self._login, self._password)
            await account.token()  # a wrong password or address is said before anything is drawn
            tasks = Supervisor(self._died)
            seat = Seat(account, tasks)
            seat.start()
            with stop_asked() as self._stop:
                tasks.start("shift", self._at_terminal(seat, tasks) if on_terminal else self._from_script(seat, tasks))
                await self._stop.wait()
                await self._log_off(seat)
            await tasks.stop()
        if self._trouble:
            raise self._trouble[0]

    async def _at_terminal(self, seat: Seat, tasks: Supervisor) -> None:
        dialogue, changed = Dialogue(seat.desk), asyncio.Event()
        with keyboard() as keys, Live(console=self._console, screen=True, auto_refresh=False) as live:
            tasks.start("frames", self._follow(seat, changed))
            tasks.start("keys", self._type(seat, dialogue, keys, changed))
            while not self._stop.is_set():
                lines = self._console.height
                live.update(draw(seat.desk, dialogue, list(seat.news), clock.now(), seat.hints, lines), refresh=True)
                changed.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), REDRAW_SECONDS)

    async def _follow(self, seat: Seat, changed: asyncio.Event) -> None:
        while True:
            frame = await seat.take_next()
            if frame["type"] == "contact.offered":
                self._console.bell()
            changed.set()

    async def _type(self, seat: Seat, dialogue: Dialogue, keys: "asyncio.Queue[str]", changed: asyncio.Event) -> None:
        while not dialogue.quitting:
            command = dialogue.press(await keys.get())
            if command is not None:
                seat.give(command)
            changed.set()
        self._stop.set()

    async def _from_script(self, seat: Seat, tasks: Supervisor) -> None:
        script = Script(seat, self._console, self._patience)
        tasks.start("frames", script.watch())
        await script.run()
        self._stop.set()

    async def _log_off(self, seat: Seat) -> None:
        """Leave the floor; somebody who is still talking stays on the call, and the floor knows what to do."""
        if seat.link.up:
            with suppress(TimeoutError):
                await asyncio.wait_for(seat.ask(Command("agent.log_off", {})), GOODBYE_SECONDS)

    def _died(self, name: str, error: BaseException) -> None:
        self._trouble.append(error)
        self._stop.set()
