"""`callfloor demo` and the processes that it starts."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from app.cli.softphone import DEFAULT_URL
from app.demo.bank import CALLS_PER_MINUTE, CUSTOMERS, DAYS, PASSWORD, RESERVED, SIMULATED, SOURCE

CHILD = (sys.executable, "-m", "app.cli")

Server = Annotated[str, typer.Option(help="Address of the server.")]
Pace = Annotated[float, typer.Option(min=0.1, max=1000, help="How fast everybody lives.", hidden=True)]
CustomerCount = Annotated[int, typer.Option(min=1, hidden=True)]


def add_to(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    commands.command()(demo)
    commands.command("demo-platform", hidden=True)(demo_platform)
    commands.command("demo-agents", hidden=True)(demo_agents)
    commands.command("demo-phones", hidden=True)(demo_phones)


def demo(
    host: Annotated[str, typer.Option(help="Address to listen on; the demo's passwords are public.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port to listen on.", show_default="8080")] = None,
    var: Annotated[Path | None, typer.Option(help="Folder for the data.", show_default="var")] = None,
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop after so many seconds.")] = None,
    calls_per_minute: Annotated[float, typer.Option(min=0.1, max=600, help="How busy the day is.")] = CALLS_PER_MINUTE,
    pbx: Annotated[bool, typer.Option("--pbx", help="Calls are real, over an Asterisk with SIP phones.")] = False,
    pace: Pace = 1.0,
    customers: CustomerCount = CUSTOMERS,
    days: Annotated[int, typer.Option(min=0, hidden=True)] = DAYS,
) -> None:
    """A whole call centre on this machine: a demo bank, callers, agents, and a live view of the floor.

    The data stays in the folder; the next start goes on with it.
    """
    from app.cli import logs
    from app.cli.place import ASTERISK, bound_socket, settings_with
    from app.demo.cast import DemoPlan
    from app.demo.screen import play_on
    from app.demo.seed import Size

    logs.keep_quiet()
    settings = settings_with(var, host, port)
    with bound_socket(host, settings.http.port):
        pass  # said now, in one sentence, rather than by the server in its log
    plan = DemoPlan(
        settings.var / "pbx" if pbx else settings.var,
        CHILD,
        host,
        settings.http.port,
        seconds,
        calls_per_minute,
        pace,
        Size(customers, days),
        Path(os.environ.get(ASTERISK, settings.var / "asterisk")) if pbx else None,
    )
    play_on(plan, f"{_self()} agent --as {RESERVED[0]}{_elsewhere(plan.url)}")


def _self() -> str:
    """How this program is started from here: `callfloor` where the shell would find this very one."""
    found = shutil.which("callfloor")
    mine = Path(sys.argv[0])
    if found and mine.exists() and os.path.samefile(found, mine):
        return "callfloor"
    return os.path.relpath(mine) if mine.name == "callfloor" else "python -m app.cli"


def _elsewhere(url: str) -> str:
    return "" if url == DEFAULT_URL else f" --url {url}"


def demo_platform(
    server: Server,
    port: Annotated[int, typer.Option()],
    calls_per_minute: Annotated[float, typer.Option()] = CALLS_PER_MINUTE,
    pace: Pace = 1.0,
    customers: CustomerCount = CUSTOMERS,
) -> None:
    """The simulated telephone platform. The secret comes in CALLFLOOR_DEMO_SECRET."""
    from app.demo.cast import SECRET_VARIABLE
    from app.demo.platform.process import PlatformPlan, run_platform

    webhook, secret = f"{server}/webhooks/cti/{SOURCE}", os.environ[SECRET_VARIABLE]
    plan = PlatformPlan(webhook, secret, port, calls_per_minute, pace, customers=customers)
    _child(lambda: asyncio.run(run_platform(plan)))


def demo_agents(server: Server, pace: Pace = 1.0) -> None:
    """The simulated agents."""
    from app.demo.agents.process import AgentsPlan, run_agents

    _child(lambda: asyncio.run(run_agents(AgentsPlan(server, SIMULATED, PASSWORD, pace))))


def demo_phones(
    sip_host: Annotated[str, typer.Option()],
    sip_port: Annotated[int, typer.Option()],
    calls_per_minute: Annotated[float, typer.Option()] = CALLS_PER_MINUTE,
    pace: Pace = 1.0,
    customers: CustomerCount = CUSTOMERS,
) -> None:
    """SIP phones: of callers, and of agents, which answer by themselves."""
    from app.demo.pbx.people import PhonesPlan, run_phones

    plan = PhonesPlan((sip_host, sip_port), SIMULATED, RESERVED, PASSWORD, calls_per_minute, pace, customers=customers)
    _child(lambda: asyncio.run(run_phones(plan)))


def _child(work: Callable[[], dict[str, int]]) -> None:
    """Work as a child: end with the parent, and print the figures of the day."""
    from app.cli import logs
    from app.demo.lifeline import follow_parent
    from app.settings import Log

    logs.set_up(Log(level="warning"))
    follow_parent()
    typer.echo(json.dumps(work()))
