"""Signing in over HTTP."""

import httpx
import pytest

from app.auth.throttle import FAILURES, PLACE_FAILURES
from app.core.clock import FrozenClock
from tests.api.conftest import ClientAs, faults

ANNA = {"id": "anna", "name": "Anna Berg", "role": "supervisor", "password": "correct horse"}
SIGN_IN = {"login": "anna", "password": "correct horse"}


@pytest.fixture
async def door(client_as: ClientAs) -> httpx.AsyncClient:
    """A client without a token, where Anna has an account."""
    made = await client_as("administrator").post("/api/v1/users", json=ANNA)
    assert made.status_code == 201, made.text
    return client_as(None)


async def me(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})


async def test_signing_in_gives_tokens_that_say_who_it_is(door: httpx.AsyncClient) -> None:
    answer = (await door.post("/api/v1/token", json=SIGN_IN)).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 900)
    assert (await me(door, answer["access_token"])).json() == {
        "id": "anna",
        "name": "Anna Berg",
        "role": "supervisor",
    }


async def test_an_access_token_ends_and_the_refresh_token_goes_on(door: httpx.AsyncClient, clock: FrozenClock) -> None:
    first = (await door.post("/api/v1/token", json=SIGN_IN)).json()
    clock.advance(900)
    assert (await me(door, first["access_token"])).status_code == 401
    refresh = {"refresh_token": first["refresh_token"]}
    second = (await door.post("/api/v1/token/refresh", json=refresh)).json()
    assert (await me(door, second["access_token"])).status_code == 200
    assert (await door.post("/api/v1/token/refresh", json=refresh)).status_code == 401
    refresh = {"refresh_token": second["refresh_token"]}
    assert (await door.post("/api/v1/token/refresh", json=refresh)).status_code == 401


async def test_signing_out_ends_the_refresh_token(door: httpx.AsyncClient) -> None:
    refresh = {"refresh_token": (await door.post("/api/v1/token", json=SIGN_IN)).json()["refresh_token"]}
    assert (await door.post("/api/v1/token/revoke", json=refresh)).status_code == 204
    assert (await door.post("/api/v1/token/revoke", json=refresh)).status_code == 204
    assert (await door.post("/api/v1/token/refresh", json=refresh)).status_code == 401


async def test_guessing_is_answered_with_when_to_come_back(door: httpx.AsyncClient, clock: FrozenClock) -> None:
    for _ in range(FAILURES):
        wrong = await door.post("/api/v1/token", json={"login": "anna", "password": "guess"})
        assert wrong.status_code == 401
    answer = await door.post("/api/v1/token", json=SIGN_IN)
    assert answer.status_code == 429
    clock.advance(float(answer.headers["retry-after"]))
    assert (await door.post("/api/v1/token", json=SIGN_IN)).status_code == 200


async def test_spraying_is_answered_with_when_to_come_back(door: httpx.AsyncClient, clock: FrozenClock) -> None:
    for number in range(PLACE_FAILURES):
        wrong = await door.post("/api/v1/token", json={"login": f"user{number}", "password": "summer 2026"})
        assert wrong.status_code == 401
    answer = await door.post("/api/v1/token", json=SIGN_IN)
    assert (answer.status_code, answer.json()["type"]) == (429, "urn:callfloor:problem:too-many-attempts")
    clock.advance(float(answer.headers["retry-after"]))
    assert (await door.post("/api/v1/token", json=SIGN_IN)).status_code == 200


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, ["body.login", "body.password"]),
        ({"login": "", "password": "x"}, ["body.login"]),
        ({"login": "a\u0000", "password": "x"}, ["body.login"]),
        ({"login": "anna", "password": None}, ["body.password"]),
        ({"login": "anna", "password": "x" * 2000}, ["body.password"]),
        ({**SIGN_IN, "otp": "1"}, ["body.otp"]),
        ([], ["body"]),
    ],
)
async def test_a_malformed_sign_in_is_told_its_faults(door: httpx.AsyncClient, body: object, where: list[str]) -> None:
    assert faults(await door.post("/api/v1/token", json=body)) == where


async def test_a_person_changes_the_own_password_with_the_present_one(door: httpx.AsyncClient) -> None:
    granted = (await door.post("/api/v1/token", json=SIGN_IN)).json()
    door.headers["Authorization"] = f"Bearer {granted['access_token']}"
    change = {"present_password": "wrong horse", "password": "battery staple"}
    assert (await door.put("/api/v1/me/password", json=change)).status_code == 401
    change["present_password"] = "correct horse"
    assert (await door.put("/api/v1/me/password", json={**change, "password": "short"})).status_code == 422
    assert (await door.put("/api/v1/me/password", json=change)).status_code == 204
    assert (await door.post("/api/v1/token", json=SIGN_IN)).status_code == 401
    fresh = await door.post("/api/v1/token", json={"login": "anna", "password": "battery staple"})
    assert fresh.status_code == 200
    old = {"refresh_token": granted["refresh_token"]}
    assert (await door.post("/api/v1/token/refresh", json=old)).status_code == 401
