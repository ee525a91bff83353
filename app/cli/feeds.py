"""`callfloor feed`: check the files of other systems before anything is imported, and print the schema of mappings."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.flow_files import text_of
from app.cli.flows import faults_told
from app.cli.place import must_have_folder, settings_with
from app.cli.trouble import Trouble

if TYPE_CHECKING:
    from app.customers.feeds.columns.checking import Tally
    from app.customers.feeds.columns.mapping import Mapping
    from app.customers.feeds.columns.plan import Plan
    from app.customers.feeds.opening import Told

MOST_COUNTED = 50
"""Lines of the table of faults."""

FeedFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, NDJSON or XLSX.")]
MappingFile = Annotated[
    Path, typer.Option("--mapping", exists=True, dir_okay=False, readable=True, help="A mapping, see docs/feeds.md.")
]
FaultsPath = Annotated[
    Path | None, typer.Option("--faults", dir_okay=False, help="Where faulty rows go; else FILE.faults beside it.")
]
FORMATS = ("csv", "ndjson", "xlsx")
Format = Annotated[str | None, typer.Option("--format", help="csv, ndjson or xlsx; else told by the name of the file.")]
Encoding = Annotated[str | None, typer.Option(help="Such as utf-8, gb18030, latin-1; else it is told.")]
Delimiter = Annotated[str | None, typer.Option(help="Between the cells of CSV: a character, or tab.")]
Sheet = Annotated[str | None, typer.Option(help="The sheet of a spreadsheet that has several.")]

feed = typer.Typer(help="Check files of other systems before they are imported.", no_args_is_help=True)


def add_to(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    commands.add_typer(feed, name="feed")


@feed.command()
def check(
    file: FeedFile,
    mapping: MappingFile,
    faults: FaultsPath = None,
    format_: Format = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    sheet: Sheet = None,
) -> None:
    """Read a file as an import would, and write its faulty rows into a file. Exit status 2 if there are any."""
    from app.customers.feeds.columns.mapping_text import read_mapping
    from app.customers.feeds.faults_files import FaultsThere

    told = told_of(format_, encoding, delimiter, sheet)
    must_have_folder(faults, "--faults")
    with faults_told():
        it = read_mapping(text_of(mapping), str(mapping))
        try:
            faulty = _checked(file, it, told, faults)
        except FaultsThere as error:
            raise Trouble(str(error)) from error
    if faulty:
        raise typer.Exit(2)


@feed.command()
def schema() -> None:
    """Print the JSON Schema of mappings, for editors that check while one writes."""
    import json

    from app.customers.feeds.columns.mapping import schema as schema_of

    typer.echo(json.dumps(schema_of(), indent=2, ensure_ascii=False))


def told_of(format_: str | None, encoding: str | None, delimiter: str | None, sheet: str | None) -> "Told":
    """What somebody says of a file on the command line. Raises `typer.BadParameter` for a format that there is not."""
    from app.customers.feeds.opening import Told

    if format_ not in (None, *FORMATS):
        raise typer.BadParameter(f"{format_} is no format; accepted: {', '.join(FORMATS)}", param_hint="--format")
    return Told(format_, encoding, delimiter, sheet)


def _checked(file: Path, mapping: "Mapping", told: "Told", faults: Path | None) -> int:
    """Read a whole file, and say what is in it; how many rows are faulty."""
    from app.customers.feeds.columns.checking import Checker, Tally
    from app.customers.feeds.columns.parsing import Known
    from app.customers.feeds.columns.plan import plan
    from app.customers.feeds.faults_files import FaultsFile, FaultsThere, beside, without_double
    from app.customers.feeds.opening import opened

    tally, known = Tally(), Known(country=settings_with().telephony.region)
    with _progress(file) as on_read, opened(file, mapping, told, on_read) as rows:
        if faults is not None and faults.exists():
            raise FaultsThere(faults)
        made = plan(mapping, rows.header, known, width=rows.width, name=str(file))
        checker = Checker(made)
        wanted = faults or beside(file, rows.kind)
        with FaultsFile(wanted, rows, or_next=faults is None) as faults_file:
            for batch in rows.batches():
                done = checker.check(batch)
                tally.add(done)
                faults_file.write(done.faulty)
    typer.echo(f"{file}: {rows.described}")
    _tell(tally, made)
    if tally.faulty:
        into = without_double(faults_file.path, wanted) if faults is None else faults
        typer.echo(f"The faulty rows are in {into}: correct them there, and import that file.")
    return tally.faulty


def _tell(tally: "Tally", made: "Plan") -> None:
    unchecked = [f"{field}s" for field in ("tier", "manager") if field in made.told]
    if unchecked:
        typer.echo(f"not checked, as only the database knows which there are: {', '.join(unchecked)}")
    if made.unused:
        typer.echo(f"columns that are no field: {', '.join(made.unused)}")
    typer.echo(f"{tally.good:,} rows are good, {tally.faulty:,} faulty, {tally.blank:,} empty")
    tell_faults(tally.faults)


def tell_faults(faults: "Counter[tuple[str, str]]") -> None:
    """A table of faults by column and kind."""
    width = max((len(column) for column, _ in faults), default=0)
    for (column, kind), count in faults.most_common(MOST_COUNTED):
        typer.echo(f"  {column or '(row)':<{max(width, 5)}}  {kind:<10}  {count:>9,}")
    if len(faults) > MOST_COUNTED:
        typer.echo(f"  and {len(faults) - MOST_COUNTED} more kinds of faults")


@contextmanager
def _progress(file: Path) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal that fills as the file is read."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True)
    columns: tuple[Any, ...] = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=file.stat().st_size)
        yield lambda count: progress.advance(task, count)
