"""A flow played in the terminal: what is heard is shown, keys are typed; from a pipe, a line each."""

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from app.cli.trouble import Trouble

if TYPE_CHECKING:
    from app.ivr.language.flow import Flow
    from app.ivr.rehearsal.played_call import Heard, Rehearsal
    from app.ivr.rehearsal.script_file import Given

KEYS = frozenset("0123456789*#")
HELP = "Type keys and Enter; words are said; an empty line waits; 'hang up' or Ctrl-D ends the call."
HANG_UP = ("hang up", "q", "quit", "exit")
COLOURS = {"flow": "bold", "caller": "cyan", "system": "dim"}


class Wishes(NamedTuple):
    """What is given on the command line, which goes before what a file gives."""

    caller: str | None
    customer: str | None
    tier: str | None
    language: str | None
    clock: str | None
    closed: tuple[str, ...]


def given_of(file: Path | None, wishes: Wishes) -> "Given":
    """What holds in the call. Raises ConversationsFaulty."""
    from pydantic import ValidationError

    from app.cli.flow_files import text_of
    from app.core.faults import of_model, placed, read_yaml
    from app.ivr.rehearsal.script_file import ConversationsFaulty, Given

    name = str(file) if file is not None else "What is given"
    refuse = partial(ConversationsFaulty, name)
    document = read_yaml(text_of(file) if file is not None else "{}", refuse)
    if document.faults or not isinstance(document.value, dict):
        raise Trouble(f"{name}: must be a mapping with {', '.join(Given.model_fields)}, each once.")
    try:
        return Given.model_validate(_with(document.value, wishes))
    except ValidationError as error:
        raise refuse(placed(of_model(error, Given), document.lines)) from error


def _with(given: dict[str, Any], wishes: Wishes) -> dict[str, Any]:
    customer = {"name": wishes.customer, "tier": wishes.tier, "language": wishes.language}
    told = {name: value for name, value in customer.items() if value is not None}
    if told:
        given["customer"] = (given.get("customer") or {}) | told
    for name in ("caller", "clock"):
        if getattr(wishes, name) is not None:
            given[name] = getattr(wishes, name)
    for name in wishes.closed:
        for kind in ("queues", "hours"):
            given[kind] = (given.get(kind) or {}) | {name: "closed"}
    return given


def converse(flow: "Flow", flows: "Mapping[str, Flow]", given: "Given") -> None:
    """One call, from the greeting until it ends or the person leaves."""
    from app.ivr.rehearsal.played_call import Impossible, Rehearsal

    tell = _teller()
    try:
        call = Rehearsal(flow, flows, given)
        shown = _show(call, 0, tell, call.start)
    except Impossible as impossible:
        raise Trouble(f"{impossible}.") from impossible
    if sys.stdin.isatty():
        sys.stderr.write(f"{HELP}\n")
    for typed in _typed(call):
        try:
            shown = _show(call, shown, tell, partial(_do, call, typed))
        except Impossible as impossible:
            sys.stderr.write(f"{str(impossible).capitalize()}.\n")
            if not sys.stdin.isatty():
                raise Trouble(f"{typed!r} was not possible: {impossible}.") from impossible


def line_of(it: "Heard") -> str:
    """What happened, as a line of text."""
    if it.who == "caller":
        return f"caller {it.text}"
    return f"{it.text}" if it.who == "system" else f"{it.language or '--':5} {it.text}"


def _show(call: "Rehearsal", shown: int, tell: "Callable[[Heard], None]", do: Callable[[], None]) -> int:
    try:
        do()
    finally:
        for each in call.heard[shown:]:
            tell(each)
    return len(call.heard)


def _typed(call: "Rehearsal") -> Iterator[str]:
    """Lines until the call is over; who leaves before hangs up."""
    while not call.over:
        line = _line(call)
        yield line.strip() if line else HANG_UP[0]


def _line(call: "Rehearsal") -> str:
    """What is typed, empty at the end of it; a secret is not shown while it is typed."""
    from getpass import getpass

    prompt = f"{call.node}> "
    if not sys.stdin.isatty():
        return sys.stdin.readline()
    if call.collecting is not None and call.collecting.secret:
        try:
            return getpass(prompt) + "\n"
        except EOFError:
            return ""
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return sys.stdin.readline()


def _do(call: "Rehearsal", typed: str) -> None:
    if typed.casefold() in HANG_UP:
        call.hang_up()
    elif not typed:
        call.wait()
    elif set(typed) <= KEYS:
        call.press(typed)
    else:
        call.say(typed)


def _teller() -> "Callable[[Heard], None]":
    """Writes lines; with colours where it is a terminal."""
    if not sys.stdout.isatty():
        return lambda it: print(line_of(it), flush=True)
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    return lambda it: console.print(Text(line_of(it), style=COLOURS[it.who]))
