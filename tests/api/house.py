"""The real floor with its wires on a real database, and a telephone platform at the other end of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.api.http import problems
from app.api.platforms.recognition import Recognition
from app.api.platforms.webhooks import CtiWebhook
from app.core.clock import now
from app.core.ids import new_id
from app.core.instants import iso
from app.core.signing import sign, verify
from app.core.tasks import Supervisor
from app.customers.recognising import recognise
from app.floor.commands import Recognised
from app.floor.orders.outbox import Outbox
from app.floor.orders.settling import Settling
from app.floor.service import Floor
from app.ivr.vault import Vault
from app.realtime.hub import Hub
from app.telephony.adapters.generic.adapter import GenericInbound
from app.telephony.adapters.generic.client import GenericDriver, open_client
from app.telephony.directory import SourceAccess, SourceDirectory
from app.telephony.events import CallEvent
from tests.api.sockets.desk import SETTINGS, Desk
from tests.fixtures.database import Database
from tests.fixtures.serving import serving
from tests.fixtures.waiting import SECONDS, eventually
from tests.floor.factories import configure

SECRET = "whsec_c2VjcmV0LW9uZS1mb3ItdGhlLXRlc3Q="


class Platform:
    """Says events, takes orders. `status` is what it answers to orders."""

    def __init__(self) -> None:
        self.status = 204
        self.orders: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.address = ""
        self.http = httpx.AsyncClient(timeout=SECONDS)
        self.app = Starlette(routes=[Route("/orders", self._order, methods=["POST"])])

    async def _order(self, request: Request) -> Response:
        body = await request.body()
        self.keys.append(verify(dict(request.headers.raw), body, (SECRET,), now()))
        self.orders.append(msgspec.json.decode(body))
        return Response(status_code=self.status)

    async def says(self, kind: str, call_id: str = "c1", key: str | None = None, **data: Any) -> httpx.Response:
        """Post one signed event."""
        message = {"type": f"call.{kind}", "timestamp": iso(now()), "data": {"call_id": call_id, **data}}
        body, key, at = msgspec.json.encode(message), key or new_id(), int(now())
        headers = {
            "webhook-id": key,
            "webhook-timestamp": str(at),
            "webhook-signature": sign(SECRET, key, at, body),
        }
        return await self.http.post(f"http://{self.address}/webhooks/cti/pbx", content=body, headers=headers)


class House(Desk):
    """The server of the sockets' tests with everything real behind them."""

    def __init__(self, floor: Floor, hub: Hub, pool: "asyncpg.Pool[Any]", directory: SourceDirectory) -> None:
        self.pool = pool
        super().__init__(floor=floor, hub=hub)
        problems.install(self.app)
        hook = CtiWebhook(
            adapter=GenericInbound(),
            directory=directory,
            floor=floor,
            recognition=Recognition(self._recognise),
            clock=now,
            vault=Vault(now),
        )
        self.app.router.routes.insert(0, hook.route())

    async def _recognise(self, event: CallEvent) -> Recognised:
        number = event.to if event.direction == "outbound" else event.from_
        found = await recognise(
            self.pool, source=event.source, call_id=event.call_id, raw_number=number, default_region="CN", now=now()
        )
        return Recognised(profile=found.profile)


@asynccontextmanager
async def open_house(database: Database) -> AsyncIterator[tuple[House, Platform]]:
    """Everything running; the bank of the floor's tests, whose platform is the source `pbx`."""
    await configure(database.dsn)
    platform, directory, hub = Platform(), SourceDirectory(), Hub()
    async with (
        serving(platform.app) as (orders, _),
        platform.http,
        asyncpg.create_pool(database.dsn, min_size=1, max_size=4) as pool,
        running_floor(database, pool, directory, hub) as floor,
    ):
        directory.replace([SourceAccess("pbx", (SECRET,), f"http://{orders}/orders")])
        house = House(floor, hub, pool, directory)
        async with serving(house.app, **SETTINGS) as (house.address, house.server):
            platform.address = house.address
            yield house, platform
        await house.tasks.stop()


@asynccontextmanager
async def running_floor(
    database: Database, pool: "asyncpg.Pool[Any]", directory: SourceDirectory, hub: Hub
) -> AsyncIterator[Floor]:
    """The floor as its owner, with an outbox to the platform."""
    tasks = Supervisor()
    async with open_client() as http:
        outbox = Outbox(
            floor="main",
            directory=directory,
            driver=GenericDriver(http, now),
            settling=Settling(lambda: asyncpg.connect(database.dsn), "main"),
            on_failed=lambda failed: floor.submit(failed, "outbox", str(failed.order_id)),
            clock=now,
        )
        floor = Floor(dsn=database.dsn, floor="main", pool=pool, clock=now, publisher=hub, orders=outbox)
        run = tasks.start("floor", floor.run())
        try:
            await eventually(lambda: asyncio.sleep(0, floor.status), lambda status: status == "owner")
            yield floor
        finally:
            await floor.stop()
            await asyncio.wait([run], timeout=30)
            await tasks.stop()
