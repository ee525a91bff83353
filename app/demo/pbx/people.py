"""Everybody with a SIP phone, in one process: callers who call over the trunk, agents' phones that answer."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from random import Random
from typing import NamedTuple

import structlog

from app.core.tasks import Supervisor
from app.demo.bank import CALLS_PER_MINUTE, CUSTOMERS
from app.demo.clients import demo_customers
from app.demo.lifeline import stop_asked
from app.demo.pace import Pace
from app.demo.pbx.loopback import CARRIER_HOST, PHONES_HOST
from app.demo.pbx.sip.call import Call, CallOver, Refused, State
from app.demo.pbx.sip.phone import EXPIRES, SipPhone
from app.demo.pbx.sip.wire import NoAnswer
from app.demo.platform.plans import CallPlan, plan_call
from app.demo.platform.process import rate

log = structlog.get_logger(__name__)

CALLER_HERTZ = 700
AGENT_HERTZ = 1000
TRY_AGAIN_SECONDS = 5.0
LISTEN_SECONDS = 0.5
GOODBYE_SECONDS = 3.0
HIDDEN = "anonymous"


class PhonesPlan(NamedTuple):
    """Where the switch speaks SIP, whose phones sign on there with which password, how busy the day is.

    `lent` are phones of people who may come with their own: those are left to them for as long as they are signed on.
    """

    sip: tuple[str, int]
    agents: Sequence[str]
    lent: Sequence[str]
    password: str
    calls_per_minute: float = CALLS_PER_MINUTE
    pace: float = 1.0
    customers: int = CUSTOMERS
    seed: int | None = None


@dataclass
class Tally:
    """How the calls went, seen from the phones."""

    placed: int = 0
    connected: int = 0
    rung: int = 0
    refused: int = 0


async def run_phones(plan: PhonesPlan) -> dict[str, int]:
    """Let everybody call and answer until SIGTERM or SIGINT; returns how the calls went."""
    tally, dice, tasks = Tally(), Random(plan.seed), Supervisor()
    with stop_asked() as stop:
        async with SipPhone(plan.sip, "callers", host=CARRIER_HOST, hertz=CALLER_HERTZ) as outside:
            for name in (*plan.agents, *plan.lent):
                phone = AgentsPhone(plan, name, Random(dice.random()), tally)
                tasks.start(f"phone of {name}", phone.live())
            callers = Callers(outside, plan, dice, tally)
            callers.start()
            await stop.wait()
            await callers.close()
            await tasks.stop()
    return asdict(tally)


class AgentsPhone:
    """Signs on, and picks up whenever it rings."""

    def __init__(self, plan: PhonesPlan, name: str, dice: Random, tally: Tally) -> None:
        self._phone = SipPhone(plan.sip, name, plan.password, host=PHONES_HOST, hertz=AGENT_HERTZ)
        self._lent = name in plan.lent
        self._pace = Pace(plan.pace)
        self._dice = dice
        self._tally = tally

    async def live(self) -> None:
        """Be there until cancelled."""
        tasks = Supervisor()
        try:
            async with self._phone:
                tasks.start("sign on", self._stay_signed_on())
                while True:
                    tasks.start("pick up", self._pick_up(await self._phone.rung(None)))
        finally:
            await tasks.stop()

    async def _stay_signed_on(self) -> None:
        while True:
            try:
                if not self._lent or await self._phone.alone():
                    await self._phone.register()
                await asyncio.sleep(EXPIRES / 2)
            except (Refused, NoAnswer) as error:
                log.warning("a phone cannot sign on", phone=self._phone.user, error=str(error))
                await asyncio.sleep(TRY_AGAIN_SECONDS)

    async def _pick_up(self, call: Call) -> None:
        self._tally.rung += 1
        await self._pace.sleep(self._dice.uniform(0.5, 2.0))
        if call.state is State.RINGING:
            with suppress(TimeoutError):
                await call.answer()


class Callers:
    """People come independently of each other, wait as long as they like, talk, and hang up."""

    def __init__(self, outside: SipPhone, plan: PhonesPlan, dice: Random, tally: Tally) -> None:
        self._outside = outside
        self._people = demo_customers(plan.customers)
        self._plan = plan
        self._pace = Pace(plan.pace)
        self._dice = dice
        self._tally = tally
        self._tasks = Supervisor()

    def start(self) -> None:
        """Let people call."""
        self._tasks.start("callers", self._live())

    async def _live(self) -> None:
        simulated = 0.0
        while True:
            gap = self._dice.expovariate(rate(self._plan.calls_per_minute, simulated) / 60.0)
            simulated += gap
            await self._pace.sleep(gap)
            self._tasks.start("caller", self._call(plan_call(self._dice, self._people)))

    async def close(self) -> None:
        """Nobody calls any more, and everybody hangs up."""
        await self._tasks.stop()
        ends = [self._hang_up(call) for call in list(self._outside.calls.values())]
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await asyncio.gather(*ends)

    async def _call(self, plan: CallPlan) -> None:
        self._tally.placed += 1
        call = self._outside.dial(plan.dialled, caller=_shown(plan.caller))
        try:
            await call.until_answered(30.0)
        except (CallOver, TimeoutError):
            self._tally.refused += 1
            return
        with suppress(TimeoutError):
            await call.until(_speaks, self._pace.real(plan.patience), LISTEN_SECONDS)
            self._tally.connected += call.state is State.UP
            await call.until_ended(self._pace.real(plan.talk))
        await self._hang_up(call)

    async def _hang_up(self, call: Call) -> None:
        with suppress(TimeoutError, Refused):
            await call.hang_up()


def _speaks(call: Call) -> bool:
    """Whether an agent is heard; or nobody will be any more."""
    return call.state is State.ENDED or bool(call.sound.tones((AGENT_HERTZ,)))


def _shown(number: str | None) -> str:
    """What the network tells of the caller: something that can stand in an address."""
    known = bool(number) and all(letter.isalnum() or letter in "+-." for letter in number or "")
    return str(number) if known and str(number).isascii() else HIDDEN
