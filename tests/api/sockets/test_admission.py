"""A socket lives no longer than the access token behind it, unless it is given a newer one."""

from typing import Any

import pytest

from app.api.sockets.conversation import Timing
from app.auth.tokens import Principal, Role, TokenService
from app.core.clock import now
from app.core.instants import iso
from tests.api.sockets.desk import TOKENS, Client, open_desk

pytestmark = pytest.mark.enable_socket

BRIEF = Timing(grace=0.2)


def token(seconds: int, login: str = "li", role: Role = "agent") -> str:
    """An access token that ends after so many seconds, or up to one less."""
    return TokenService(TOKENS._key, now, seconds).issue(Principal(login, login.title(), role))


async def renewed(client: Client, newer: str) -> dict[str, Any]:
    return await client.ask(2, "token", token=newer)


@pytest.mark.parametrize(("path", "role"), [("/ws/agent", "agent"), ("/ws/floor", "supervisor")])
async def test_an_open_socket_ends_with_its_token_and_resumes_with_a_fresh_one(path: str, role: Role) -> None:
    async with open_desk(BRIEF) as desk:
        async with desk.client(path) as client:
            session = (await client.ask(1, "hello", token=token(2, role=role)))["session"]
            assert await client.closed() == (4001, "token expired; get a fresh one and resume")
        async with desk.client(path) as client:
            assert (await client.hello("li", role, session=session, resume=0))["ok"] is True


async def test_a_newer_token_keeps_the_socket_open() -> None:
    async with open_desk(BRIEF) as desk, desk.client() as client:
        await client.ask(1, "hello", token=token(2))
        newer = token(4)
        until = TOKENS.verify(newer).expires_at
        assert until is not None
        assert await renewed(client, newer) == {"re": 2, "ok": True, "expires_at": iso(until)}
        assert (await client.closed())[0] == 4001
        assert now() >= until


@pytest.mark.parametrize(
    ("seconds", "login", "role", "status"),
    [(9, "bo", "agent", 403), (9, "li", "supervisor", 403), (0, "li", "agent", 401)],
)
async def test_a_token_of_somebody_else_or_of_yesterday_is_refused_and_the_socket_lives(
    seconds: int, login: str, role: Role, status: int
) -> None:
    async with open_desk() as desk, desk.client() as client:
        await client.hello()
        assert (await renewed(client, token(seconds, login, role)))["problem"]["status"] == status
        assert (await client.ask(3, "agent.ready"))["ok"] is True
