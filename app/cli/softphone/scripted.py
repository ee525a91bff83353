r"""The terminal agent without a terminal: commands as lines, one after the other, each when it makes sense.

printf 'ready\naccept\nwait 10\nhang-up\nwrap-up other Thanks\n' | callfloor agent --as mei
"""

import asyncio
import sys
import threading
from collections.abc import Callable
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

from app.cli.softphone import wishes
from app.cli.softphone.drawing import how_it_stands
from app.cli.softphone.seat import Seat
from app.cli.softphone.wishes import Command, NotNow, why
from app.cli.trouble import Trouble
from app.core import clock
from app.demo.client.desk import Desk, Pop
from app.demo.view.pop import pop_card

LONGEST_WAIT = 86_400


class Order(NamedTuple):
    """A line's first word: when it makes sense, and what it wishes with the rest of the line."""

    makes_sense: Callable[[Desk], bool]
    wish: Callable[[Desk, str], Command]


def _connected(desk: Desk) -> bool:
    return desk.call is not None and desk.contacts.get(desk.call, {}).get("state") == "active"


def _is_held(desk: Desk) -> bool:
    return _connected(desk) and bool(desk.contacts[desk.call or ""].get("held"))


def _wrap_up(desk: Desk, rest: str) -> Command:
    code, _, note = rest.partition(" ")
    return wishes.wrap_up(desk, code, note)


ORDERS = {
    "ready": Order(lambda desk: not desk.call and not desk.offer, lambda desk, _: wishes.ready(desk)),
    "not-ready": Order(lambda desk: not desk.call, wishes.not_ready),
    "accept": Order(lambda desk: desk.offer is not None, lambda desk, _: wishes.accept(desk)),
    "decline": Order(lambda desk: desk.offer is not None, lambda desk, _: wishes.decline(desk)),
    "hold": Order(lambda desk: _connected(desk) and not _is_held(desk), lambda desk, _: wishes.hold_or_retrieve(desk)),
    "retrieve": Order(_is_held, lambda desk, _: wishes.hold_or_retrieve(desk)),
    "hang-up": Order(_connected, lambda desk, _: wishes.hang_up(desk)),
    "transfer": Order(_connected, wishes.transfer),
    "call": Order(lambda desk: not desk.call and not desk.offer, wishes.dial),
    "wrap-up": Order(lambda desk: desk.wrap_up is not None, _wrap_up),
}


class Script:
    """Carries out lines at a seat and prints what happens; each line waits up to `patience` seconds for its moment."""

    def __init__(self, seat: Seat, console: Console, patience: float) -> None:
        self._seat = seat
        self._console = console
        self._patience = patience
        self._news = asyncio.Event()

    async def watch(self) -> None:
        """Follow the frames, printing states and screen pops."""
        while True:
            frame = await self._seat.take_next()
            self._news.set()
            self._tell(frame)

    async def run(self) -> None:
        """Carry out the lines of standard input until it ends or says quit. Raises `Trouble` when a line's moment
        does not come."""
        await self._until(lambda desk: desk.up, "connect")
        lines = _lines()
        while (line := await lines.get()) is not None:
            word, _, rest = line.strip().partition(" ")
            if word == "quit":
                return
            if word:
                await self._carry_out(word, rest.strip())

    async def _carry_out(self, word: str, rest: str) -> None:
        if word == "wait":
            await asyncio.sleep(waits(rest))
            return
        order = ORDERS.get(word)
        if order is None:
            raise Trouble(f"{word!r} is not known here; try {', '.join(ORDERS)}, wait SECONDS or quit.")
        await self._until(order.makes_sense, word)
        try:
            command = order.wish(self._seat.desk, rest)
        except NotNow as refusal:
            raise Trouble(f"{word}: {refusal}") from refusal
        answer = await self._seat.ask(command)
        said = "ok" if answer.get("ok") else f"refused: {why(answer)}"
        self._console.print(f"{word}: {said}", soft_wrap=True)

    async def _until(self, condition: Callable[[Desk], bool], word: str) -> None:
        try:
            async with asyncio.timeout(self._patience):
                while not condition(self._seat.desk):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            state = self._seat.desk.agent.get("state", "not connected")
            raise Trouble(f"{word}: its moment did not come within {self._patience:.0f} s ({state}).") from None

    def _tell(self, frame: dict[str, object]) -> None:
        desk = self._seat.desk
        if frame["type"] in ("agent.state", "welcome"):
            reason = desk.agent.get("reason")
            self._console.print(f"state: {desk.agent['state']}" + (f" ({reason})" if reason else ""))
        elif self._seat.news and frame["type"] not in ("link.up", "contact.updated"):
            self._console.print(self._seat.news[-1], soft_wrap=True)
        if frame["type"] == "contact.offered" and desk.present is not None:
            pop = desk.pops.get(desk.present["id"], Pop())
            state: Text = how_it_stands(desk, desk.present, pop, clock.now())
            self._console.print(pop_card(desk.present, pop, state))


def waits(text: str) -> float:
    """The seconds of a `wait`. Raises Trouble."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= LONGEST_WAIT:
        raise Trouble(f"wait needs seconds, 0 to {LONGEST_WAIT:,}, not {text!r}.")
    return seconds


def _lines() -> "asyncio.Queue[str | None]":
    """The lines of standard input, None at its end; read by a thread, since a file cannot be waited for."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[str | None]()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(queue.put_nowait, line)
        loop.call_soon_threadsafe(queue.put_nowait, None)

    threading.Thread(target=read, name="lines", daemon=True).start()
    return queue
