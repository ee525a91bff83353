"""`callfloor agent`: a person takes calls in a terminal."""

import sys
from typing import Annotated

import typer

from app.cli.trouble import Trouble

DEFAULT_URL = "http://127.0.0.1:8080"


def add_to(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    commands.command()(agent)


def agent(
    login: Annotated[str, typer.Option("--as", metavar="NAME", help="Your login.")],
    url: Annotated[str, typer.Option(help="Address of the server.")] = DEFAULT_URL,
    password: Annotated[
        str | None, typer.Option(envvar="CALLFLOOR_PASSWORD", help="Asked for if left out.", show_envvar=True)
    ] = None,
    patience: Annotated[
        float, typer.Option(min=0, help="Without a terminal: how long a command waits for its moment, in seconds.")
    ] = 120.0,
) -> None:
    """Take calls in this terminal: ready, see who calls, accept, hold, transfer, hang up, wrap up.

    Without a terminal, commands are read as lines: ready, not-ready, accept, decline, hold, retrieve, hang-up,
    transfer TO, call NUMBER, wrap-up CODE NOTE, wait SECONDS, quit.
    """
    import asyncio

    from app.cli import logs
    from app.cli.softphone.shift import Shift

    logs.keep_quiet()
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    given = password or _asked(login, url)
    asyncio.run(Shift(url, login, given, patience).work(on_terminal))


def _asked(login: str, url: str) -> str:
    if not sys.stdin.isatty():
        raise Trouble("No password given: use --password, or set CALLFLOOR_PASSWORD.")
    answer: str = typer.prompt(f"Password of {login} at {url}", hide_input=True)
    return answer
