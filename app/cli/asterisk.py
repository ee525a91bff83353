"""`callfloor asterisk`: the configuration of the switch that Callfloor works with."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.trouble import Trouble

if TYPE_CHECKING:
    from app.telephony.asterisk_config.plan import AsteriskPlan
    from app.telephony.asterisk_config.plan_file import AgentPart, PlanFile

PREFIX = "PJSIP/"
PLAN_HELP = "Trunks, addresses, fallback, and phones if those are not in the database: YAML, see docs/asterisk.md."

asterisk = typer.Typer(help="Configure an Asterisk for Callfloor.", no_args_is_help=True)


def add_to(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    commands.add_typer(asterisk, name="asterisk")


@asterisk.command()
def config(
    folder: Annotated[Path, typer.Argument(help="Asterisk's folder for configuration, such as /etc/asterisk.")],
    plan: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, readable=True, help=PLAN_HELP)] = None,
) -> None:
    """Write the whole configuration of an Asterisk: the trunks of a plan, a phone for each agent.

    Agents are those in the database whose address begins with PJSIP/, or those of the plan. Passwords are made once and
    kept in the folder. Run it again whenever agents or the plan have changed.
    """
    from app.cli.asterisk_folder import passwords_in, readable_by_asterisk, write
    from app.telephony.asterisk_config.files import configuration
    from app.telephony.asterisk_config.plan_file import plan_of

    file = _plan_file(plan)
    agents = _from_database(file) if file.agents is None else file.agents
    folder = folder.resolve()
    passwords = passwords_in(folder, agents)
    meant = plan_of(file, str(folder), agents, passwords)
    files = configuration(meant)
    kept = write(folder, files, passwords)
    _tell(folder, meant, kept, readable_by_asterisk(folder, files))


@asterisk.command(hidden=True)
def install(folder: Annotated[Path, typer.Argument()] = Path("var/asterisk")) -> None:
    """Unpack Asterisk 22 into a folder, for tests and the demo; nothing outside the folder changes."""
    from app.demo.pbx.install import install as unpack

    installation = unpack(folder, typer.echo)
    typer.echo(f"{installation.version()} is in {installation.root}")


def _plan_file(path: Path | None) -> "PlanFile":
    import yaml

    from app.cli.flow_files import text_of
    from app.telephony.asterisk_config.plan_file import PlanFile, read_plan

    if path is None:
        return PlanFile()
    try:
        return read_plan(yaml.safe_load(text_of(path)))
    except yaml.YAMLError as error:
        raise Trouble(f"{path} is no YAML: {error}") from error


def _from_database(file: "PlanFile") -> "list[AgentPart]":
    """The phones of the agents in the database."""
    from app.cli.place import database, settings_with

    with database(settings_with()) as url:
        rows = asyncio.run(_rows(url))
    if not rows:
        raise Trouble(
            f"No agent in the database has an address that begins with {PREFIX}. Give them one, such as {PREFIX}anna, "
            "or list them in a file: --plan, `agents`."
        )
    unknown = set(file.browsers) - {endpoint for endpoint, _ in rows}
    if unknown:
        raise Trouble(f"`browsers` names endpoints that no agent has: {', '.join(sorted(unknown))}.")
    return [_agent(endpoint, name, endpoint in file.browsers) for endpoint, name in rows]


async def _rows(url: str) -> list[tuple[str, str]]:
    """Endpoint and name of each agent with a phone at an Asterisk."""
    from app.agents.queries import phones
    from app.db.engine import Sessions, create_engine
    from app.db.migrate import prepare

    await prepare(url)
    engine = create_engine(url, pool=1)
    try:
        async with Sessions(engine).read() as session:
            found = await phones(session, PREFIX)
    finally:
        await engine.dispose()
    return [(address.removeprefix(PREFIX), name) for address, name in found]


def _agent(endpoint: str, name: str, browser: bool) -> "AgentPart":
    from app.telephony.asterisk_config.plan_file import AgentPart

    shown = "".join(letter for letter in name if letter not in '"<>;\\' and letter.isprintable())
    return AgentPart(endpoint, webrtc=browser, caller_id=f'"{shown}" <{endpoint}>')


def _tell(folder: Path, plan: "AsteriskPlan", kept: list[str], readable: bool) -> None:
    """What was done, and what is to be done next."""
    from app.cli.asterisk_folder import BEFORE, PASSWORDS

    trunks = (
        ", ".join(trunk.name for trunk in plan.trunks) or "no trunk yet: name one with --plan, see docs/asterisk.md"
    )
    typer.echo(f"{folder}: {len(plan.agents)} phone{'s' * (len(plan.agents) != 1)}; {trunks}.")
    if kept:
        typer.echo(f"What was there is kept as *{BEFORE}: {', '.join(kept)}.")
    steps = [
        f"Start Asterisk again{_own_folder(folder)}; later changes need no more than: asterisk -rx 'core reload'",
        f"In Callfloor make a source: platform asterisk_ari, command_url ws://{plan.http}/ari,\n"
        f"   account {plan.ari_user}, secret: `ari` in {folder / PASSWORDS}",
        f"Phones sign on at {plan.sip} as the endpoint, with its password from the same file;\n"
        f"   an agent's address in Callfloor is {PREFIX}<endpoint>. They hear themselves at *43.",
    ]
    if not readable:
        steps.insert(0, f"Let Asterisk's user read the files: chgrp -R asterisk {folder}")
    typer.echo("Next:\n" + "\n".join(f"{place}. {step}" for place, step in enumerate(steps, 1)))


def _own_folder(folder: Path) -> str:
    return "" if str(folder) == "/etc/asterisk" else f" (asterisk -C {folder}/asterisk.conf)"
