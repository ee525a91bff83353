"""What carries the demo's calls: the simulated platform, or a real Asterisk with SIP phones."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import ClassVar, Protocol

from app.demo.bank import AGENTS, PASSWORD
from app.demo.cast import PHONES, PLATFORM, DemoPlan, start_phones, start_platform
from app.demo.children import Children
from app.demo.pbx.install import Installation, install
from app.demo.pbx.loopback import HERE, free_port, is_free, loopback_plan
from app.demo.pbx.server import AsteriskFailed, AsteriskServer
from app.demo.seed import Switch
from app.telephony.asterisk_config.files import configuration
from app.telephony.asterisk_config.plan import Address, AgentPhone, AsteriskPlan, Fallback

USUAL_PORT = 5060
AWAY = Fallback(prompt="all-circuits-busy-now")
LOOK_SECONDS = 1.0

Tell = Callable[[str, str], None]


class Carrier(Protocol):
    """`callers` is the child process that calls; `word` says who the people are."""

    callers: ClassVar[str]
    word: ClassVar[str]

    @property
    def line(self) -> str | None:
        """What is to be seen of it in the live view, where it has no figures."""

    @property
    def switch(self) -> Switch:
        """Where Callfloor sends its orders."""

    @property
    def figures(self) -> str | None:
        """Where the carrier tells how things go."""

    async def start_callers(self, plan: DemoPlan, children: Children, secret: str) -> None:
        """Let people call."""

    async def watch(self) -> None:
        """Raise what the carrier has died of; return if it cannot."""


@asynccontextmanager
async def carrier_of(plan: DemoPlan, tell: Tell) -> AsyncIterator[Carrier]:
    """The carrier of a plan, for as long as calls are made. Raises `AsteriskMissing` or `AsteriskFailed`."""
    if plan.asterisk is None:
        yield SimulatedCarrier()
        return
    installation = await asyncio.to_thread(install, plan.asterisk, lambda word: tell("asterisk", word))
    asterisk = AsteriskCarrier(plan, installation)
    asterisk.server.start()  # here: it ends with the thread that started it
    tell("asterisk", f"{asterisk.version} at {asterisk.sip}, phones sign on as an agent with the password {PASSWORD}")
    try:
        yield asterisk
    finally:
        await asyncio.to_thread(asterisk.server.stop)


class SimulatedCarrier:
    """Callers and phones are the simulated platform's, which speaks webhooks."""

    callers: ClassVar[str] = PLATFORM
    word: ClassVar[str] = "simulated callers and agents, over webhooks and sockets like anybody's"
    line: str | None = None

    def __init__(self) -> None:
        self._port = free_port()

    @property
    def switch(self) -> Switch:
        """Where it takes commands."""
        return Switch(f"http://{HERE}:{self._port}/commands")

    @property
    def figures(self) -> str:
        """Where it tells how untidy its wire was."""
        return f"http://{HERE}:{self._port}/status"

    async def start_callers(self, plan: DemoPlan, children: Children, secret: str) -> None:
        """Start the platform, where callers call and phones are answered."""
        await start_platform(plan, children, secret, self._port)

    async def watch(self) -> None:
        """It is a child like the others."""


class AsteriskCarrier:
    """An Asterisk on this machine, to be started; everybody who calls or answers has a SIP phone."""

    callers: ClassVar[str] = PHONES
    word: ClassVar[str] = "callers and agents with SIP phones of their own, the agents at sockets like anybody's"
    figures: str | None = None

    def __init__(self, plan: DemoPlan, installation: Installation) -> None:
        self.version = installation.version()
        folder = plan.folder / "asterisk"
        phones = [AgentPhone(agent.id, PASSWORD, caller_id=f'"{agent.id}" <{agent.address}>') for agent in AGENTS]
        self._plan = _reached(loopback_plan(installation, folder, phones, fallback=AWAY), plan.host)
        self.server = AsteriskServer(installation, folder, configuration(self._plan))
        self.line: str | None = f"{self.version}  SIP {self.sip}  ARI {self._plan.http}"

    @property
    def sip(self) -> Address:
        """Where phones sign on."""
        return self._plan.sip

    @property
    def switch(self) -> Switch:
        """Its ARI."""
        return Switch(f"ws://{self._plan.http}/ari", self._plan.ari_user, self._plan.ari_password)

    async def start_callers(self, plan: DemoPlan, children: Children, secret: str) -> None:
        """Switch all phones on."""
        await start_phones(plan, children, (HERE, self.sip.port))

    async def watch(self) -> None:
        """Look whether it is there; a demo goes no further without."""
        while self.server.pid is not None:  # noqa: ASYNC110 - nothing else tells it
            await asyncio.sleep(LOOK_SECONDS)
        raise AsteriskFailed(f"Asterisk has ended:\n{self.server.log(5)}")


def _reached(plan: AsteriskPlan, host: str) -> AsteriskPlan:
    """SIP where phones look for it by themselves, if nobody is there; for other machines if the server is, too."""
    port = USUAL_PORT if is_free(HERE, USUAL_PORT) else plan.sip.port
    everywhere = "0.0.0.0"  # noqa: S104 - asked for by whoever starts the demo
    return plan._replace(sip=Address(everywhere if host == everywhere else HERE, port))
