"""The whole bench in one run: one database, one machine, one clock; what is compared takes turns."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from app.auth.access_tokens import Principal, TokenService
from app.auth.service import signing_key
from app.bench import calls, core, decisions, feeds, flows, growth, machine, pops, profiles, theory
from app.bench.bank import FEWEST, configuration, found_bank
from app.bench.calls import Calls, NoAsterisk, StartSite
from app.bench.core import Pace
from app.bench.decisions import Decisions
from app.bench.feeds import Feeds
from app.bench.field import Ground, open_field
from app.bench.flows import Flows
from app.bench.growth import Growth
from app.bench.hooks import OURS, YARDSTICKS, Contest, Hooks, Rival
from app.bench.plan import Lone, Plan, Results
from app.bench.pops import Pops
from app.bench.processes import HOST, Cores, free_port, server
from app.bench.profiles import Profiled
from app.bench.signed import Signer
from app.bench.switch import Switch
from app.core import clock, collector
from app.core.loops import runner
from app.core.signing import new_secret
from app.db.embedded import EmbeddedServer
from app.db.engine import Sessions, create_engine, dsn_of
from app.db.migrate import prepare
from app.db.pool import open_pool

POOL = 20
KNOWN_CALLERS = 200

TOKEN_SECONDS = 3600

Words = Callable[[int], list[str]]
"""The command line of a server that listens on a port."""


class Programs(msgspec.Struct, frozen=True):
    """How to start the server as production runs it, and the yardsticks in the same way; an Asterisk, and a client of
    it that only rings."""

    serve: Words
    yardsticks: Words
    ringer: Sequence[str]
    asterisk: StartSite


def measure(plan: Plan, programs: Programs, folder: Path, say: Callable[[str], None]) -> Results:
    """Run everything on a database of its own in a new folder below `folder`, which is gone afterwards."""
    with _alone(folder) as (place, embedded, runner):
        return runner.run(Bench(plan, programs, place, embedded, say).run())


def measure_decisions(plan: Plan, folder: Path, say: Callable[[str], None]) -> Decisions:
    """Only the part about the engine alone, in the same way."""
    with _alone(folder) as (_, embedded, runner):
        collector.calm()
        return runner.run(_decisions(plan, embedded.url, say))


def measure_calls(plan: Plan, programs: Programs, folder: Path, say: Callable[[str], None]) -> Calls | str:
    """Only the part about calls over Asterisk, in the same way."""
    with _alone(folder) as (place, embedded, runner):
        return runner.run(Bench(plan, programs, place, embedded, say).calls_alone())


def measure_feeds(plan: Plan, folder: Path, say: Callable[[str], None]) -> Feeds:
    """Only the part about feeds, in the same way."""
    with _alone(folder) as (place, embedded, runner):
        collector.calm()
        return runner.run(feeds.measure(embedded.url, embedded.pid or 0, place, plan.feed_rows, plan.bulk_rows, say))


def measure_profiles(plan: Plan, folder: Path, say: Callable[[str], None]) -> Profiled:
    """Only the part about profiles, in the same way."""
    with _alone(folder) as (_, embedded, runner):
        return runner.run(_profiles(plan, embedded, say))


@contextmanager
def _alone(folder: Path) -> Iterator[tuple[Path, EmbeddedServer, asyncio.Runner]]:
    """A place and a server for one part."""
    folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="bench-", dir=folder))
    try:
        with EmbeddedServer(place / "database") as embedded, runner() as loops:
            yield place, embedded, loops
    finally:
        shutil.rmtree(place, ignore_errors=True)


async def _profiles(plan: Plan, embedded: EmbeddedServer, say: Callable[[str], None]) -> Profiled:
    """In a database of its own, so that nothing else is slower for its size."""
    connection = await asyncpg.connect(embedded.dsn)
    try:
        await connection.execute("create database many")
    finally:
        await connection.close()
    return await profiles.measure(
        embedded.url_of("many"), plan.many_customers, plan.many_contacts, plan.many_reads, say
    )


async def _decisions(plan: Plan, url: str, say: Callable[[str], None]) -> Decisions:
    connection = await asyncpg.connect(dsn_of(url))
    try:
        beside = await decisions.beside(
            connection, *plan.deciding_beside, plan.deciding_rounds, plan.deciding_seconds, say
        )
    finally:
        await connection.close()
    speeds = decisions.all_sizes(plan.deciding_agents, plan.deciding_waiting, plan.deciding_seconds, say)
    return Decisions(speeds, beside)


class Bench:
    """One run. Made for `measure`."""

    def __init__(
        self, plan: Plan, programs: Programs, place: Path, embedded: EmbeddedServer, say: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._programs = programs
        self._place = place
        self._say = say
        self._embedded = embedded
        self._url = embedded.url
        self._secret = new_secret()
        self._orders_port = free_port()
        self._database = embedded.pid or 0
        self._lone: list[Lone] = []

    async def run(self) -> Results:
        """All stages, one after the other."""
        began_at = clock.now()
        plan = self._plan
        collector.calm()
        # first: an import is a process that has done nothing else, and one that has done much is slower
        fed = await feeds.measure(self._url, self._database, self._place, plan.feed_rows, plan.bulk_rows, self._say)
        async with AsyncExitStack() as held:
            pool = await self._open_bank(held)
            told = machine.look(self._place, await pool.fetchval("select split_part(version(), ' on ', 1)"))
            self._ground = Ground(self._url, pool, await core.known_callers(pool, KNOWN_CALLERS))
            collector.calm()
            paces = await self._floor_alone()
            grown = await self._growth()
            decided = await _decisions(self._plan, self._url, self._say)
            agreed = theory.all_models(self._plan.theory_contacts, self._plan.theory_seconds, self._say)
            port, cores = await held.enter_async_context(self._served(self._programs.serve, "/readyz"))
            hooks = await self._webhooks(port, cores)
            flown = await self._flows(port, cores)
            popped = await self._pops(port, cores)
            called = await self._calls(port, cores)
        # last: a server that has just made ten million rows cleans up for minutes, at the cost of whatever is beside it
        profiled = await _profiles(self._plan, self._embedded, self._say)
        return Results(
            plan=self._plan,
            machine=told,
            began_at=began_at,
            took=clock.now() - began_at,
            lone=self._lone,
            paces=paces,
            by_agents=grown[0],
            by_waiting=grown[1],
            hooks=hooks,
            pops=popped,
            decisions=decided,
            theory=agreed,
            flows=flown,
            calls=called,
            feeds=fed,
            profiles=profiled,
        )

    async def calls_alone(self) -> Calls | str:
        """The last stage."""
        async with AsyncExitStack() as held:
            self._ground = Ground(self._url, await self._open_bank(held), [])
            collector.calm()
            return await self._calls(*await held.enter_async_context(self._served(self._programs.serve, "/readyz")))

    async def _open_bank(self, held: AsyncExitStack) -> "asyncpg.Pool[Any]":
        plan = self._plan
        self._say(f"a bank of {plan.agents} agents and {plan.customers} customers")
        await prepare(self._url)
        engine = create_engine(self._url)
        held.push_async_callback(engine.dispose)
        self._sessions = Sessions(engine)
        await found_bank(
            self._sessions,
            agents=plan.agents,
            customers=plan.customers,
            secret=self._secret,
            command_url=f"http://{HOST}:{self._orders_port}/commands",
        )
        pool = await open_pool(self._url, POOL)
        held.push_async_callback(pool.close)
        return pool

    async def _floor_alone(self) -> list[Pace]:
        plan, config = self._plan, configuration(self._plan.agents)
        paces = []
        async with open_field(self._ground, "core", config) as field:
            await field.staff(list(config.agents))
            for count in plan.callers:
                self._say(f"the floor alone, {count} callers of submit")
                paces.append(await core.pace(field, core.callers(field, count), plan.core_seconds, plan.warm_up))
        return paces

    async def _lone_commit(self) -> None:
        """Measured again and again over the run, since the disk is not always equally fast."""
        plan, config = self._plan, configuration(FEWEST)
        async with (
            open_field(self._ground, f"lone-{len(self._lone)}", config) as field,
            self._ground.pool.acquire() as connection,
        ):
            await field.staff(list(config.agents))
            alone = await core.pace(field, core.callers(field, 1), plan.lone_seconds, plan.warm_up / 2)
            self._lone.append(Lone(alone.latency.median, await core.lone_insert(connection, plan.inserts)))

    async def _growth(self) -> tuple[Growth, Growth]:
        plan = self._plan
        size = (plan.growth_rounds, plan.growth_seconds, plan.growth_pops)
        self._say(f"growth with the number of agents: {', '.join(map(str, plan.growing_agents))}")
        agents = await growth.by_agents(self._ground, plan.growing_agents, *size)
        self._say(f"growth with the number of waiting callers: {', '.join(map(str, plan.growing_waiting))}")
        return agents, await growth.by_waiting(self._ground, plan.growing_waiting, *size)

    @asynccontextmanager
    async def _served(self, words: Words, ready: str) -> AsyncIterator[tuple[int, Cores]]:
        """A server that answers at the path `ready`: its port, and the processor time that it and the others use."""
        port = free_port()
        environment = {"CALLFLOOR_DATABASE_URL": self._url, "CALLFLOOR_LOG_LEVEL": "warning"}
        async with server(words(port), environment, port, ready, self._place / f"server-{port}.log") as pid:
            yield port, Cores(server=pid, client=os.getpid(), database=self._database)

    async def _webhooks(self, port: int, cores: Cores) -> Hooks:
        plan, signer, ids = self._plan, Signer(self._secret), list(configuration(self._plan.agents).agents)
        contest, rounds = Contest(signer, ids, plan.customers), []
        async with self._served(self._programs.yardsticks, "/openapi.json") as (other, others):
            a, b = (Rival(name, other, others, path) for name, path in YARDSTICKS.items())
            for number in range(1, plan.hook_rounds + 1):
                self._say(f"webhooks beside the yardsticks, round {number} of {plan.hook_rounds}")
                rivals = (a, Rival(OURS, port, cores), b)
                rounds += [await contest.round(each, plan.connections, plan.hook_seconds) for each in rivals]
        return Hooks(rounds, plan.connections)

    async def _flows(self, port: int, cores: Cores) -> Flows:
        plan = self._plan
        self._say(f"flows alone, and answered at {', '.join(f'{rate:g}' for rate in plan.flow_rates)} calls a second")
        alone = flows.steps_per_second(plan.flow_seconds / 4)
        cloud = flows.Cloud(port)
        yardstick = flows.Yardstick(Signer(self._secret), next(iter(configuration(plan.agents).agents)))
        async with (
            flows.answered_api() as api,
            self._ground.pool.acquire() as connection,
            self._served(self._programs.yardsticks, "/openapi.json") as (other, _),
        ):
            await flows.found_platform(api, connection, port)
            told = [
                await flows.measure(cloud, port, yardstick, other, cores, rate, plan.flow_seconds)
                for rate in plan.flow_rates
            ]
        return Flows(alone, told)

    async def _pops(self, port: int, cores: Cores) -> list[Pops]:
        plan = self._plan
        switch = Switch(Signer(self._secret), port, plan.customers)
        listening = await pops.listen(switch, self._orders_port)
        tokens = await self._tokens(list(configuration(plan.agents).agents))
        self._say(f"{plan.agents} agents connect")
        told = []
        async with pops.at_their_desks(port, switch, tokens):
            await pops.warm_up(switch, max(plan.rates), plan.pop_seconds / 3)
            for rate in plan.rates:
                self._say(f"screen pops, {rate:g} calls a second")
                await self._lone_commit()
                told.append(await pops.measure(switch, cores, rate, plan.pop_seconds))
        listening.close()
        return told

    async def _calls(self, port: int, cores: Cores) -> Calls | str:
        plan = self._plan
        async with AsyncExitStack() as held:
            start = calls.switch_of(self._programs.asterisk, self._place / "asterisk", plan.phones)
            try:
                site = await held.enter_async_context(start)
            except NoAsterisk as error:
                self._say(f"no calls over Asterisk: {error.detail}")
                return error.detail
            connection = await held.enter_async_context(self._ground.pool.acquire())
            await calls.found_source(site, connection)
            await asyncio.sleep(calls.TURN_SECONDS)
            beside = Cores(**(cores.processes | {"asterisk": site.pid}))
            await held.enter_async_context(calls.at_their_desks(port, await self._tokens(site.agents)))
            contest = calls.Contest(site, connection, self._url, self._programs.ringer, beside, self._say)
            return await contest.run(plan.phone_rates, plan.phone_seconds, plan.phones_saturated)

    async def _tokens(self, ids: list[str]) -> list[tuple[str, str]]:
        """Agents and their access tokens, without a thousand sign-ins."""
        async with self._sessions.write() as session:
            tokens = TokenService(await signing_key(session), clock.now, TOKEN_SECONDS)
        return [(agent, tokens.issue(Principal(agent, agent, "agent"))) for agent in ids]
