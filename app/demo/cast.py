"""The processes of the demo: the server, and who calls and answers: over the simulated platform, or with SIP phones."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

import httpx

from app.core.errors import Unavailable
from app.demo.bank import CALLS_PER_MINUTE
from app.demo.children import Children
from app.demo.seed import DEMO_SIZE, Size

START_SECONDS = 40.0
SECRET_VARIABLE = "CALLFLOOR_DEMO_SECRET"  # noqa: S105 - the name of a variable
READY = "ready"
SERVER, PLATFORM, PHONES, AGENTS = "server", "platform", "phones", "agents"


class NotReady(Unavailable):
    """The server is there and cannot work."""

    code: ClassVar[str] = "not-ready"


class DemoPlan(NamedTuple):
    """What to play: where the data is, where the server listens, for how long, how busy; `command` starts a child.

    With `asterisk`, the folder that one is (or is to be put) in, calls are real ones over that Asterisk.
    """

    folder: Path
    command: Sequence[str]
    host: str = "127.0.0.1"
    port: int = 8080
    seconds: float | None = None
    calls_per_minute: float = CALLS_PER_MINUTE
    pace: float = 1.0
    size: Size = DEMO_SIZE
    asterisk: Path | None = None

    @property
    def url(self) -> str:
        """Where the server is reached from here."""
        here = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - recognised, not bound
        return f"http://{here.get(self.host, self.host)}:{self.port}"


async def start_server(plan: DemoPlan, children: Children, client: httpx.AsyncClient, stop: asyncio.Event) -> None:
    """Start the server and wait until it can take calls; raises what it died of, or what it waits for."""
    words = (*plan.command, "serve", "--host", plan.host, "--port", str(plan.port), "--stop-with-stdin")
    await children.start(SERVER, words, environment(plan))
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    while (state := await _state(client, plan.url)) != READY and not stop.is_set():
        failure = children.failed(SERVER)
        if failure is not None:
            raise failure
        if asyncio.get_running_loop().time() > deadline:
            raise NotReady(
                f"The server is not ready after {START_SECONDS:.0f} s ({state}). If another Callfloor works in "
                f"{plan.folder}, stop that one; else see {plan.folder / 'log' / 'server.log'}."
            )
        await asyncio.sleep(0.1)


async def start_agents(plan: DemoPlan, children: Children) -> None:
    """Let agents work at their sockets."""
    words = ("demo-agents", "--server", plan.url, "--pace", str(plan.pace))
    await children.start(AGENTS, (*plan.command, *words), environment(plan))


async def start_platform(plan: DemoPlan, children: Children, secret: str, switch: int) -> None:
    """Let callers call over the simulated platform; `switch` is the port where it takes commands."""
    words = ("demo-platform", "--server", plan.url, "--port", str(switch), *_busy(plan))
    await children.start(PLATFORM, (*plan.command, *words), environment(plan) | {SECRET_VARIABLE: secret})


async def start_phones(plan: DemoPlan, children: Children, sip: tuple[str, int]) -> None:
    """Let callers call from SIP phones and agents answer theirs; `sip` is where the Asterisk speaks to them."""
    words = ("demo-phones", "--sip-host", sip[0], "--sip-port", str(sip[1]), *_busy(plan))
    await children.start(PHONES, (*plan.command, *words), environment(plan))


def _busy(plan: DemoPlan) -> tuple[str, ...]:
    calls = ("--calls-per-minute", str(plan.calls_per_minute), "--customers", str(plan.size.customers))
    return (*calls, "--pace", str(plan.pace))


def environment(plan: DemoPlan) -> dict[str, str]:
    """Ours, but with the demo's own folder and never with somebody's real database."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CALLFLOOR_DATABASE")}
    return kept | {"CALLFLOOR_VAR": str(plan.folder)}


async def _state(client: httpx.AsyncClient, url: str) -> str:
    """READY, or what the server says hinders it."""
    try:
        told = (await client.get(f"{url}/readyz")).json()
        return READY if told["ready"] else f"database {told['database']}, floor {told['floor']}"
    except (httpx.TransportError, ValueError, KeyError):
        return "no answer"
