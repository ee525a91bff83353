"""Accounts and the first administrator, against the real database."""

import asyncio

import pytest
from argon2 import PasswordHasher

from app.auth import queries, service
from app.auth.errors import (
    AdministratorExists,
    BadLogin,
    LastAdministrator,
    LoginTaken,
    UserUnknown,
    WeakPassword,
)
from app.auth.models import User
from app.auth.passwords import Passwords
from app.core.clock import FrozenClock
from app.core.errors import CallfloorError
from app.db.engine import Sessions, WriteSession

PASSWORDS = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
CLOCK = FrozenClock()


async def account(session: WriteSession, user_id: str, role: str = "agent", password: str = "correct horse") -> User:
    return await service.create_user(
        session, PASSWORDS, user_id=user_id, name=user_id.title(), role=role, password=password
    )


async def test_an_account_keeps_a_hash_and_not_the_password(session: WriteSession) -> None:
    user = await account(session, "anna")
    assert "horse" not in user.password_hash
    assert await PASSWORDS.verify(user.password_hash, "correct horse")
    assert (await queries.user(session, "anna")).active


@pytest.mark.parametrize(
    ("user_id", "password", "refusal"),
    [
        ("anna", "correct horse", LoginTaken),
        ("Anna", "correct horse", BadLogin),
        ("", "correct horse", BadLogin),
        ("an na", "correct horse", BadLogin),
        ("a" * 65, "correct horse", BadLogin),
        ("bert\n", "correct horse", BadLogin),
        ("bert", "short", WeakPassword),
    ],
)
async def test_a_bad_account_is_refused(
    session: WriteSession, user_id: str, password: str, refusal: type[CallfloorError]
) -> None:
    await account(session, "anna")
    with pytest.raises(refusal):
        await account(session, user_id, password=password)


async def test_somebody_can_always_administer(session: WriteSession) -> None:
    await account(session, "root", "administrator")
    for change in ({"active": False}, {"role": "agent"}):
        with pytest.raises(LastAdministrator):
            await service.change_user(session, "root", change, CLOCK)
    await service.change_user(session, "root", {"name": "Root"}, CLOCK)
    await account(session, "second", "administrator")
    await service.change_user(session, "root", {"active": False}, CLOCK)
    with pytest.raises(LastAdministrator):
        await service.change_user(session, "second", {"role": "supervisor"}, CLOCK)


async def test_two_administrators_cannot_remove_each_other_at_once(sessions: Sessions) -> None:
    async with sessions.write() as session:
        await account(session, "one", "administrator")
        await account(session, "two", "administrator")

    async def disable(user_id: str) -> bool:
        async with sessions.write() as session:
            await service.change_user(session, user_id, {"active": False}, CLOCK)
        return True

    outcomes = await asyncio.gather(disable("one"), disable("two"), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(LastAdministrator) == 1
    assert outcomes.count(True) == 1


async def test_the_first_administrator_is_made_once(sessions: Sessions) -> None:
    async def begin(user_id: str) -> str:
        async with sessions.write() as session:
            user = await service.create_first_administrator(
                session, PASSWORDS, user_id=user_id, name="Admin", password="correct horse"
            )
        return user.role

    outcomes = await asyncio.gather(begin("one"), begin("two"), return_exceptions=True)
    assert outcomes.count("administrator") == 1
    assert [type(outcome) for outcome in outcomes].count(AdministratorExists) == 1


async def test_all_processes_sign_with_one_key(sessions: Sessions) -> None:
    async def key() -> bytes:
        async with sessions.write() as session:
            return await service.signing_key(session)

    keys = await asyncio.gather(*(key() for _ in range(8)))
    assert len(set(keys)) == 1
    assert len(keys[0]) == 32


async def test_nobody_is_unknown_by_name(session: WriteSession) -> None:
    with pytest.raises(UserUnknown, match="'nobody'"):
        await service.set_password(session, PASSWORDS, "nobody", "correct horse", CLOCK)
