"""What the machinery around us asks."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from app.api.application import Application
from app.api.http.services import FloorStatus, Services
from app.auth.sign_in import SignIn
from app.db.engine import Sessions, create_engine
from tests.api.conftest import ClientAs, MemoryFloor
from tests.fixtures.database import beneath


@pytest.fixture
def without_database(app: Application, services: Services) -> Iterator[Application]:
    """The application while its database is away."""
    nowhere = Sessions(create_engine("postgresql+asyncpg://nobody@/none?host=/nonexistent"))
    door = SignIn(nowhere, services.passwords, services.tokens, services.clock)
    app.state.services = replace(services, sessions=nowhere, lend=lambda: beneath(nowhere), sign_in=door)
    yield app
    app.state.services = services


async def ask(app: Application, path: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        return await client.get(path)


async def test_it_is_ready_with_a_database_and_the_floor(app: Application) -> None:
    answer = await ask(app, "/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "database": "reachable", "floor": "owner"}


async def test_a_balancer_may_ask_without_wanting_the_body(app: Application, floor: MemoryFloor) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        assert [(await client.head(path)).status_code for path in ("/healthz", "/readyz")] == [200, 200]
        floor.status = "standby"
        assert [(await client.head(path)).status_code for path in ("/healthz", "/readyz")] == [200, 503]


@pytest.mark.parametrize("status", ["standby", "degraded"])
async def test_it_is_not_ready_without_the_floor(app: Application, floor: MemoryFloor, status: FloorStatus) -> None:
    floor.status = status
    answer = await ask(app, "/readyz")
    assert (answer.status_code, answer.json()["floor"]) == (503, status)


async def test_without_a_database_it_lives_and_is_not_ready(without_database: Application) -> None:
    assert (await ask(without_database, "/healthz")).status_code == 200
    answer = await ask(without_database, "/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"] == "The database cannot be reached."


async def test_strangers_are_not_told_where_the_database_is_or_who_uses_it(
    client_as: ClientAs, without_database: Application
) -> None:
    for path in ("/readyz", "/api/v1/queues"):
        answer = await client_as("administrator").get(path)
        assert answer.status_code == 503
        for secret in ("nonexistent", "nobody", "PGSQL", "CALLFLOOR_DATABASE_URL"):
            assert secret not in answer.text


async def test_without_a_database_requests_are_told_when_to_come_back(
    client_as: ClientAs, without_database: Application
) -> None:
    admin = client_as("administrator")
    for answer in (
        await admin.get("/api/v1/queues"),
        await admin.post("/api/v1/skills", json={"id": "a", "name": "A"}),
        await admin.post("/api/v1/token/refresh", json={"refresh_token": "cfr_x"}),
        await admin.get("/api/v1/me", headers={"Authorization": "Bearer cfk_x"}),
    ):
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["retry-after"]) > 0


async def test_numbers_are_told_to_prometheus(app: Application) -> None:
    answer = await ask(app, "/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "callfloor_sign_ins" in answer.text


async def test_who_opens_the_bare_address_is_led_to_what_can_be_asked(app: Application) -> None:
    answer = await ask(app, "/")
    assert answer.is_redirect
    assert (await ask(app, answer.headers["location"])).status_code == 200
