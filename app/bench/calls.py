"""(h) Whole calls over a real Asterisk, beside its own queue on the same Asterisk: who rings the agent sooner?

All rivals get the same callers at the same instants and the same phones, in turns. While others are measured,
Callfloor is not connected to the Asterisk. Two more say what is due to ARI alone, and what to a commit: a client that
rings the next phone at once, and one that writes a row down first.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import NamedTuple

import httpx
import msgspec

from app.bench.agents import Agent, all_ready
from app.bench.bank import caller
from app.bench.figures import Latency, latency
from app.bench.phones import AgentPhones, Callers
from app.bench.processes import PATIENCE, Cores, DidNotStart
from app.bench.sip import Endpoint
from app.core.errors import Unavailable
from app.db.pool import Connection

OURS, QUEUE = "Callfloor", "app_queue"
RINGS, RECORDS = "A: rings the next phone", "B: the same, one row committed first"
RIVALS = (QUEUE, RINGS, RECORDS, OURS)
SOURCE = "bench-asterisk"
MANY, FEW = "many", "few"
FEW_AGENTS = 20
DIALLED = {
    (OURS, MANY): "6001",
    (OURS, FEW): "6002",
    (QUEUE, MANY): "7001",
    (QUEUE, FEW): "7002",
    (RINGS, MANY): "8001",
    (RECORDS, MANY): "8001",
}
RINGER, RINGER_APP = "BENCH_RINGER", "bench-ringer"
"""The variable in which such a client is told its `RingerTask`, and its application at the Asterisk."""
TALK_SECONDS = 2.0
FEW_TALK = (0.5, 1.5)
TURN_SECONDS = 1.0
"""Longer than it takes to learn what is on the switch, once one is connected to it."""

QUIET_SECONDS = 90.0
CLEARED_SECONDS = 10.0
ADDED = {
    "modules.conf": "load=app_queue.so\n",
    "extensions.conf": "".join(
        f"\n[callfloor-inbound](+)\nexten => {DIALLED[QUEUE, name]},1,Queue({name},r,,,300)\n same => n,Hangup()\n"
        for name in (MANY, FEW)
    )
    + f"exten => {DIALLED[RINGS, MANY]},1,Stasis({RINGER_APP})\n same => n,Hangup()\n",
}


class Round(msgspec.Struct, frozen=True):
    """What one rival did with one load: from the caller's INVITE to an agent's, from an agent's BYE to their next
    INVITE while somebody waits; calls that were not served; milliseconds of a core for each call, by process."""

    rival: str
    rate: float
    calls: int
    lost: int
    offered: Latency
    freed: Latency | None
    each: dict[str, float]


class Calls(msgspec.Struct, frozen=True):
    """All rounds: with agents who are idle, and with too few of them."""

    asterisk: str
    agents: int
    idle: list[Round]
    saturated: list[Round]


class RingerTask(msgspec.Struct, frozen=True):
    """What a client that only rings works with; `commits` says whether it writes each call down first."""

    ari: str
    user: str
    password: str
    app: str
    agents: list[str]
    database: str
    commits: bool


class NoAsterisk(Unavailable):
    """There is none on this machine; the message says why."""


class Site(NamedTuple):
    """A running Asterisk that Callfloor has configured: where it speaks SIP and ARI, who signs on, from which addresses
    its trunk's callers come and its phones; `clear` ends all calls on it, `stop` ends it."""

    version: str
    pid: int
    sip: tuple[str, int]
    ari: str
    ari_user: str
    ari_password: str
    outside: str
    inside: str
    phones: Sequence[tuple[str, str]]
    clear: Callable[[], object]
    stop: Callable[[], None]

    @property
    def agents(self) -> list[str]:
        """The names of the agents, which are those of their phones."""
        return [name for name, _ in self.phones]


StartSite = Callable[[Path, Sequence[str], Mapping[str, str]], Site]
"""Starts one in a folder, with these phones, and with these texts added to its files. Raises `NoAsterisk`."""


@asynccontextmanager
async def switch_of(start: StartSite, folder: Path, agents: int) -> AsyncIterator[Site]:
    """An Asterisk with app_queue beside what Callfloor needs. Raises `NoAsterisk`."""
    names = [f"pbx-{place:03d}" for place in range(agents)]
    site = start(folder, names, ADDED | {"queues.conf": _queues(names)})
    try:
        yield site
    finally:
        await asyncio.to_thread(site.stop)


def _queues(agents: Sequence[str]) -> str:
    """The queues as app_queue is quickest: no second call to who talks, a new attempt each second (its least)."""
    general = "[general]\npersistentmembers=no\nautofill=yes\nshared_lastcall=no\n"
    rules = "strategy=rrmemory\nringinuse=no\ntimeout=20\nretry=1\nwrapuptime=0\njoinempty=yes\nleavewhenempty=no\n"
    return general + "".join(
        f"\n[{name}]\n{rules}" + "".join(f"member => PJSIP/{agent}\n" for agent in those)
        for name, those in ((MANY, agents), (FEW, agents[:FEW_AGENTS]))
    )


async def found_source(site: Site, connection: Connection) -> None:
    """The Asterisk as a source that is switched off, its agents, whose phones answer for them, and their queues."""
    await connection.executemany("insert into skills (id, name) values ($1, $1)", [(MANY,), (FEW,)])
    await connection.executemany(
        "insert into queues (id, name, wrap_up_seconds, offer_seconds) values ($1, $1, 0, 60)", [(MANY,), (FEW,)]
    )
    await connection.executemany(
        "insert into queue_skills (queue_id, skill_id, level) values ($1, $1, 1)", [(MANY,), (FEW,)]
    )
    await connection.executemany(
        "insert into users (id, name, role, password_hash) values ($1, $1, 'agent', '-')", [(a,) for a in site.agents]
    )
    await connection.executemany(
        "insert into agents (id, name, address, auto_accept) values ($1, $1, 'PJSIP/' || $1, true)",
        [(agent,) for agent in site.agents],
    )
    held = [(agent, MANY) for agent in site.agents] + [(agent, FEW) for agent in site.agents[:FEW_AGENTS]]
    await connection.executemany("insert into agent_skills (agent_id, skill_id, level) values ($1, $2, 1)", held)
    await connection.execute(
        """insert into cti_sources (id, name, secrets, platform, account, command_url, active)
           values ($1, 'Asterisk', $2, 'asterisk_ari', $3, $4, false)""",
        SOURCE, [site.ari_password], site.ari_user, site.ari,
    )  # fmt: skip
    await connection.executemany(
        "insert into dialled_numbers (source_id, number, queue_id) values ($1, $2, $3)",
        [(SOURCE, DIALLED[OURS, name], name) for name in (MANY, FEW)],
    )


class Contest:
    """Lets callers call one rival or the other, and keeps what the packets say."""

    def __init__(
        self,
        site: Site,
        connection: Connection,
        url: str,
        ringer: Sequence[str],
        cores: Cores,
        say: Callable[[str], None],
    ) -> None:
        self._site = site
        self._connection = connection
        self._url = url
        self._ringer = ringer
        self._cores = cores
        self._say = say
        self._dialled_at: dict[str, float] = {}
        self._offered: list[float] = []
        self._left_at: dict[str, float] = {}
        self._freed: list[float] = []
        self._place = 0

    async def run(self, rates: Sequence[float], seconds: float, saturated: tuple[float, float]) -> Calls:
        """All rounds, the rivals in turns; `saturated` is the rate and the seconds of too many calls."""
        site, switch = self._site, f"{self._site.sip[0]}:{self._site.sip[1]}"
        outside, inside = Endpoint(site.outside, site.sip), Endpoint(site.inside, site.sip)
        self._callers, self._phones = Callers(outside, switch), AgentPhones(inside, self._rung, self._left)
        idle, busy = [], []
        try:
            self._say(f"{len(site.phones)} phones sign on")
            await self._phones.sign_on(switch, site.phones)
            for rival in RIVALS:
                async with self._turn(rival) as cores:
                    await self._load(rival, MANY, min(rates), seconds / 4, cores)  # nobody counts these
            for rate in rates:
                for rival in RIVALS:
                    async with self._turn(rival) as cores:
                        self._say(f"calls over Asterisk to idle agents, {rate:g} a second, {rival}")
                        share = 1.0 if rival in (QUEUE, OURS) else 0.5
                        idle.append(await self._load(rival, MANY, rate, seconds * share, cores))
            for rival in (QUEUE, OURS):
                async with self._turn(rival) as cores:
                    self._say(f"calls over Asterisk to {FEW_AGENTS} agents, {saturated[0]:g} a second, {rival}")
                    busy.append(await self._load(rival, FEW, *saturated, cores))
        finally:
            outside.close()
            inside.close()
        return Calls(site.version, len(site.phones), idle, busy)

    @asynccontextmanager
    async def _turn(self, rival: str) -> AsyncIterator[Cores]:
        """Callfloor has the Asterisk, or it has not; gives the processes that have to do with this rival's calls."""
        await self._connection.execute("update cti_sources set active = $2 where id = $1", SOURCE, rival == OURS)
        await self._connected(rival == OURS)
        if rival not in (RINGS, RECORDS):
            yield self._cores
            return
        async with self._ringing(commits=rival == RECORDS) as pid:
            yield Cores(**(self._cores.processes | {"server": pid}))

    async def _connected(self, somebody: bool) -> None:
        """Until somebody is connected to the Asterisk by ARI, or nobody is; however busy the machine, calls that come
        sooner would be lost."""
        site, there = self._site, not somebody
        where = f"{site.ari.replace('ws', 'http', 1)}/applications"
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient(timeout=PATIENCE) as http:
            while there != somebody:
                await asyncio.sleep(0.1)
                answer = await http.get(where, auth=(site.ari_user, site.ari_password))
                there = bool(answer.raise_for_status().json())
        await asyncio.sleep(TURN_SECONDS)

    @asynccontextmanager
    async def _ringing(self, commits: bool) -> AsyncIterator[int]:
        """A client that rings the next phone: its process id."""
        site = self._site
        task = RingerTask(site.ari, site.ari_user, site.ari_password, RINGER_APP, site.agents, self._url, commits)
        environment = {**os.environ, RINGER: msgspec.json.encode(task).decode()}
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*self._ringer, env=environment, stdin=pipe, stdout=pipe)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE):
                if await process.stdout.readline() != b"ready\n":
                    raise DidNotStart("A client of ARI that the bench measures ended at once; it says above why.")
            yield process.pid
            if process.returncode is not None:
                raise DidNotStart("A client of ARI that the bench measures ended by itself; it says above why.")
        finally:
            process.stdin.close()
            await process.wait()

    async def _load(self, rival: str, queue: str, rate: float, seconds: float, cores: Cores) -> Round:
        """Let `rate` calls a second come for so long, independently of each other, until the last one is over."""
        dice, loop = Random(int(rate)), asyncio.get_running_loop()  # noqa: S311 - the dice of a load
        talks = Random(int(rate) + 1)  # noqa: S311
        self._phones.talk = (lambda: TALK_SECONDS) if queue == MANY else (lambda: talks.uniform(*FEW_TALK))
        self._dialled_at, self._offered, self._left_at, self._freed = {}, [], {}, []
        self._callers.refused, calls = 0, 0
        cores.start()
        begun = at = loop.time()
        while (at := at + dice.expovariate(rate)) < begun + seconds:
            await asyncio.sleep(at - loop.time())
            number = caller(self._place)
            self._place += 1
            calls += 1
            self._dialled_at[number] = self._callers.dial(DIALLED[rival, queue], number)
        lost = await self._quiet()
        used = cores.shares(1.0)
        each = {name: seconds * 1e3 / calls for name, seconds in used.items()}
        freed = latency(self._freed) if self._freed and queue == FEW else None
        told = Round(rival, rate, calls, lost, latency(self._offered), freed, each)
        self._say(f"  {_in_a_line(told)}")
        return told

    async def _quiet(self) -> int:
        """Until the last call is over; how many were lost."""
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                while self._callers.open or self._phones.calls:  # noqa: ASYNC110 - the calls end one by one
                    await asyncio.sleep(0.05)
        except TimeoutError:  # the next round must not suffer from what this one has left
            await asyncio.to_thread(self._site.clear)
            await asyncio.sleep(CLEARED_SECONDS)
        left, self._callers.open = len(self._callers.open), set()
        return left + self._callers.refused

    def _rung(self, agent: str, number: str, at: float) -> None:
        left, dialled = self._left_at.pop(agent, None), self._dialled_at.pop(number, None)
        if dialled is None:  # offered before, to somebody else
            return
        self._offered.append(at - dialled)
        if left is not None and dialled < left:  # somebody waited when the agent left
            self._freed.append(at - left)

    def _left(self, agent: str, at: float) -> None:
        self._left_at[agent] = at


def _in_a_line(told: Round) -> str:
    took = told.freed or told.offered
    figures = ", ".join(f"{share * 1e3:.1f}" for share in (took.median, took.p95, took.p99))
    return f"{told.calls} calls, {told.lost} lost; median, p95, p99: {figures} ms"


@asynccontextmanager
async def at_their_desks(port: int, tokens: Sequence[tuple[str, str]]) -> AsyncIterator[list[Agent]]:
    """The agents at real sockets, ready; their phones answer for them."""
    agents = await all_ready(tokens, port, lambda call, at: None, busy=False)
    try:
        yield agents
    finally:
        for agent in agents:
            agent.close()
