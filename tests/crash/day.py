"""A day in the bank: everybody comes, works, and goes home."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random

import asyncpg

from tests.crash.judge import Judge
from tests.crash.load import DAY, Caller, Worker
from tests.fixtures.bank import open_bank, signed_in
from tests.fixtures.serving import serving
from tests.fixtures.switch import Switch
from tests.fixtures.tab import SILENCE, Tab
from tests.fixtures.waiting import SECONDS, eventually
from tests.fixtures.way import Way

CALLERS = 25
REST_SECONDS = 60


class Day:
    """Callers and workers of a running bank; their tasks belong to `group`."""

    def __init__(self, switch: Switch, tokens: dict[str, str], addresses: Sequence[str], dice: Random) -> None:
        self.switch = switch
        silence = SILENCE if len(addresses) > 1 else SECONDS  # where nobody else serves, there is nobody to turn to
        self.tabs = [Tab(Way(addresses), login, token, silence=silence) for login, token in tokens.items()]
        self.workers = [Worker(tab, Random(dice.random())) for tab in self.tabs]
        self.callers = [Caller(switch, Random(dice.random())) for _ in range(CALLERS)]
        self._closing = asyncio.Event()
        self._calling: list[asyncio.Task[None]] = []
        self._working: list[asyncio.Task[None]] = []

    def begin(self, group: asyncio.TaskGroup) -> None:
        """Everybody starts."""
        self._calling = [group.create_task(caller.call_again_and_again(self._closing)) for caller in self.callers]
        for worker in self.workers:
            self._working += [group.create_task(worker.tab.run()), group.create_task(worker.work())]

    async def close(self, dsn: str) -> None:
        """Let the last calls end and the floor come to rest, then judge."""
        self._closing.set()
        connection = await asyncpg.connect(dsn)
        try:
            await asyncio.wait_for(asyncio.gather(*self._calling), REST_SECONDS)
            await eventually(lambda: self._restless(connection), lambda left: not left, REST_SECONDS)
            # everybody has heard all that there was, once what they ask after it is answered
            await asyncio.wait_for(asyncio.gather(*(tab.ask("ping") for tab in self.tabs)), REST_SECONDS)
            self.send_home()
            await Judge(connection).everything(self.switch.record, self.callers, self.workers)
        finally:
            await connection.close()

    def send_home(self) -> None:
        """End everybody's tasks."""
        for task in (*self._calling, *self._working):
            task.cancel()

    async def _restless(self, connection: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
        """What is not at rest yet, by the clients and by the database."""
        rows = await connection.fetch(
            """SELECT 'contact ' || state::text FROM live_contacts
               UNION ALL SELECT 'agent ' || state::text FROM live_agents WHERE state->>'state' <> 'ready'
               UNION ALL SELECT 'order ' || type || ' ' || payload FROM outbox WHERE status = 'pending'"""
        )
        tabs = [f"tab {tab.login} {tab.agent}" for tab in self.tabs if tab.agent.get("state") != "ready"]
        return [*tabs, *(row[0] for row in rows)]


@asynccontextmanager
async def busy_day(dsn: str, addresses: Sequence[str], dice: Random) -> AsyncIterator[Day]:
    """A day that has begun, at servers that run; at the end of the block, whoever is still there is sent away."""
    async with Switch(addresses) as switch, serving(switch.app) as (orders, _):
        await open_bank(dsn, DAY, f"http://{orders}/orders")
        for address in addresses:
            await switch.is_known_to(address)
        day = Day(switch, await signed_in(addresses[0], DAY.agents), addresses, dice)
        async with asyncio.TaskGroup() as group:
            day.begin(group)
            try:
                yield day
            finally:
                day.send_home()
