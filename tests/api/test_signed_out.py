"""A sign-in that has ended is worth nothing any more, at once: not its access token, and no open socket."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from app.core.clock import FrozenClock
from app.core.instants import iso
from tests.api.conftest import ClientAs, faults

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


async def test_a_key_ends_by_itself_at_the_instant_that_was_named(client_as: ClientAs, clock: FrozenClock) -> None:
    admin, system = client_as("administrator"), client_as(None)
    until = iso(clock() + 3600).replace(".000Z", "Z")
    made = (await admin.post("/api/v1/api-keys", json={"name": "Trial", "expires_at": until})).json()
    assert made["expires_at"] == until
    [shown] = (await admin.get("/api/v1/api-keys")).json()["items"]
    assert shown["expires_at"] == until
    system.headers["Authorization"] = f"Bearer {made['key']}"
    clock.advance(3599)
    assert (await system.get("/api/v1/me")).status_code == 200
    clock.advance(1)
    over = await system.get("/api/v1/me")
    assert (over.status_code, over.json()["detail"][:23]) == (401, "The API key has expired")


@pytest.mark.parametrize(
    "when",
    [
        "tomorrow",
        "2026-01-01T00:00:00",
        True,
        "0000-00-00T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "2020-01-01T00:00:00Z",
    ],
)
async def test_a_bad_end_of_a_key_is_refused(admin: httpx.AsyncClient, when: object) -> None:
    refused = await admin.post("/api/v1/api-keys", json={"name": "Trial", "expires_at": when})
    assert faults(refused) == ["body.expires_at"]
