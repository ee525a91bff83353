"""Sign-ins in the audit log, against the real database: who, from where, and never what was typed."""

import asyncio
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from app.audit.queries import Wanted, entries
from app.auth import service
from app.auth.access_tokens import TokenService
from app.auth.errors import BadToken, TooManyAttempts, WrongCredentials
from app.auth.passwords import Passwords
from app.auth.sign_in import SignIn
from app.auth.throttle import FAILURES
from app.auth.witness import HOUR, Refused, Witness
from app.core.clock import FrozenClock
from app.db.engine import Sessions

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
RIGHT = "correct horse"
HERE = {"address": "10.1.2.3"}
Told = list[tuple[str, str, str | None, Any]]


@pytest.fixture
async def doors(sessions: Sessions) -> SignIn:
    passwords, clock = Passwords(CHEAP), FrozenClock()
    async with sessions.write() as session:
        await service.create_user(session, passwords, user_id="anna", name="Anna", role="agent", password=RIGHT)
    return SignIn(sessions, passwords, TokenService(b"k" * 32, clock), clock, failures=30)


async def told(sessions: Sessions) -> Told:
    """What the audit log says of sign-ins (not of accounts made), the oldest first: (action, thing, who, after)."""
    async with sessions.read() as session:
        found = await entries(session, Wanted(), 200, None)
    made = ("user.created", "user.changed")
    return [(each.action, each.thing, each.who, each.after) for each in found[::-1] if each.action not in made]


async def guess(doors: SignIn, login: str = "anna", times: int = 1, address: str = "10.1.2.3") -> None:
    for number in range(times):
        with pytest.raises(WrongCredentials):
            await doors.by_password(login, f"hunter{number}", address)


async def test_who_comes_and_goes_is_told_with_the_address(doors: SignIn, sessions: Sessions) -> None:
    grant = await doors.by_password("Anna", RIGHT, "10.1.2.3")
    again = await doors.by_refresh_token(grant.refresh_token, "10.1.2.3")
    for _ in range(2):
        await doors.sign_out(again.refresh_token, "10.1.2.3")
    await doors.sign_out("cfr_unknown", "10.1.2.3")
    assert await told(sessions) == [
        ("user.signed_in", "anna", "anna", HERE),
        ("user.signed_out", "anna", "anna", HERE),
    ]


async def test_a_failure_is_told_with_its_reason_and_nothing_that_was_typed(doors: SignIn, sessions: Sessions) -> None:
    await guess(doors)
    await guess(doors, "hunter2-in-the-wrong-field")
    async with sessions.write() as session:
        await service.change_user(session, "anna", {"active": False}, FrozenClock())
    with pytest.raises(WrongCredentials):
        await doors.by_password("anna", RIGHT, "10.1.2.3")
    found = await told(sessions)
    assert found == [
        ("user.sign_in_refused", "anna", None, {**HERE, "because": "wrong password"}),
        ("user.sign_in_refused", "(unknown)", None, {**HERE, "because": "unknown login"}),
        ("user.sign_in_refused", "anna", None, {**HERE, "because": "disabled"}),
    ]
    assert "hunter" not in str(found)
    assert RIGHT not in str(found)


async def test_a_brake_is_told_once_and_what_it_holds_up_is_not(doors: SignIn, sessions: Sessions) -> None:
    await guess(doors, times=FAILURES)
    for _ in range(50):
        with pytest.raises(TooManyAttempts):
            await doors.by_password("anna", RIGHT, "10.1.2.3")
    actions = [each[0] for each in await told(sessions)]
    assert actions == ["user.sign_in_refused"] * FAILURES + ["user.sign_in_braked"]


async def test_the_brake_of_an_address_is_told_once_however_many_come_at_once(
    doors: SignIn, sessions: Sessions
) -> None:
    sprayed = (doors.by_password(f"user{n}", "summer 2026", "2001:db8::1") for n in range(40))
    await asyncio.gather(*sprayed, return_exceptions=True)
    found = await told(sessions)
    assert [each for each in found if each[0] != "user.sign_in_refused"] == [
        ("address.sign_in_braked", "2001:db8::/64", None, None)
    ]
    assert len(found) == 31


async def test_a_copied_refresh_token_is_told(doors: SignIn, sessions: Sessions) -> None:
    grant = await doors.by_password("anna", RIGHT, "10.1.2.3")
    await doors.by_refresh_token(grant.refresh_token, "10.1.2.3")
    for _ in range(2):
        with pytest.raises(BadToken):
            await doors.by_refresh_token(grant.refresh_token, "10.6.6.6")
    assert (await told(sessions))[1:] == [("user.refresh_token_copied", "anna", None, {"address": "10.6.6.6"})]


async def test_a_refresh_token_of_somebody_who_was_disabled_meanwhile_is_no_copy(
    doors: SignIn, sessions: Sessions
) -> None:
    grant = await doors.by_password("anna", RIGHT, "10.1.2.3")
    async with sessions.write() as session:
        await session.execute(text("update users set active = false where id = 'anna'"))
    with pytest.raises(BadToken):
        await doors.by_refresh_token(grant.refresh_token, "10.1.2.3")
    assert "user.refresh_token_copied" not in [action for action, *_ in await told(sessions)]


async def test_a_new_password_of_ones_own_is_told_with_who_gave_it(doors: SignIn, sessions: Sessions) -> None:
    await doors.change_password("anna", RIGHT, "battery staple", "10.1.2.3")
    async with sessions.read() as session:
        (changed,) = await entries(session, Wanted(action="user.changed"), 10, None)
    assert (changed.thing, changed.who) == ("anna", "anna")


async def test_failures_from_anywhere_cannot_flood_the_log(sessions: Sessions) -> None:
    clock = FrozenClock()
    witness = Witness(clock, most=3)

    async def refuse(times: int) -> None:
        for number in range(times):
            failed = Refused(
                login=None,
                because="unknown login",
                address=f"10.0.0.{number}",
                place=f"10.0.0.{number}",
                account_braked=False,
                place_braked=False,
            )
            async with sessions.write() as session:
                await witness.refused(session, failed)

    await refuse(20)
    found = await told(sessions)
    assert [each[0] for each in found] == ["user.sign_in_refused"] * 3 + ["user.sign_ins_left_out"]
    assert found[-1][1:] == ("(anybody)", None, {"seconds": HOUR + 1})
    clock.advance(HOUR)
    await refuse(1)
    assert len(await told(sessions)) == 5
