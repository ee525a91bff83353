"""`callfloor agent`: a person takes calls in a terminal."""

import typer


def add_to(commands: typer.Typer) -> None:
    """Add the commands of this file."""
