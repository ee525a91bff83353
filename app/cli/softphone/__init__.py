"""`callfloor agent`: a person takes calls in a terminal."""

import typer

DEFAULT_URL = "http://127.0.0.1:8080"


def add_to(commands: typer.Typer) -> None:
    """Add the commands of this file."""
