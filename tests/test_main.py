"""The server as it is put together, with its lifespan."""

import asyncio
from contextlib import AsyncExitStack
from ipaddress import ip_network

import httpx
import pytest
from pydantic import SecretStr
from websockets.asyncio.client import connect

from app.audit.queries import Wanted, entries
from app.auth.access_tokens import Principal
from app.auth.passwords import Passwords
from app.auth.service import create_first_administrator
from app.core.clock import now, utc
from app.customers.profiles.reads import reads_of
from app.customers.service import NewCustomer, create_customer
from app.db.engine import Sessions, create_engine
from app.ivr.records.judging import judge
from app.ivr.records.queries import flow
from app.ivr.records.service import Act, schedule
from app.main import create_app
from app.settings import Database as DatabaseSettings
from app.settings import Masking, Settings, Webhooks
from app.subscriptions.records import subscribe
from tests.api.sockets.desk import SETTINGS, V1, Client
from tests.customers.factories import customer_id
from tests.fixtures.database import Database
from tests.fixtures.receiver import receiving
from tests.fixtures.serving import serving
from tests.fixtures.spoken import DOCUMENT
from tests.fixtures.waiting import SECONDS, eventually
from tests.ivr.factories import new_flow

SIGN_IN = {"login": "admin", "password": "correct horse"}


def settings_of(database: Database) -> Settings:
    return Settings(database=DatabaseSettings(url=SecretStr(database.url)))


async def test_a_new_installation_begins_with_its_first_administrator(database: Database) -> None:
    app = create_app(settings_of(database))
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        async with app.state.services.sessions.write() as session:
            await create_first_administrator(
                session, Passwords(), user_id="admin", name="Admin", password="correct horse"
            )
        token = (await client.post("/api/v1/token", json=SIGN_IN)).json()["access_token"]
        made = await client.post(
            "/api/v1/queues", json={"id": "cards", "name": "Cards"}, headers={"Authorization": f"Bearer {token}"}
        )
        assert made.status_code == 201
        assert (await client.get("/asyncapi.json")).json() == DOCUMENT, "what tests hold is what is published"


async def test_nothing_is_made_of_routes_when_a_server_is_asked_first(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(settings_of(database))
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        monkeypatch.setattr("fastapi.routing.get_dependant", pytest.fail)
        assert (await client.get("/healthz")).status_code == 200


async def test_a_token_outlives_the_process_that_gave_it(database: Database) -> None:
    verifiers = []
    for _ in range(2):
        app = create_app(settings_of(database))
        async with app.router.lifespan_context(app):
            verifiers.append(app.state.services.tokens)
    anna = Principal("anna", "Anna", "agent")
    assert verifiers[1].verify(verifiers[0].issue(anna)) == anna


async def test_a_profile_is_shown_as_settings_say_and_the_read_outlives_the_server(database: Database) -> None:
    app = create_app(settings_of(database).model_copy(update={"masking": Masking(whole={"number": frozenset()})}))
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        services = app.state.services
        async with services.sessions.write() as session:
            amy = await customer_id(session, "Amy", ["+8613800138000"])
        client.headers["Authorization"] = f"Bearer {services.tokens.issue(Principal('anna', 'Anna', 'agent'))}"
        told = (await client.get(f"/api/v1/customers/{amy}/profile", params={"reason": "asked"})).json()
        assert told["customer"]["numbers"][0]["raw"] == "••••8000"
    engine = create_engine(database.url)
    async with Sessions(engine).read() as session:
        [kept] = await reads_of(session, amy, 10, None)
    await engine.dispose()
    assert (kept.who, kept.what, kept.why) == ("anna", "profile", "asked")


async def test_a_scheduled_flow_is_published_by_one_of_the_servers_that_run(database: Database) -> None:
    apps = [create_app(settings_of(database)) for _ in range(2)]
    async with AsyncExitStack() as running:
        for app in apps:
            await running.enter_async_context(app.router.lifespan_context(app))
        sessions = apps[0].state.services.sessions
        soon = utc(now() + 1)
        async with sessions.write() as session:
            await new_flow(session)
            await schedule(session, Act("ann", utc(now()), judge), "main", 1, soon)

        async def published() -> int | None:
            async with sessions.read() as session:
                found = (await flow(session, "main")).published
            return None if found is None else found.number

        assert await eventually(published, lambda number: number is not None) == 1
        async with sessions.read() as session:
            told = await entries(session, Wanted(action="flow.published"), 10, None)
        assert [each.who for each in told] == ["ann"]


@pytest.mark.enable_socket
async def test_what_is_committed_is_told_to_who_subscribed_signed(database: Database) -> None:
    settings = settings_of(database).model_copy(update={"webhooks": Webhooks(networks=[ip_network("127.0.0.0/8")])})
    app = create_app(settings)
    async with app.router.lifespan_context(app), receiving() as receiver:
        sessions = app.state.services.sessions
        async with sessions.write() as session:
            _, secret = await subscribe(session, id="crm", name="CRM", url=receiver.url, events=["customer.*"])
        async with sessions.write() as session:
            made = await create_customer(session, NewCustomer(name="X"), "CN")
        [got] = await receiver.has(1)
        assert got.verify(secret)["data"]["customer_id"] == str(made.customer.id)


@pytest.mark.enable_socket
async def test_a_socket_of_the_server_ends_with_its_sign_in(database: Database) -> None:
    app = create_app(settings_of(database))
    async with app.router.lifespan_context(app), serving(app, **SETTINGS) as (address, _):
        async with app.state.services.sessions.write() as session:
            await create_first_administrator(
                session, Passwords(), user_id="admin", name="Admin", password="correct horse"
            )
        await eventually(lambda: asyncio.sleep(0, app.state.services.floor.status), lambda status: status == "owner")
        async with httpx.AsyncClient(base_url=f"http://{address}", timeout=SECONDS) as client:
            grant = (await client.post("/api/v1/token", json=SIGN_IN)).json()
            async with connect(f"ws://{address}/ws/floor", subprotocols=[V1], proxy=None) as socket:
                watching = Client(socket)
                assert (await watching.ask(1, "hello", token=grant["access_token"]))["ok"] is True
                await client.post("/api/v1/token/revoke", json={"refresh_token": grant["refresh_token"]})
                assert await watching.closed() == (4001, "the sign-in has ended; sign in again")
