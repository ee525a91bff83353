"""`callfloor import`: the files of other systems, written."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.feeds import (
    Delimiter,
    Encoding,
    FaultsPath,
    FeedFile,
    Format,
    MappingFile,
    Sheet,
    tell_faults,
    told_of,
)
from app.cli.flow_files import text_of
from app.cli.flows import faults_told
from app.cli.trouble import Trouble

if TYPE_CHECKING:
    from app.customers.feeds.files import Given, Report, Watch

Bulk = Annotated[
    bool, typer.Option("--bulk", help="For millions: new customers are found by their names only at the end.")
]
FEED_HELP = "customers, holdings, usage or agreements; what the mapping says."


def add_to(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    commands.command("import")(import_)


def import_(
    feed: Annotated[str, typer.Argument(help=FEED_HELP)],
    file: FeedFile,
    mapping: MappingFile,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    bulk: Bulk = False,
    faults: FaultsPath = None,
    format_: Format = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    sheet: Sheet = None,
) -> None:
    """Import a file of another system, as often as one likes. Exit status 2 if rows are faulty."""
    from app.cli import logs
    from app.cli.place import database, must_have_folder, settings_with
    from app.core import clock
    from app.customers.feeds.columns.mapping_text import read_mapping
    from app.customers.feeds.files import Given

    told = told_of(format_, encoding, delimiter, sheet)
    settings = settings_with()
    logs.set_up(settings.log)
    must_have_folder(faults, "--faults")
    with faults_told():
        it = read_mapping(text_of(mapping), str(mapping))
        if it.feed != feed:
            raise typer.BadParameter(f"{mapping} is a mapping of {it.feed}; accepted: {it.feed}", param_hint="FEED")
        now = clock.utc(clock.now())
        given = Given(file, it, told, settings.telephony.region, now, faults, dry_run, bulk)
        with database(settings) as url, _watched(file) as watch:
            report = asyncio.run(_import(url, given, watch))
    _tell(report, file, dry_run)
    if report.faulty:
        raise typer.Exit(2)


async def _import(url: str, given: "Given", watch: "Watch") -> "Report":
    from app.core.collector import calm
    from app.customers.feeds.faults_files import FaultsThere
    from app.customers.feeds.files import import_file
    from app.db.engine import Sessions, create_engine
    from app.db.migrate import prepare

    await prepare(url)
    calm()
    engine = create_engine(url, pool=4)
    try:
        return await import_file(Sessions(engine), given, watch)
    except FaultsThere as error:
        raise Trouble(str(error)) from error
    finally:
        await engine.dispose()


def _tell(report: "Report", file: Path, dry_run: bool) -> None:
    counts = report.counts
    typer.echo(f"{file}: {report.described}")
    if report.plan.unused:
        typer.echo(f"columns that are no field: {', '.join(report.plan.unused)}")
    if report.resumed:
        typer.echo(f"an earlier import of this file had come to row {report.resumed:,}: gone on from there")
    would = "would be " if dry_run else ""
    typer.echo(
        f"{would}made {counts['made']:,}, changed {counts['changed']:,}, left {counts['unchanged']:,}, "
        f"refused {counts['refused']:,}; {report.blank:,} rows are empty"
    )
    if counts["repeated"]:
        typer.echo(f"{counts['repeated']:,} rows have a later row of the same id, which counts")
    if counts["kept"]:
        typer.echo(f"{counts['kept']:,} fields stay as people or higher sources have set them")
    if report.proposed:
        typer.echo(f"{report.proposed:,} pairs of customers may be one: GET /api/v1/customers/duplicates")
    if report.named:
        typer.echo(f"{report.named:,} customers are found by their names now, too")
    tell_faults(report.faults)
    if report.faulty:
        typer.echo(f"The faulty rows are in {report.into}: correct them there, and import that file.")


@contextmanager
def _watched(file: Path) -> Iterator["Watch"]:
    """A bar on a terminal for each pass through the file, with the row up to which all is committed."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from app.customers.feeds.files import Watch

    console, size = Console(stderr=True), file.stat().st_size
    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[row]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=size, row="")
        yield Watch(
            begins=lambda name: progress.reset(task, description=name),
            read=lambda count: progress.advance(task, count),
            committed=lambda row: progress.update(task, row=f"row {row:,}"),
        )
