"""`callfloor bench`: measures this machine; the measuring itself lives in the room `bench`."""

import os
import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from app.cli.place import ASTERISK, settings_with
from app.cli.trouble import Trouble


class Only(StrEnum):
    """A part of the bench that can be measured alone."""

    DECISIONS = "decisions"
    THEORY = "theory"
    CALLS = "calls"
    FEEDS = "feeds"
    PROFILES = "profiles"


DOCUMENT = Path("docs/performance.md")


def add_to(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    commands.command()(bench)
    commands.command("bench-yardsticks", hidden=True)(bench_yardsticks)
    commands.command("bench-ari", hidden=True)(bench_ari)


def bench(
    document: Annotated[
        Path, typer.Option(help="Where the results are written; what is kept by hand stays.")
    ] = DOCUMENT,
    only: Annotated[Only | None, typer.Option(help="Measure this part alone and print it.", hidden=True)] = None,
) -> None:
    """Measure floor, webhooks, pops, routing, calls over Asterisk, profiles, feeds; the simulator beside theory.

    The results are written to docs/performance.md.

    Takes about a quarter of an hour, on a PostgreSQL of its own in the folder `var` (CALLFLOOR_VAR).
    """
    from app.bench.plan import Plan
    from app.bench.report import calls_alone, decisions_alone, feeds_alone, profiles_alone, summary, theory_alone, write
    from app.bench.run import Programs, measure, measure_calls, measure_decisions, measure_feeds, measure_profiles
    from app.bench.theory import all_models
    from app.cli.bench_switch import started

    if only is Only.DECISIONS:
        typer.echo(decisions_alone(measure_decisions(Plan(), settings_with().var, _say)))
        return
    if only is Only.FEEDS:
        typer.echo(feeds_alone(measure_feeds(Plan(), settings_with().var, _say)))
        return
    if only is Only.THEORY:
        typer.echo(theory_alone(all_models(Plan().theory_contacts, Plan().theory_seconds, _say)))
        return
    if only is Only.PROFILES:
        typer.echo(profiles_alone(measure_profiles(Plan(), settings_with().var, _say)))
        return
    folder = settings_with().var
    programs = Programs(
        serve=lambda port: _words("serve", port),
        yardsticks=lambda port: _words("bench-yardsticks", port),
        ringer=[sys.executable, "-m", "app.cli", "bench-ari"],
        asterisk=partial(started, Path(os.environ.get(ASTERISK, folder / "asterisk"))),
    )
    if only is Only.CALLS:
        typer.echo(calls_alone(measure_calls(Plan(), programs, folder, _say)))
        return
    told = measure(Plan(), programs, folder, _say)
    write(told, document)
    typer.echo(summary(told))
    typer.echo(f"Written to {document}.")


def bench_yardsticks(port: Annotated[int, typer.Option()], stop_with_stdin: bool = False) -> None:
    """Serve what the webhooks are measured against, as `serve` serves the product."""
    from app.bench.yardsticks import application
    from app.cli.server import serve_application
    from app.demo.lifeline import follow_parent

    if stop_with_stdin:
        follow_parent()
    settings = settings_with(host="127.0.0.1", port=port)
    if settings.database.url is None:
        raise Trouble("Set CALLFLOOR_DATABASE_URL: the yardsticks are measured on the product's own database.")
    serve_application(settings, application(settings.database.url.get_secret_value()))


def bench_ari() -> None:
    """Ring the next phone for whoever calls: what calls over Asterisk are measured against."""
    from app.cli.bench_ari import run

    run()


def _say(stage: str) -> None:
    typer.echo(f"bench: {stage}", err=True)


def _words(command: str, port: int) -> list[str]:
    """A server on this machine, which ends with this process."""
    return [sys.executable, "-m", "app.cli", command, "--port", str(port), "--stop-with-stdin"]
