"""`callfloor simulate`: what would happen with these contacts, agents and rules, decided by the engine of the floor."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from app.cli.trouble import Trouble

if TYPE_CHECKING:
    from app.simulation.loop import Listener
    from app.simulation.predictions import ClassAccuracy
    from app.simulation.results import Comparison, Figures
    from app.simulation.runs import Progress
    from app.simulation.scenario import Scenario

SHOWN_FROM = 20_000
"""Contacts from which on a run takes long enough for a progress bar."""

FITTED = """\
# Fitted to a recorded day. Rates are contacts counted in each half-hour; service is talk, hold and wrap-up; patience
# takes the answered as censored. Agents are those who answered, from their first answer to their last wrap-up and for
# this queue alone; what they did for others, breaks and skills are not in it: change `agents` to what you know."""

File = typer.Argument(exists=True, dir_okay=False, readable=True, help="A scenario; see docs/simulation.md.")


def add_to(commands: typer.Typer) -> None:
    """Add the command of this file."""
    commands.command()(simulate)


def simulate(
    scenario: Annotated[Path | None, File] = None,
    compare: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A second scenario, which the same contacts call."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines, on standard output.")] = False,
    decisions: Annotated[
        Path | None, typer.Option(dir_okay=False, help="A file to write, one line of JSON a decision.")
    ] = None,
    from_history: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="A recorded day as the scenario; needs --queue."),
    ] = None,
    queue: Annotated[str | None, typer.Option(help="The queue whose recorded day it is.")] = None,
    time_zone: Annotated[str, typer.Option(help="Whose day it is, as an IANA name.")] = "UTC",
    predictions: Annotated[
        bool, typer.Option(help="Tell how well the ways to predict a wait did; see docs/estimated-wait.md.")
    ] = False,
    show: Annotated[bool, typer.Option(help="Print the scenario as YAML and do not run it.")] = False,
) -> None:
    """Run a scenario under a virtual clock on the engine that routes the calls, and tell what became of it.

    Exit status 2 if a scenario is faulty or a day has no records; the message lists every fault with its place.
    """
    with _faults_told():
        first, *others = _all_of(
            lambda: _scenario(scenario, from_history, queue, time_zone),
            *([lambda: _read(compare)] if compare is not None else []),
        )
        if show:
            _show(first, from_history is not None)
            return
        if predictions:
            if compare is not None or decisions is not None:
                raise typer.BadParameter("goes with neither --compare nor --decisions", param_hint="--predictions")
            told: Figures | Comparison | list[ClassAccuracy] = _predict(first)
        elif not others:
            told = _run(first, decisions)
        else:
            if decisions is not None:
                raise typer.BadParameter("write the decisions of one scenario at a time", param_hint="--decisions")
            told = _compare(first, *others)
    _tell(told, as_json)


def _all_of(*reads: "Callable[[], Scenario]") -> "list[Scenario]":
    """What each gives. A fault in one must not hide those of another: they are told together."""
    from app.core.errors import Invalid
    from app.simulation.fitting import NothingRecorded

    given, faults = [], []
    for read in reads:
        try:
            given.append(read())
        except (Invalid, NothingRecorded) as error:
            faults.append(str(error))
    if faults:
        raise Invalid("\n".join(faults))
    return given


def _scenario(path: Path | None, day: datetime | None, queue: str | None, time_zone: str) -> "Scenario":
    if (path is None) == (day is None):
        raise typer.BadParameter("name a scenario file or --from-history with a day, one of them")
    if path is not None:
        return _read(path)
    if day is None or queue is None:
        raise typer.BadParameter("name the queue whose day it is", param_hint="--queue")
    return _recorded(day, queue, time_zone)


def _read(path: Path) -> "Scenario":
    from app.core.faults import Fault
    from app.simulation.reading import ScenarioFaulty, read_scenario

    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        what = f"is not UTF-8 text: {error.reason} at byte {error.start}"
        raise ScenarioFaulty(str(path), [Fault("", what, "a YAML mapping in UTF-8")]) from error
    return read_scenario(text, str(path))


def _show(scenario: "Scenario", recorded: bool) -> None:
    from app.simulation.reading import as_yaml

    if recorded:
        typer.echo(FITTED)
    typer.echo(as_yaml(scenario), nl=False)


def _recorded(day: datetime, queue: str, time_zone: str) -> "Scenario":
    from app.cli import logs
    from app.cli.place import database, settings_with
    from app.db.engine import Sessions, create_engine
    from app.db.migrate import is_current
    from app.reports.intervals import FIRST_YEAR, LAST_YEAR
    from app.reports.intervals import time_zone as zone_of
    from app.simulation.history import recorded_scenario

    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise typer.BadParameter(f"a day from {FIRST_YEAR} to {LAST_YEAR} is accepted", param_hint="--from-history")
    zone = zone_of(time_zone)
    settings = settings_with()
    logs.set_up(settings.log)

    async def read(url: str) -> "Scenario":
        if not await is_current(url):  # who only reads leaves the schema as it is
            raise Trouble("The database is not on this program's revision. Run `callfloor migrate` first.")
        engine = create_engine(url)
        try:
            async with Sessions(engine).read() as session:
                return await recorded_scenario(session, queue, day.date(), zone)
        finally:
            await engine.dispose()

    with database(settings) as url:
        return asyncio.run(read(url))


def _run(scenario: "Scenario", decisions: Path | None) -> "Figures":
    from app.simulation.runs import simulate as run
    from app.simulation.streams import planned

    with _progress("simulating", planned(scenario)) as progress, _opened(decisions) as file:
        return run(scenario, progress=progress, decided=_written_to(file)).figures()


def _compare(first: "Scenario", second: "Scenario") -> "Comparison":
    from app.simulation.results import compared
    from app.simulation.runs import paired
    from app.simulation.runs import simulate as run
    from app.simulation.streams import planned

    results = []
    for name, one in zip("AB", paired(first, second), strict=True):
        with _progress(f"simulating {name}", planned(one)) as progress:
            results.append(run(one, progress=progress))
    return compared(*results)


def _predict(scenario: "Scenario") -> "list[ClassAccuracy]":
    from app.simulation.predictions import predicted
    from app.simulation.streams import planned

    with _progress("simulating", planned(scenario)) as progress:
        return predicted(scenario, progress)


def _tell(told: "Figures | Comparison | list[ClassAccuracy]", as_json: bool) -> None:
    import msgspec
    from rich.console import Console

    from app.cli.simulation_tables import comparison_table, prediction_table, run_tables
    from app.simulation.results import Comparison

    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
        return
    console = Console(width=None if sys.stdout.isatty() else 160)
    if isinstance(told, list):
        console.print(prediction_table(told))
    else:
        console.print(comparison_table(told) if isinstance(told, Comparison) else run_tables(told))


@contextmanager
def _faults_told() -> Iterator[None]:
    from app.core.errors import Invalid

    try:
        yield
    except Invalid as error:
        typer.echo(f"callfloor: {error}", err=True)
        raise typer.Exit(2) from error


def _opened(path: Path | None) -> "nullcontext[None] | BinaryIO":
    if path is None:
        return nullcontext()
    try:
        return path.open("wb")
    except OSError as error:
        raise Trouble(f"{path}: {error.strerror}. Name another file with --decisions.") from error


def _written_to(file: BinaryIO | None) -> "Listener | None":
    if file is None:
        return None
    from app.simulation.records import decision_line

    def write(*decision: Any) -> None:
        file.write(decision_line(*decision))

    return write


@contextmanager
def _progress(what: str, contacts: int) -> Iterator["Progress | None"]:
    """A bar on standard error, if that is a terminal and the run is long."""
    if contacts < SHOWN_FROM or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=contacts)
        yield lambda finished: bar.update(task, completed=finished)
