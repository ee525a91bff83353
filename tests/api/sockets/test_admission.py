"""A socket lives no longer than the access token behind it, unless it is given a newer one."""

from typing import Any

import asyncpg
import pytest

from app.api.sockets.conversation import Timing
from app.auth.access_tokens import Principal, Role, TokenService
from app.core.clock import now
from app.core.instants import iso
from app.db.errors import DatabaseUnavailable
from tests.api.sockets.desk import TOKENS, Client, open_desk
from tests.api.sockets.desk import token as signed_in

pytestmark = pytest.mark.enable_socket

BRIEF = Timing(grace=0.2)
SOON = 4
"""Late enough for a busy machine to let in who has such a token."""


def token(seconds: int, login: str = "li", role: Role = "agent") -> str:
    """An access token that ends after so many seconds, or up to one less."""
    return TokenService(TOKENS._key, now, seconds).issue(Principal(login, login.title(), role))


async def renewed(client: Client, newer: str) -> dict[str, Any]:
    return await client.ask(2, "token", token=newer)


@pytest.mark.parametrize(("path", "role"), [("/ws/agent", "agent"), ("/ws/floor", "supervisor")])
async def test_an_open_socket_ends_with_its_token_and_resumes_with_a_fresh_one(path: str, role: Role) -> None:
    async with open_desk(BRIEF) as desk:
        async with desk.client(path) as client:
            session = (await client.ask(1, "hello", token=token(SOON, role=role)))["session"]
            assert await client.closed() == (4001, "token expired; get a fresh one and resume")
        async with desk.client(path) as client:
            assert (await client.hello("li", role, session=session, resume=0))["ok"] is True


async def test_a_newer_token_keeps_the_socket_open() -> None:
    async with open_desk(BRIEF) as desk, desk.client() as client:
        await client.ask(1, "hello", token=token(SOON))
        newer = token(SOON + 2)
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


@pytest.mark.parametrize(("path", "role"), [("/ws/agent", "agent"), ("/ws/floor", "supervisor")])
async def test_an_open_socket_ends_with_its_sign_in_and_none_is_opened_by_it(path: str, role: Role) -> None:
    async with open_desk() as desk, desk.client(path) as stays, desk.client(path) as goes:
        assert (await stays.ask(1, "hello", token=signed_in("li", role, "one")))["ok"] is True
        assert (await goes.ask(1, "hello", token=signed_in("li", role, "two")))["ok"] is True
        desk.standing.gone.add("two")
        await desk.doorkeeper.look()
        assert await goes.closed() == (4001, "the sign-in has ended; sign in again")
        async with desk.client(path) as again:
            refused = await again.ask(1, "hello", token=signed_in("li", role, "two"))
            assert (refused["ok"], refused["problem"]["status"]) == (False, 401)
            assert (await again.closed())[0] == 4001
        assert (await stays.ask(2, "ping"))["type"] == "pong"


async def test_a_socket_that_goes_on_by_another_sign_in_outlives_the_first() -> None:
    async with open_desk() as desk, desk.client() as client:
        await client.ask(1, "hello", token=signed_in("li", "agent", "one"))
        assert (await renewed(client, signed_in("li", "agent", "two")))["ok"] is True
        desk.standing.gone.add("one")
        await desk.doorkeeper.look()
        assert (await client.ask(3, "agent.ready"))["ok"] is True
        desk.standing.gone.add("two")
        await desk.doorkeeper.look()
        assert (await client.closed())[0] == 4001


async def test_while_nothing_is_known_of_sign_ins_nobody_comes_in_and_nobody_is_sent_away() -> None:
    async with open_desk() as desk, desk.client() as client, desk.client() as late:
        await client.ask(1, "hello", token=signed_in("li", "agent", "one"))
        desk.standing.away = True
        with pytest.raises(DatabaseUnavailable):
            await desk.doorkeeper.look()
        refused = await late.ask(1, "hello", token=signed_in("li", "agent", "one"))
        assert refused["problem"]["status"] == 503
        assert (await late.closed())[0] == 1013
        assert (await client.ask(2, "agent.ready"))["ok"] is True


async def test_a_look_that_the_database_breaks_off_is_not_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.sockets.doorkeeper.LOOK_SECONDS", 0.01)
    async with open_desk() as desk, desk.client() as client:
        await client.ask(1, "hello", token=signed_in("li", "agent", "one"))
        desk.standing.fault = asyncpg.QueryCanceledError("canceling statement due to user request")
        desk.tasks.start("sign-ins behind sockets", desk.doorkeeper.run())
        assert (await client.ask(2, "ping"))["type"] == "pong"
        desk.standing.gone.add("one")
        assert (await client.closed())[0] == 4001
        await desk.tasks.stop()
