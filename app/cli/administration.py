"""Commands for whoever runs an installation: migrations and the first account."""

import asyncio
import sys
from typing import Annotated

import typer

from app.cli.trouble import Trouble


def add_to(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    commands.command()(migrate)
    commands.command("create-admin")(create_admin)
    commands.command("check-migrations", hidden=True)(check_migrations)


def migrate() -> None:
    """Bring the database to the present schema and make the coming months' partitions. Safe at any time."""
    from app.cli import logs
    from app.cli.place import database, settings_with
    from app.db.migrate import current, prepare

    settings = settings_with()
    logs.set_up(settings.log)
    with database(settings) as url:
        asyncio.run(prepare(url))
        typer.echo(f"The database is on revision {asyncio.run(current(url))}.")


def create_admin(
    login: Annotated[str, typer.Argument(help="Login: a-z, 0-9, '.', '_' and '-'.")],
    name: Annotated[str | None, typer.Option(help="Name as shown; the login if left out.")] = None,
    password: Annotated[
        str | None,
        typer.Option(envvar="CALLFLOOR_PASSWORD", help="Asked for if left out.", show_envvar=True),
    ] = None,
) -> None:
    """Make the first administrator of a new installation."""
    from app.cli import logs
    from app.cli.place import database, settings_with

    settings = settings_with()
    logs.set_up(settings.log)
    given = password or _asked_password()
    with database(settings) as url:
        asyncio.run(_create_admin(url, login, name or login, given))
    typer.echo(f"{login} can sign in now, at POST /api/v1/token.")


def _asked_password() -> str:
    if not sys.stdin.isatty():
        raise Trouble("No password given: set CALLFLOOR_PASSWORD, use --password, or run this in a terminal.")
    answer: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer


async def _create_admin(url: str, login: str, name: str, password: str) -> None:
    from app.auth.passwords import Passwords
    from app.auth.service import create_first_administrator
    from app.db.engine import Sessions, create_engine
    from app.db.migrate import prepare

    await prepare(url)
    engine = create_engine(url)
    try:
        async with Sessions(engine).write() as session:
            await create_first_administrator(session, Passwords(), user_id=login, name=name, password=password)
    finally:
        await engine.dispose()


def check_migrations() -> None:
    """Do the migrations build what the models say? (part of `make lint`)"""
    from app.db.check import main

    main()
