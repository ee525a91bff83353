"""`callfloor bench`: measures this machine; the measuring itself lives in the room `bench`."""

import typer
from uvicorn.importer import ImportFromStringError, import_from_string

from app.cli.trouble import Trouble


def add_to(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    commands.command()(bench)


def bench() -> None:
    """Measure floor, webhooks and screen pops beside two yardsticks; writes docs/performance.md."""
    try:
        measure = import_from_string("app.bench:main")
    except ImportFromStringError as error:
        raise Trouble(f"The bench is not part of this installation ({error}).") from error
    measure()
