"""Plays the demo on the terminal: a live view where there is one, plain lines into a pipe or file."""

import asyncio
from collections.abc import Callable

from rich.console import Console
from rich.live import Live
from rich.text import Text

from app.core import clock
from app.demo.bank import PASSWORD
from app.demo.cast import DemoPlan
from app.demo.stage import Stage
from app.demo.view.lines import status_line, summary
from app.demo.view.live import Signs, draw
from app.demo.view.model import FloorPicture
from app.demo.view.palette import BRIGHT, DIM, GOOD

REDRAW_SECONDS = 0.25
LINE_SECONDS = 5.0
Pid = Callable[[], int | None]


def play_on(plan: DemoPlan, agent_command: str) -> None:
    """Play `plan` to its end. `agent_command` is what a person types to take calls themselves."""
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(Text.assemble(("Callfloor", f"bold {BRIGHT}"), ("  the demo bank opens…", DIM)))

    def tell(part: str, word: str) -> None:
        console.print(Text.assemble(("✓ ", GOOD), (f"{part:<10}", BRIGHT), (word, DIM)), soft_wrap=True)

    async def draw_live(picture: FloorPicture, carrier: str | None, server: Pid) -> None:
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                signs = Signs(plan.url, agent_command, PASSWORD, server(), carrier)
                live.update(draw(picture, signs, clock.now(), *console.size), refresh=True)
                await asyncio.sleep(REDRAW_SECONDS)

    async def write_lines(picture: FloorPicture, carrier: str | None, server: Pid) -> None:
        console.print(f"join as an agent: {agent_command} (password {PASSWORD})   stop: Ctrl-C", soft_wrap=True)
        while True:
            await asyncio.sleep(LINE_SECONDS)
            console.print(status_line(picture, clock.now()), soft_wrap=True)

    async def play() -> str:
        result = await Stage(plan, tell, draw_live if console.is_terminal else write_lines).play()
        return summary(result) if result is not None else "Stopped before all of it stood."

    console.print(asyncio.run(play()), soft_wrap=True)
    console.print(f"The data stays in {plan.folder}; the next start goes on with it.", soft_wrap=True)
