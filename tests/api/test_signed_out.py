"""A sign-in that has ended is worth nothing any more, at once: not its access token, and no open socket."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from app.core.clock import FrozenClock
from tests.api.conftest import ClientAs

BOSS = {"id": "boss", "name": "Boss", "role": "administrator", "password": "correct horse"}
SIGN_IN = {"login": "boss", "password": "correct horse"}

End = Callable[[httpx.AsyncClient, dict[str, str]], Awaitable[httpx.Response]]


async def disabled(admin: httpx.AsyncClient, grant: dict[str, str]) -> httpx.Response:
    return await admin.patch("/api/v1/users/boss", json={"active": False})


async def made_an_agent(admin: httpx.AsyncClient, grant: dict[str, str]) -> httpx.Response:
    return await admin.patch("/api/v1/users/boss", json={"role": "agent"})


async def given_another_password(admin: httpx.AsyncClient, grant: dict[str, str]) -> httpx.Response:
    return await admin.put("/api/v1/users/boss/password", json={"password": "battery staple"})


async def signed_out(admin: httpx.AsyncClient, grant: dict[str, str]) -> httpx.Response:
    return await admin.post("/api/v1/token/revoke", json={"refresh_token": grant["refresh_token"]})


async def copied(admin: httpx.AsyncClient, grant: dict[str, str]) -> httpx.Response:
    refresh = {"refresh_token": grant["refresh_token"]}
    await admin.post("/api/v1/token/refresh", json=refresh)
    return await admin.post("/api/v1/token/refresh", json=refresh)


@pytest.mark.parametrize("end", [disabled, made_an_agent, given_another_password, signed_out, copied])
async def test_an_access_token_ends_with_its_sign_in(client_as: ClientAs, clock: FrozenClock, end: End) -> None:
    admin, boss = client_as("administrator"), client_as(None)
    await admin.post("/api/v1/users", json={**BOSS, "id": "other"})
    assert (await admin.post("/api/v1/users", json=BOSS)).status_code == 201
    grant = (await boss.post("/api/v1/token", json=SIGN_IN)).json()
    boss.headers["Authorization"] = f"Bearer {grant['access_token']}"
    assert (await boss.get("/api/v1/me")).status_code == 200
    assert (await end(admin, grant)).status_code in (200, 204, 401)
    back_door = {"id": "mole", "name": "Mole", "role": "administrator", "password": "correct horse"}
    refused = await boss.post("/api/v1/users", json=back_door)
    assert (refused.status_code, refused.json()["type"]) == (401, "urn:callfloor:problem:bad-token")


async def test_another_sign_in_of_the_same_person_goes_on(client_as: ClientAs) -> None:
    admin, boss = client_as("administrator"), client_as(None)
    await admin.post("/api/v1/users", json=BOSS)
    gone, stays = [(await boss.post("/api/v1/token", json=SIGN_IN)).json() for _ in range(2)]
    await signed_out(admin, gone)
    refreshed = (await boss.post("/api/v1/token/refresh", json={"refresh_token": stays["refresh_token"]})).json()
    for token in (stays["access_token"], refreshed["access_token"]):
        boss.headers["Authorization"] = f"Bearer {token}"
        assert (await boss.get("/api/v1/me")).status_code == 200
