"""An installation whose number 500 leads to a flow: a server that may be killed, a platform, the core of the bank."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.auth.passwords import Passwords
from app.core.clock import now
from app.core.ids import new_id
from app.customers.identifiers import GivenIdentifier, replace_identifiers
from app.customers.pins import set_pin
from app.db.engine import Sessions, create_engine
from tests.customers.factories import make_customer
from tests.fixtures.bank import open_bank
from tests.fixtures.child import Child, children
from tests.fixtures.database import Database, Server
from tests.fixtures.serving import bound, serving
from tests.fixtures.switch import PAUSE, Switch, event
from tests.fixtures.waiting import SECONDS
from tests.floor.factories import CONFIG

Prepare = Callable[[Database, str], Awaitable[None]]
CARD, PIN = "4929317755018866", "739165"
FLOW = """
flow: main
languages: [en]
fallback_queue: loans
start: menu
variables: {{balance: number}}
nodes:
  menu: {{type: menu, prompt: One or two., choices: {{1: card, 2: balance}}, otherwise: cards}}
  card: {{type: collect, prompt: Card., into: card, secret: true, least: 12, most: 19, next: pin, otherwise: cards}}
  pin: {{type: collect, prompt: PIN., into: pin, secret: true, least: 4, most: 6, next: who, otherwise: cards}}
  who: {{type: identify, by: card_number, number: card, pin: pin, found: cards, not_found: card, failed: cards}}
  balance:
    type: fetch
    url: '{core}/balance'
    secret: core
    timeout_seconds: 5
    into: {{balance: /balance}}
    next: told
    failed: cards
  told: {{type: say, text: 'It is {{string(vars.balance)}}.', next: cards}}
  cards: {{type: queue, queue: cards}}
"""


@dataclass
class Core:
    """The bank's core system: answers as `answer` says, remembers what it was sent."""

    answer: Any = field(default_factory=lambda: JSONResponse({"balance": 12.5}))
    seconds: float = 0.0
    asked: list[str] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        self.asked.append(request.headers.get("authorization", ""))
        await asyncio.sleep(self.seconds)
        response: Response = self.answer
        return response


@dataclass
class Desk:
    """A running installation whose number 500 leads to the flow."""

    server: Child
    database: Database
    switch: Switch
    core: Core
    answers: dict[str, Any] = field(default_factory=dict)

    async def tells(self, kind: str, call_id: str, **data: Any) -> dict[str, Any]:
        """Tell it until it is answered, as platforms do."""
        key, body = f"evt_{new_id()}", event(kind, call_id, **data)
        async with asyncio.timeout(SECONDS):
            while (response := await self.switch.attempt(key, body)) is None or response.status_code == 503:  # noqa: ASYNC110
                await asyncio.sleep(PAUSE)
        assert response.status_code == 202, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def rings(self, call_id: str) -> dict[str, Any]:
        answer = await self.tells("offered", call_id, from_="+8613800138000", to="500", leg_id="caller")
        assert [each["do"] for each in answer["instructions"]] == ["collect"], answer
        return answer

    async def presses(self, call_id: str, digits: str, script: int) -> dict[str, Any]:
        return await self.tells("digits", call_id, digits=digits, script=script, finished="terminator")

    async def script(self, call_id: str) -> dict[str, Any]:
        """The next script that comes unasked."""
        order = await self.switch.order(call_id, SECONDS)
        assert order is not None
        assert order.type == "call.script"
        told: dict[str, Any] = order.data["script"]
        return told

    async def contact(self, call_id: str) -> dict[str, Any]:
        rows = await self.rows("SELECT state FROM live_contacts")
        states = [msgspec.json.decode(row["state"]) for row in rows]
        found: dict[str, Any] = next(each for each in states if each["call"]["id"] == call_id)
        return found

    async def rows(self, query: str) -> "list[asyncpg.Record]":
        connection = await asyncpg.connect(self.database.dsn)
        try:
            return list(await connection.fetch(query))
        finally:
            await connection.close()


@asynccontextmanager
async def open_desk(server: Server, tmp_path: Path, prepare: Prepare | None = None) -> AsyncIterator[Desk]:
    """Open it; `prepare` adds to its records before the server starts, at the address that it is told."""
    core = Core()
    app = Starlette(routes=[Route("/balance", core.take, methods=["GET"])])
    with bound() as orders:
        port = orders.getsockname()[1]
        async with server.copy() as database, serving(app) as (address, _):
            await open_bank(database.dsn, CONFIG, f"http://127.0.0.1:{port}/orders", ["sue"])
            await publish(database, FLOW.format(core=f"http://{address}"))
            await introduce(database)
            child = Child(
                tmp_path,
                CALLFLOOR_DATABASE_URL=database.url,
                CALLFLOOR_FLOW_SECRETS='{"core": "Bearer of-good-news"}',
                CALLFLOOR_FLOW_HOSTS='{"core": "127.0.0.1"}',
                CALLFLOOR_FLOW_NETWORKS='["127.0.0.0/8"]',
            )
            if prepare is not None:
                await prepare(database, child.address)
            with children(child):
                child.start()
                await child.answers()
                async with Switch([child.address]) as switch, serving(switch.app, at=orders):
                    yield Desk(child, database, switch, core)


async def publish(database: Database, text: str) -> None:
    connection = await asyncpg.connect(database.dsn)
    await connection.execute("INSERT INTO flows (id, name) VALUES ('main', 'Main')")
    await connection.execute(
        """INSERT INTO flow_versions (flow_id, number, state, text, author, published_at, published_by)
           VALUES ('main', 1, 'published', $1, 'adm', now(), 'adm')""",
        text,
    )
    await connection.execute("INSERT INTO dialled_numbers (source_id, number, flow_id) VALUES ('pbx', '500', 'main')")
    await connection.close()


async def introduce(database: Database) -> None:
    """A customer with a card and a telephone PIN."""
    engine = create_engine(database.url)
    async with Sessions(engine).write() as session:
        customer = (await make_customer(session, name="Wang Wei")).customer
        await replace_identifiers(session, UUID(str(customer.id)), [GivenIdentifier("card_number", CARD)])
        await set_pin(session, Passwords(), UUID(str(customer.id)), PIN, now)
    await engine.dispose()


async def everything_kept(desk: Desk) -> str:
    """All rows of all tables, the server's log, and every order, as one text."""
    tables = await desk.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    texts = [desk.server.log.read_text(errors="replace"), repr(desk.switch.record)]
    for table in tables:
        rows = await desk.rows(f'SELECT t::text AS row FROM "{table["tablename"]}" t')
        texts += [row["row"] for row in rows]
    return "\n".join(texts)
