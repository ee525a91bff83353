"""`callfloor retention`: what would go by the policies, and letting it go now."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.db.engine import Sessions

retention = typer.Typer(help="Records whose time is over, by the policies of retention.", no_args_is_help=True)


def add_to(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    commands.add_typer(retention, name="retention")


@retention.command()
def preview(
    kind: Annotated[str | None, typer.Option(help="Only this kind, such as usage_events.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="In place of its policy; needs --kind.")] = None,
) -> None:
    """Say what would go now, table by table and month by month. Nothing goes."""
    _with_sessions(lambda sessions: _preview(sessions, kind, days))


@retention.command()
def run() -> None:
    """Let go of what is over, as the server does every hour, and say what went."""
    _with_sessions(_run)


async def _preview(sessions: "Sessions", kind: str | None, days: int | None) -> None:
    from app.core.clock import now
    from app.privacy.policies import kind_of
    from app.privacy.previewing import preview as previewed

    wanted = None if kind is None else kind_of(kind)
    async with sessions.read() as session:
        found = await previewed(session, now, wanted, days if wanted else None)
    if not found:
        typer.echo("There is no policy: everything is kept.")
    for each in found:
        typer.echo(f"{each.kind}: older than {each.days} days, before {each.cutoff:%Y-%m-%d %H:%M} UTC")
        for going in each.going:
            typer.echo(f"  {going.table:<32}{going.rows:>12} rows{', dropped as a whole' if going.dropped else ''}")


async def _run(sessions: "Sessions") -> None:
    from app.cli.place import settings_with
    from app.core.clock import now
    from app.privacy.retaining import retain

    went = await retain(sessions, now, settings_with().telephony.region)
    if not went:
        typer.echo("Nothing is over.")
    for kind, each in went.items():
        months = f"; dropped {', '.join(each.months)}" if each.months else ""
        typer.echo(f"{kind}: {each.rows} rows went{months}")


def _with_sessions(work: "Callable[[Sessions], Awaitable[None]]") -> None:
    from app.cli import logs
    from app.cli.place import database, settings_with
    from app.db.engine import Sessions, create_engine
    from app.db.migrate import prepare

    async def done(url: str) -> None:
        await prepare(url)
        engine = create_engine(url)
        try:
            await work(Sessions(engine))
        finally:
            await engine.dispose()

    settings = settings_with()
    logs.set_up(settings.log)
    with database(settings) as url:
        asyncio.run(done(url))
