"""The terminal agent's screen. Pure: the same desk, the same drawing."""

from datetime import datetime
from typing import Any, NamedTuple

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from app.cli.softphone.dialogue import KEYS, Dialogue
from app.demo.client.desk import Desk, Pop
from app.demo.view.palette import BAD, BRIGHT, DIM, GOOD, WARN
from app.demo.view.pop import pop_card
from app.demo.view.words import STATE_COLOURS, STATE_MARKS, STATE_WORDS, span

MARGIN = 1
HINTS = {
    "logged_off": "You are logged off.",
    "not_ready": "You are away. Press r to take calls.",
    "ready": "Waiting for a caller…",
    "working_after_call": "",
}


def draw(
    desk: Desk, dialogue: Dialogue, news: list[Text], now: float, hints: dict[str, str], height: int | None = None
) -> RenderableType:
    """The whole screen. `news` are the last messages; `hints` tell what may be answered to a question. On one of fewer
    lines than all of it takes (`height`) the card ends early: what is asked, and by which keys, is always there."""
    below = Group(Text(), *news, Text(), _foot(desk, dialogue, hints))
    room = None if height is None else height - 2 * MARGIN
    return Padding(_Fitted(Group(_head(desk, now), Text()), _middle(desk, now), below, room), (MARGIN, 2))


class _Fitted(NamedTuple):
    """Three parts below each other, in so many lines; where these are too few the middle ends early."""

    above: RenderableType
    middle: RenderableType
    below: RenderableType
    height: int | None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        above, middle, below = (console.render_lines(part, options) for part in self[:3])
        if self.height is not None and (room := self.height - len(above) - len(below)) < len(middle):
            cut = console.render_lines(Text("… a higher window shows the rest", style=DIM), options)
            middle = [*middle[: max(0, room - 1)], *cut]
        for line in (*above, *middle, *below):
            yield from line
            yield Segment.line()


def _head(desk: Desk, now: float) -> RenderableType:
    state = str(desk.agent.get("state", "logged_off"))
    colour = STATE_COLOURS.get(state, DIM)
    left = Text.assemble(
        (f"{STATE_MARKS.get(state, '·')} ", colour), (str(desk.agent.get("name", "")), f"bold {BRIGHT}")
    )
    left.append(f"   {STATE_WORDS.get(state, state)}", style=colour)
    if state == "not_ready" and desk.agent.get("reason"):
        left.append(f", {str(desk.agent['reason']).replace('_', ' ')}", style=DIM)
    if desk.agent.get("since"):
        left.append(f"   {span(now - _instant(desk.agent['since']))}", style=DIM)
    line = Text("● connected", style=GOOD)
    if not desk.up:
        line = Text("○ the line is down; coming back", style=BAD)
    elif desk.degraded:
        line = Text("◐ the server cannot save at the moment", style=WARN)
    grid = Table.grid(expand=True)
    grid.add_column()
    grid.add_column(justify="right")
    grid.add_row(left, line)
    return grid


def _middle(desk: Desk, now: float) -> RenderableType:
    contact = desk.present
    if contact is None:
        return Text(HINTS.get(str(desk.agent.get("state")), ""), style=DIM)
    pop = desk.pops.get(contact["id"], Pop())
    return pop_card(contact, pop, how_it_stands(desk, contact, pop, now))


def how_it_stands(desk: Desk, contact: dict[str, Any], pop: Pop, now: float) -> Text:
    """What is the matter with the present contact, and how long that may last."""
    if desk.offer == contact["id"]:
        left = _instant(pop.expires_at) - now if pop.expires_at else 0.0
        return Text(f"ringing, {span(left)} left", style=f"bold {WARN}")
    if desk.wrap_up == contact["id"]:
        until = desk.agent.get("wrap_up_until")
        rest = f", {span(_instant(until) - now)} left" if until else ""
        return Text(f"after-call work{rest}", style=STATE_COLOURS["working_after_call"])
    if contact.get("state") != "active":
        return Text("your phone rings…", style=WARN)
    talking = Text("on hold" if contact.get("held") else "talking", style=WARN if contact.get("held") else GOOD)
    return talking.append(f"  {span(now - _instant(desk.agent['since']))}", style=DIM)


def _foot(desk: Desk, dialogue: Dialogue, hints: dict[str, str]) -> RenderableType:
    if dialogue.question is not None:
        asks = dialogue.question.asks
        typed = Text.assemble((f"{asks} ", WARN), (dialogue.typed, BRIGHT), ("▏", WARN))
        if not dialogue.typed and dialogue.question.otherwise:
            typed.append(f" {dialogue.question.otherwise}", style=DIM)
        return Group(typed, Text(f"{hints.get(asks, '')}   Enter to go on, Esc to leave it".strip(), style=DIM))
    keys = Text(no_wrap=True, overflow="ellipsis")
    for key in KEYS:
        fits = key.fits(desk)
        keys.append(f" {key.letter} ", style=f"bold reverse {BRIGHT}" if fits else DIM)
        keys.append(f" {key.label} ", style=BRIGHT if fits else DIM)
    keys.append(" q ", style=f"bold reverse {BRIGHT}").append(" quit", style=BRIGHT)
    return Group(keys, Text(dialogue.said, style=WARN))


def _instant(told: str) -> float:
    return datetime.fromisoformat(told).timestamp()
