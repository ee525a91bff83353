"""A whole call centre: a real server, a real Asterisk as its source, agents at sockets and SIP phones."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec

from app.core.tasks import Supervisor
from app.floor.configuration.config import AgentRecord, FloorConfig, QueueRules, SourceRules
from tests.fixtures.bank import Tokens, open_bank
from tests.fixtures.child import Child, children
from tests.fixtures.database import Database, Server
from tests.fixtures.tab import Tab
from tests.fixtures.waiting import SECONDS, eventually
from tests.fixtures.way import Way
from tests.floor.factories import CONFIG
from tests.pbx.site import BROWSER, PbxSite

SOURCE = "asterisk"
Prepare = Callable[[Database], Awaitable[None]]
NAMES = ("anna", "bo", "carl", "dora", BROWSER.endpoint)
SKILLS = {"anna": 5, "bo": 4, "carl": 3, "dora": 2, BROWSER.endpoint: 1}
BANK: FloorConfig = msgspec.structs.replace(
    CONFIG,
    agents={
        name: AgentRecord(id=name, name=name.title(), address=f"PJSIP/{name}", skills=(("cards", SKILLS[name]),))
        for name in NAMES
    },
    queues={
        "cards": QueueRules(
            id="cards", name="Cards", requires=(("cards", 1),), offer_seconds=5, wrap_up_seconds=1,
            selection=CONFIG.queues["cards"].selection,
        ),
        "taped": QueueRules(id="taped", name="Taped", requires=(("cards", 1),), wrap_up_seconds=1, record="on"),
    },
    sources={SOURCE: SourceRules(id=SOURCE, default_queue="cards")},
)  # fmt: skip


class Seat:
    """An agent at a socket, whose phone answers for them."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self._signed_on = 0

    async def ask(self, kind: str, **data: Any) -> dict[str, Any]:
        """A command that must be taken."""
        answer = await self.tab.ask(kind, **data)
        assert answer["ok"], answer
        return answer

    async def becomes_ready(self) -> None:
        """Say to be ready until that is taken: a phone that has just signed on is told of a moment later."""

        async def say() -> dict[str, Any]:
            self._signed_on = len(self.tab.frames)
            return await self.tab.ask("agent.ready")

        await eventually(say, lambda answer: bool(answer["ok"]))

    async def logs_off(self) -> None:
        """Say to go until that is taken: the end of a call is told of a moment later."""
        await eventually(lambda: self.tab.ask("agent.log_off"), lambda answer: bool(answer["ok"]))

    async def frame(
        self, kind: str, seen: Callable[[dict[str, Any]], bool] = lambda frame: True, seconds: float = SECONDS
    ) -> dict[str, Any]:
        """The newest frame of a kind since the agent became ready, once there is one as wanted."""

        async def look() -> dict[str, Any] | None:
            frames = reversed(self.tab.frames[self._signed_on :])
            return next((one for one in frames if one["type"] == kind and seen(one)), None)

        found = await eventually(look, lambda frame: frame is not None, seconds)
        assert found is not None
        return found

    async def passes(self, state: str, seconds: float = SECONDS) -> None:
        """Until the agent is, or was since they became ready, in a state that may be over soon."""
        await self.frame("agent.state", lambda frame: frame["agent"]["state"] == state, seconds)

    async def until(self, state: str) -> None:
        """Until the agent is in this state now, whatever they were before."""
        await eventually(lambda: asyncio.sleep(0, self.tab.agent), lambda agent: agent.get("state") == state)


class CallCentre:
    """`server` runs on `database`, with the Asterisk of `site` as its source."""

    def __init__(self, server: Child, database: Database, site: PbxSite) -> None:
        self.server = server
        self.database = database
        self.site = site
        self._tokens = Tokens(server.address)

    @asynccontextmanager
    async def seat(self, name: str, *, ready: bool = True) -> AsyncIterator[Seat]:
        """An agent who has signed on."""
        tab, tasks = Tab(Way([self.server.address]), name, await self._tokens.of(name), silence=SECONDS), Supervisor()
        tasks.start(f"tab of {name}", tab.run())
        await eventually(lambda: asyncio.sleep(0, tab.connections), lambda number: number > 0)
        seat = Seat(tab)
        if ready:
            await seat.becomes_ready()
        try:
            yield seat
        finally:
            await tasks.stop()

    async def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of the database."""
        connection = await asyncpg.connect(self.database.dsn)
        try:
            return [dict(row) for row in await connection.fetch(query, *values)]
        finally:
            await connection.close()

    async def history(self, number: str) -> dict[str, Any]:
        """The interaction of a caller, once it is written."""
        return (await self.histories(number, 1))[0]

    async def histories(self, number: str, count: int) -> list[dict[str, Any]]:
        """So many interactions of a caller, once they are written."""
        query = "SELECT * FROM interactions WHERE from_raw = $1"
        return await eventually(lambda: self.rows(query, number), lambda found: len(found) == count)

    async def until_quiet(self) -> None:
        """Until the switch has nothing of ours any more: no channel, no bridge."""

        async def left() -> list[str]:
            async with self.site.client() as http:
                found = [(await http.get(kind)).json() for kind in ("/channels", "/bridges")]
            return [str(each.get("name") or each["id"]) for each in (*found[0], *found[1])]

        await eventually(left, lambda there: not there)

    async def until_left(self) -> None:
        """Until nothing of a test is there any more, on the switch or on the floor. Forgets what is written of it."""
        await self.until_quiet()
        for agent in await self.rows("SELECT id FROM live_agents"):
            async with self.seat(agent["id"], ready=False) as seat:
                await seat.logs_off()
        await eventually(lambda: self.rows("SELECT id FROM live_contacts"), lambda found: not found)
        await self.rows("DELETE FROM live_agents")
        for table in ("recordings", "interaction_entries", "interactions"):
            await self._forget(table)

    async def _forget(self, table: str) -> None:
        try:
            await self.rows(f"DELETE FROM {table}")
        except asyncpg.DeadlockDetectedError:  # the server was writing of it
            await self.rows(f"DELETE FROM {table}")

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask the server as a supervisor."""
        token = await self._tokens.of("sue")
        async with httpx.AsyncClient(timeout=SECONDS) as http:
            return await http.get(
                f"http://{self.server.address}{path}", headers={"Authorization": f"Bearer {token}", **headers}
            )


@asynccontextmanager
async def call_centre(
    server: Server,
    site: PbxSite,
    folder: Path,
    *,
    auto_accept: bool = True,
    config: FloorConfig = BANK,
    prepare: Prepare | None = None,
    settings: dict[str, str] | None = None,
) -> AsyncIterator[CallCentre]:
    """Open the bank; `prepare` adds to its records before the server starts with `settings`."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(server.copy())
        await open_bank(database.dsn, config, f"ws://{site.plan.http}/ari", ["sue"])
        await set_up(database, site, auto_accept)
        if prepare is not None:
            await prepare(database)
        child = Child(folder, CALLFLOOR_DATABASE_URL=database.url, **(settings or {}))
        stack.callback(site.server.command, "channel request hangup all")  # whatever a test that fails leaves
        stack.enter_context(children(child))
        child.start()
        await child.answers()
        centre = CallCentre(child, database, site)
        await eventually(lambda: asyncio.sleep(0, "connected to an Asterisk" in child.log.read_text()), bool)
        yield centre


async def set_up(database: Database, site: PbxSite, auto_accept: bool) -> None:
    """The source, as an administrator sets it up."""
    connection = await asyncpg.connect(database.dsn)
    await connection.execute("UPDATE agents SET auto_accept = $1", auto_accept)
    await connection.execute(
        """UPDATE cti_sources SET platform = 'asterisk_ari', account = $1, secrets = $2, caller_id = '+8695555',
                                  dial = 'PJSIP/{number}@carrier', languages = '{en,zh}'""",
        site.plan.ari_user,
        [site.plan.ari_password],
    )
    await connection.execute(
        "INSERT INTO dialled_numbers (source_id, number, queue_id) VALUES ($1, '4002', 'taped')", SOURCE
    )
    await connection.close()
