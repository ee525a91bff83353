"""`callfloor export`: all that is kept of one customer, into a file."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from app.cli.trouble import Trouble

FORMATS = ("json", "pdf")

export = typer.Typer(help="Tell what is kept of somebody.", no_args_is_help=True)


def add_to(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    commands.add_typer(export, name="export")


@export.callback()
def about() -> None:
    """Tell what is kept of somebody."""


@export.command()
def customer(
    customer_id: Annotated[UUID, typer.Argument(metavar="ID", help="The customer's id.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept in the audit log.")],
    form: Annotated[str, typer.Option("--format", help="json or pdf.")] = "json",
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Where to; else customer-ID.FORMAT.")] = None,
) -> None:
    """Write all that is kept of a customer into a new file that only you may read."""
    from app.cli import logs
    from app.cli.place import database, must_have_folder, settings_with

    if form not in FORMATS:
        raise typer.BadParameter(f"{form} is no format; accepted: {', '.join(FORMATS)}", param_hint="--format")
    if not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")
    into = out or Path(f"customer-{customer_id}.{form}")
    if into.exists():
        raise Trouble(f"{into} is there already. Name another file with --out.")
    must_have_folder(into, "--out")
    settings = settings_with()
    logs.set_up(settings.log)
    with database(settings) as url:
        asyncio.run(_export(url, customer_id, form, reason, into))
    typer.echo(f"{into}: {into.stat().st_size:,} bytes")


async def _export(url: str, customer_id: UUID, form: str, reason: str, into: Path) -> None:
    from app.core import clock
    from app.core.errors import CallfloorError
    from app.db.engine import Sessions, create_engine
    from app.history import exporting
    from app.history.forms import FORMS

    engine = create_engine(url)
    sessions = Sessions(engine)
    try:
        async with sessions.write() as session:
            now = clock.utc(clock.now())
            head = await exporting.note_export(session, customer_id, form, reason, None, now)
        file, _ = await exporting.export(sessions, head, FORMS[form])
        with file, os.fdopen(os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as kept:
            await asyncio.to_thread(shutil.copyfileobj, file, kept)
    except CallfloorError as error:
        raise Trouble(error.detail) from error
    finally:
        await engine.dispose()
