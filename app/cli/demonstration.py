"""`callfloor demo` and the processes that it starts."""

import typer


def add_to(commands: typer.Typer) -> None:
    """Add the commands of this file."""
