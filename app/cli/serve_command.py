"""`callfloor serve`."""

import os
from typing import Annotated

import typer

Host = Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")]
Port = Annotated[int | None, typer.Option(min=0, max=65_535, help="Port to listen on.", show_default="8080")]


def add_to(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    commands.command()(serve)


def serve(
    host: Host = None,
    port: Port = None,
    stop_with_stdin: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Run the server. Settings come from the environment (CALLFLOOR_...).

    Without CALLFLOOR_DATABASE_URL it keeps its own PostgreSQL in the folder `var` (CALLFLOOR_VAR).
    """
    from app.cli import logs
    from app.cli.place import settings_with
    from app.cli.server import run_server
    from app.cli.variables import warn_of_unknown

    settings = settings_with(host=host, port=port)
    logs.set_up(settings.log)
    warn_of_unknown(os.environ)
    if stop_with_stdin:
        from app.demo.lifeline import follow_parent

        follow_parent()
    run_server(settings)
