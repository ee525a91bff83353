"""The `callfloor` command. Each subcommand imports what it needs when it runs, so that help is there at once."""

import typer

from app.cli import (
    administration,
    asterisk,
    demonstration,
    exporting,
    feeds,
    flows,
    importing,
    measuring,
    planning,
    retention,
    serve_command,
    simulating,
    softphone,
    speaking,
)
from app.cli.trouble import told_plainly

commands = typer.Typer(
    name="callfloor",
    help="Call-centre service desk: routes calls, pops the caller's profile, keeps one customer history.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (
    serve_command,
    demonstration,
    exporting,
    softphone,
    administration,
    measuring,
    simulating,
    planning,
    flows,
    feeds,
    importing,
    retention,
    speaking,
    asterisk,
):
    module.add_to(commands)


def main() -> None:
    """Run the command line; what goes wrong in an expected way is said in one sentence, with exit status 1."""
    with told_plainly():
        commands()
