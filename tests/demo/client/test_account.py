"""Signing in as a client does."""

from typing import Any

import httpx
import pytest

from app.demo.client.account import Account, Away, SignInRefused
from tests.demo.little_server import Request, little_server

pytestmark = pytest.mark.enable_socket


def grants(expires_in: float = 900) -> Any:
    """An answerer that lets people in and tells `who` they are."""

    def answer(request: Request) -> tuple[int, dict[str, str], Any]:
        if request.path == "/api/v1/token/refresh":
            return 200, {}, {"access_token": "second", "refresh_token": "r2", "expires_in": expires_in}
        if request.path == "/api/v1/token":
            return 200, {}, {"access_token": "first", "refresh_token": "r1", "expires_in": expires_in}
        return 200, {}, {"who": request.headers["authorization"]}

    return answer


async def test_a_good_token_is_used_again() -> None:
    async with little_server(grants()) as server, httpx.AsyncClient(timeout=30) as client:
        account = Account(client, server.url, "mei", "secret")
        assert await account.get("/api/v1/floor") == await account.get("/api/v1/floor") == {"who": "Bearer first"}
    assert [request.path for request in server.requests].count("/api/v1/token") == 1


async def test_a_token_about_to_run_out_is_renewed() -> None:
    async with little_server(grants(expires_in=30)) as server, httpx.AsyncClient(timeout=30) as client:
        account = Account(client, server.url, "mei", "secret")
        assert [await account.token() for _ in range(2)] == ["first", "second"]
    assert server.requests[1].json == {"refresh_token": "r1"}


async def test_a_wrong_password_is_refused_with_the_servers_words() -> None:
    async with (
        little_server(lambda request: (401, {}, {"detail": "No."})) as server,
        httpx.AsyncClient(timeout=30) as client,
    ):
        with pytest.raises(SignInRefused, match="mei could not sign in: No"):
            await Account(client, server.url, "mei", "wrong").token()


async def test_nobody_there_is_away_not_a_crash() -> None:
    async with httpx.AsyncClient(timeout=30) as client:
        with pytest.raises(Away, match="Nobody answers at"):
            await Account(client, "http://127.0.0.1:1", "mei", "secret").token()
