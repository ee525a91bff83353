"""`callfloor flow`: check, try, draw and test the flows that callers hear."""

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.trouble import Trouble

if TYPE_CHECKING:
    from app.ivr.rehearsal.conversation import Played

FLOW_HELP = "A flow, see docs/flows.md."
FOLDERS_HELP = "Flows, or folders of them; see docs/flows.md."
KNOWN_HELP = "A file that lists the queues, skills, hours, agents, teams and secrets; else known.yaml beside the flow."
GIVEN_HELP = "A file with what is given: caller, customer, clock, queues, hours, fetch, identify."

FlowFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help=FLOW_HELP)]
FlowFiles = Annotated[list[Path], typer.Argument(exists=True, readable=True, help=FOLDERS_HELP)]
KnownFile = Annotated[Path | None, typer.Option("--known", exists=True, dir_okay=False, help=KNOWN_HELP)]

flow = typer.Typer(help="Check, try, draw and test flows: what callers hear.", no_args_is_help=True)


def add_to(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    commands.add_typer(flow, name="flow")


@flow.command()
def check(files: FlowFiles, known: KnownFile = None) -> None:
    """List every fault of flows with node and line. Exit status 2 if there is one."""
    from app.cli.flow_files import flow_files, looked_at, unchecked
    from app.ivr.language.reading import FlowFaulty

    faulty = False
    with faults_told():
        looked = [looked_at(path, known) for path in flow_files(files)]
    for it in looked:
        if it.faults or it.flow is None:
            faulty = True
            typer.echo(f"callfloor: {FlowFaulty(str(it.path), it.faults)}", err=True)
            continue
        missing = unchecked(it.known)
        aside = f"; not checked, as no known.yaml says which there are: {', '.join(missing)}" if missing else ""
        typer.echo(f"{it.path}: {len(it.flow.nodes)} nodes, {', '.join(it.flow.languages)}, no fault{aside}")
    if faulty:
        raise typer.Exit(2)


@flow.command(name="try")
def try_(
    file: FlowFile,
    given: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help=GIVEN_HELP)] = None,
    caller: Annotated[str | None, typer.Option(help="The number that calls.")] = None,
    customer: Annotated[str | None, typer.Option(help="The name of the customer who calls.")] = None,
    tier: Annotated[str | None, typer.Option(help="The customer's tier.")] = None,
    language: Annotated[str | None, typer.Option(help="The customer's language.")] = None,
    clock: Annotated[str | None, typer.Option(help="When it is, such as '2026-03-02 22:15'.")] = None,
    closed: Annotated[
        list[str] | None, typer.Option(help="A queue or calendar that is closed; may be repeated.")
    ] = None,
) -> None:
    """Play a flow as text: type the keys that a caller would press, words that they would say, nothing to wait."""
    from app.cli.flow_files import good
    from app.cli.flow_trying import Wishes, converse, given_of
    from app.ivr.rehearsal.given_world import named_by

    with faults_told():
        it = good(file)
        wishes = Wishes(caller, customer, tier, language, clock, tuple(closed or ()))
        what = given_of(given, wishes)
    assert it.flow is not None
    others = it.known.flows or {}
    there = named_by([it.flow, *others.values()])
    for name in closed or ():
        _one_of(name, there, f"neither a queue nor a calendar that {file} names", "--closed")
    converse(it.flow, others, what)


@flow.command()
def draw(
    file: FlowFile,
    to: Annotated[
        list[Path] | None,
        typer.Option(dir_okay=False, help="A file to write: .svg or .mmd (Mermaid); may be repeated."),
    ] = None,
    language: Annotated[str | None, typer.Option(help="The language of the texts, else the flow's first.")] = None,
) -> None:
    """Draw a flow: Mermaid on standard output, or a picture in a file."""
    from app.cli.flow_files import text_of
    from app.ivr.drawing.diagrams import mermaid, svg
    from app.ivr.language.reading import read_flow

    with faults_told():
        flow = read_flow(text_of(file), str(file))
    if language is not None:
        _one_of(language, flow.languages, f"no language that {file} speaks", "--language")
    for path in to or ():
        if path.suffix not in (".svg", ".mmd"):
            raise typer.BadParameter(f"{path}: ends neither in .svg nor in .mmd", param_hint="--to")
    for path in to or ():
        _write(path, svg(flow, language) if path.suffix == ".svg" else mermaid(flow, language))
    if not to:
        typer.echo(mermaid(flow, language), nl=False)


@flow.command(name="test")
def rehearse(
    files: FlowFiles, heard: Annotated[bool, typer.Option(help="Print what is heard in every conversation.")] = False
) -> None:
    """Play the conversations beside flows. Exit status 2 if one does not go as expected."""
    from app.cli.flow_files import conversations_beside, conversations_of, flow_files, good
    from app.core.errors import Invalid
    from app.ivr.rehearsal.conversation import play

    failed = played = faulty = 0
    for path in flow_files(files):
        try:
            it, scripted = good(path), conversations_of(path)
        except Invalid as error:  # the others are played all the same
            faulty += 1
            typer.echo(f"callfloor: {error}", err=True)
            continue
        if scripted is None or it.flow is None:
            typer.echo(f"{path}: no conversations; they would be in {conversations_beside(path)}")
            continue
        for each in play(it.flow, scripted, it.known.flows or {}):
            played, failed = played + 1, failed + (each.failed is not None)
            _tell(each, conversations_beside(path), heard)
    aside = f"; {faulty} flows with faults not played" if faulty else ""
    typer.echo(f"{played} conversations, {failed} of them not as expected{aside}")
    if failed or faulty:
        raise typer.Exit(2)


@flow.command()
def schema() -> None:
    """Print the JSON Schema of flows, for editors that check while one writes."""
    import json

    from app.ivr.language.flow import schema as schema_of

    typer.echo(json.dumps(schema_of(), indent=2, ensure_ascii=False))


@contextmanager
def faults_told() -> Iterator[None]:
    """A faulty file ends the command with status 2, and every fault on standard error."""
    from app.core.errors import Invalid

    try:
        yield
    except Invalid as error:
        typer.echo(f"callfloor: {error}", err=True)
        raise typer.Exit(2) from error


def _tell(it: "Played", path: Path, heard: bool) -> None:
    from app.cli.flow_trying import line_of

    typer.echo(f"{'FAILED' if it.failed else 'ok    '} {path.name}: {it.name}")
    if heard or it.failed:
        for each in it.heard:
            typer.echo(f"         {line_of(each)}")
    if it.failed:
        typer.echo(f"       {path}, line {it.failed.line}: {it.failed.what}")


def _one_of(given: str, there: Collection[str], what: str, option: str) -> None:
    """Refuse a name that nothing has; a slip of the hand would be played as if nothing had been said."""
    from app.ivr.checks.names import suggested

    if given not in there:
        raise typer.BadParameter(f"{given} is {what}; accepted: {suggested(given, there)}", param_hint=option)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Trouble(f"{path}: {error.strerror}. Name another file with --to.") from error
    sys.stderr.write(f"{path}\n")
