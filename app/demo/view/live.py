"""The live view of the demo, drawn from the picture of the floor. Pure: the same picture, the same drawing."""

from typing import Any, NamedTuple

from rich import box
from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from app.demo.view.model import FloorPicture, ScreenPop
from app.demo.view.palette import BAD, BRIGHT, DIM, FRAME, GOOD, WARN
from app.demo.view.words import (
    STATE_COLOURS,
    STATE_MARKS,
    STATE_WORDS,
    TIER_NAMES,
    TIER_RANKS,
    again,
    caller_name,
    local_time,
    queue_name,
    span,
    tier_colour,
    why_sentence,
)

STEPS = " ▁▂▃▄▅▆▇█"
DOTS_SHOWN = 14
AGENT_COLUMNS = 3
SMALL_WIDTH = 100
SMALL_HEIGHT = 28
BRIGHT_POPS = 8


class PopColumn(NamedTuple):
    """A column of the screen pops; a spare one is left out on a small screen."""

    title: str
    ratio: int | None = None
    spare: bool = False


POP_COLUMNS = (
    PopColumn("at"),
    PopColumn("caller", 3),
    PopColumn("tier"),
    PopColumn("queue", spare=True),
    PopColumn("agent", 2),
    PopColumn("why this agent", 5),
)


class Signs(NamedTuple):
    """What the view tells the reader to type: addresses and the command of the terminal agent."""

    url: str
    agent_command: str
    password: str
    server_pid: int | None = None
    carrier: str | None = None
    """What carries the calls, where that is not the simulated platform."""


def draw(picture: FloorPicture, signs: Signs, now: float, width: int, height: int) -> RenderableType:
    """The whole screen. A small one leaves out the agents' names and the least interesting columns."""
    small = width < SMALL_WIDTH or height < SMALL_HEIGHT
    queues = max(len(picture.queues), 4)
    rows = queues + (5 if small else max(4, -(-len(picture.agents) // AGENT_COLUMNS) + 4 - queues))
    layout = Layout()
    layout.split_column(
        Layout(_head(picture, signs, now), size=2),
        Layout(name="floor", size=rows),
        Layout(_pops(picture, max(1, height - rows - 10), small), name="pops"),
        Layout(_foot(picture, signs, now), size=6),
    )
    if small:
        layout["floor"].update(_queues(picture, _summary(picture)))
    else:
        layout["floor"].split_row(Layout(_queues(picture, _legend()), ratio=5), Layout(_agents(picture), ratio=6))
    return layout


def _panel(content: RenderableType, title: str) -> Panel:
    return Panel(content, title=Text(title, style=DIM), title_align="left", border_style=FRAME, box=box.ROUNDED)


def _head(picture: FloorPicture, signs: Signs, now: float) -> RenderableType:
    state = Text("● live", style=GOOD)
    if not picture.up:
        state = Text("○ the server is away; everybody reconnects by themselves", style=BAD)
    elif picture.degraded:
        state = Text("◐ the database is away; the floor waits for it", style=WARN)
    left = Text.assemble(("  Callfloor", f"bold {BRIGHT}"), ("  demo bank   ", DIM), state)
    right = Text.assemble((span(now - picture.started_at), BRIGHT), ("   event ", DIM), (f"{picture.seq:,}  ", BRIGHT))
    grid = Table.grid(expand=True)
    grid.add_column()
    grid.add_column(justify="right")
    grid.add_row(left, right)
    return grid


def _queues(picture: FloorPicture, below: Text) -> RenderableType:
    table = Table(box=None, expand=True, header_style=DIM, pad_edge=False)
    table.add_column("queue", no_wrap=True, style=BRIGHT)
    table.add_column("waiting", no_wrap=True, ratio=1, min_width=8)
    table.add_column("longest", justify="right", no_wrap=True, min_width=5)
    table.add_column("talking", justify="right", no_wrap=True)
    for queue in picture.queues:
        longest = queue["longest_wait_seconds"]
        table.add_row(
            queue["name"],
            _dots(picture.waiting(queue["id"])),
            Text(span(longest) if queue["waiting"] else "–", style=_urgency(longest)),
            Text(str(queue["active"]), style=STATE_COLOURS["busy"] if queue["active"] else DIM),
        )
    return _panel(Group(table, Text(), below), "Queues")


def _legend() -> Text:
    """What the colours of the dots mean."""
    tiers = (Text.assemble(("● ", tier_colour(tier)), (name, DIM)) for tier, name in TIER_NAMES.items())
    return _one_line(Text("  ").join(tiers))


def _one_line(text: Text) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _dots(waiting: list[dict[str, Any]]) -> Text:
    """One dot a waiting caller, in the colour of their tier; a half one is just being offered."""
    dots = Text()
    for contact in waiting[:DOTS_SHOWN]:
        dots.append("◐" if contact["state"] == "offered" else "●", style=tier_colour(contact.get("tier")))
    if len(waiting) > DOTS_SHOWN:
        dots.append(f" +{len(waiting) - DOTS_SHOWN}", style=WARN)
    return dots


def _urgency(seconds: float) -> str:
    return BAD if seconds > 60 else WARN if seconds > 20 else DIM


def _summary(picture: FloorPicture) -> Text:
    """How many agents are in which state."""
    counts = picture.by_state()
    return _one_line(
        Text("  ").join(
            Text.assemble((f"{STATE_MARKS[state]} ", STATE_COLOURS[state]), (f"{counts[state]} {word}", DIM))
            for state, word in STATE_WORDS.items()
            if counts[state]
        )
    )


def _agents(picture: FloorPicture) -> RenderableType:
    grid = Table.grid(expand=True, padding=(0, 1))
    for _ in range(AGENT_COLUMNS):
        grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    names = [_agent(agent) for agent in picture.agents]
    rows = -(-len(names) // AGENT_COLUMNS)
    for row in range(rows):
        grid.add_row(*names[row::rows])
    return _panel(Group(_summary(picture), Text(), grid), "Agents")


def _agent(agent: dict[str, Any]) -> Text:
    state = str(agent["state"])
    name = Text(f"{STATE_MARKS.get(state, '?')} ", style=STATE_COLOURS.get(state, DIM))
    style = DIM if state in ("logged_off", "not_ready") else BRIGHT
    name.append(agent["name"], style=style)
    if state == "not_ready" and agent.get("reason"):
        name.append(f" {str(agent['reason']).replace('_', ' ')}", style=DIM)
    return name


def _pops(picture: FloorPicture, rows: int, small: bool) -> RenderableType:
    table = Table(box=None, expand=True, header_style=DIM, pad_edge=False)
    shown = [place for place, column in enumerate(POP_COLUMNS) if not (small and column.spare)]
    for place in shown:
        column = POP_COLUMNS[place]
        table.add_column(column.title, ratio=column.ratio, no_wrap=True, overflow="ellipsis")
    for place, pop in enumerate(list(picture.pops)[:rows]):
        cells = _pop(pop)
        table.add_row(*(cells[place] for place in shown), style=None if place < BRIGHT_POPS else "dim")
    first = Text("The first caller is on the way…", style=DIM)
    return _panel(table if picture.pops else first, "Last screen pops")


def _pop(pop: ScreenPop) -> list[Text]:
    tier = pop.contact.get("tier")
    caller = Text(caller_name(pop.contact), style=_name_style(pop.contact.get("customer"), tier))
    return [
        Text(local_time(pop.at), style=DIM),
        caller,
        Text(TIER_NAMES.get(tier or "", "–"), style=tier_colour(tier)),
        Text(queue_name(pop.contact.get("queue")), style=DIM),
        Text(pop.agent, style=BRIGHT),
        Text(why_sentence(pop.why) + again(pop.why), style=DIM),
    ]


def _name_style(customer: dict[str, Any] | None, tier: str | None) -> str:
    """Strangers are dim, customers bright, those of a higher tier in its colour."""
    if not customer:
        return DIM
    return f"bold {tier_colour(tier)}" if TIER_RANKS.get(tier or "", 0) > 1 else BRIGHT


def _foot(picture: FloorPicture, signs: Signs, now: float) -> RenderableType:
    done = picture.outcomes
    calls = Text.assemble(
        ("calls ", DIM), (f"{picture.offered}", BRIGHT), ("  answered ", DIM), (f"{picture.answered}", GOOD),
        ("  gave up ", DIM), (f"{done['abandoned']}", WARN if done["abandoned"] else DIM),
        ("  screen pops ", DIM), (f"{picture.popped}", BRIGHT),
        ("  last minute ", DIM), (f"{picture.calls_a_minute(now)} ", BRIGHT),
        (_spark(picture.bars(now)), STATE_COLOURS["busy"]),
    )  # fmt: skip
    typed = Text.assemble(
        ("join in  ", DIM),
        (signs.agent_command, f"bold {BRIGHT}"),
        ("   password ", DIM),
        (signs.password, BRIGHT),
    )
    look = Text.assemble(("API  ", DIM), (f"{signs.url}/docs", BRIGHT), ("   stop  ", DIM), ("Ctrl-C", BRIGHT))
    if signs.server_pid is not None:
        look.append("   try  ", style=DIM)
        look.append(f"kill -9 {signs.server_pid}", style=BRIGHT)
        look.append(" and watch nothing get lost", style=DIM)
    lines = (calls, _wire(picture.platform, signs.carrier), Text(), typed, look)
    return Padding(Group(*map(_one_line, lines)), (0, 2))


def _wire(figures: dict[str, int], carrier: str | None) -> Text:
    """How untidy the platform's wire was, and what the floor was told nonetheless; or what real switch there is."""
    if carrier is not None:
        return Text(carrier, style=DIM)
    line = Text("webhooks ", style=DIM)
    line.append(f"{figures.get('delivered', 0):,}", style=BRIGHT)
    for name in ("repeated", "late", "unknown", "retried", "refused"):
        if name != "refused" or figures.get(name):
            line.append(f"  {name} ", style=DIM)
            line.append(str(figures.get(name, 0)), style=BAD if name == "refused" else DIM)
    line.append("  switch commands ", style=DIM)
    line.append(str(figures.get("commands", 0)), style=BRIGHT)
    return line


def _spark(bars: list[int]) -> str:
    top = max(*bars, 1)
    return "".join(STEPS[round(bar / top * (len(STEPS) - 1))] for bar in bars)
