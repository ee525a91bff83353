"""Signing in and staying signed in, against the real database."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, update

from app.auth import keys, service
from app.auth.access_tokens import Principal, TokenService
from app.auth.errors import BadToken, TooManyAttempts, WrongCredentials
from app.auth.models import RefreshToken, User
from app.auth.passwords import Passwords
from app.auth.sign_in import SignIn
from app.auth.throttle import FAILURES, PLACE_WINDOW_SECONDS
from app.core.clock import FrozenClock, utc
from app.db.engine import Sessions
from app.db.pool import connection_of

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
CLOCK = FrozenClock()
TOKENS = TokenService(b"k" * 32, CLOCK)
RIGHT = "correct horse"


@pytest.fixture
async def doors(sessions: Sessions) -> SignIn:
    passwords = Passwords(CHEAP)
    async with sessions.write() as session:
        for user_id in ("anna", "bert"):
            await service.create_user(
                session, passwords, user_id=user_id, name=user_id.title(), role="agent", password=RIGHT
            )
    return SignIn(sessions, passwords, TOKENS, CLOCK)


async def refused(attempt: Callable[[], Awaitable[object]]) -> bool:
    try:
        await attempt()
    except BadToken:
        return True
    return False


async def test_the_right_password_gives_a_token_of_the_account(doors: SignIn) -> None:
    grant = await doors.by_password(" Anna ", RIGHT, "here")
    assert TOKENS.verify(grant.access_token) == Principal("anna", "Anna", "agent")


@pytest.mark.parametrize(
    ("login", "password"), [("anna", "wrong horse"), ("nobody", RIGHT), ("", ""), ("绵羊", "密码")]
)
async def test_wrong_login_and_wrong_password_are_told_alike(doors: SignIn, login: str, password: str) -> None:
    with pytest.raises(WrongCredentials, match="login or the password is wrong"):
        await doors.by_password(login, password, "here")


async def test_guessing_is_slowed_down_even_many_at_once(doors: SignIn) -> None:
    guesses = (doors.by_password("anna", f"guess {n}", "here") for n in range(FAILURES + 5))
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(TooManyAttempts) == 5
    with pytest.raises(TooManyAttempts):
        await doors.by_password("ANNA", RIGHT, "here")
    await doors.by_password("anna", RIGHT, "elsewhere")
    await doors.by_password("bert", RIGHT, "here")


async def test_a_refresh_token_is_exchanged_once(doors: SignIn) -> None:
    first = await doors.by_password("anna", RIGHT, "here")
    second = await doors.by_refresh_token(first.refresh_token)
    assert TOKENS.verify(second.access_token).id == "anna"
    assert second.refresh_token != first.refresh_token


async def test_a_reused_refresh_token_revokes_its_family_and_no_other(doors: SignIn) -> None:
    stolen = await doors.by_password("anna", RIGHT, "here")
    other = await doors.by_password("anna", RIGHT, "elsewhere")
    newest = await doors.by_refresh_token(stolen.refresh_token)
    assert await refused(lambda: doors.by_refresh_token(stolen.refresh_token))
    assert await refused(lambda: doors.by_refresh_token(newest.refresh_token))
    await doors.by_refresh_token(other.refresh_token)


async def test_of_two_simultaneous_exchanges_one_wins(doors: SignIn) -> None:
    grant = await doors.by_password("anna", RIGHT, "here")
    exchanges = (refused(lambda: doors.by_refresh_token(grant.refresh_token)) for _ in range(4))
    assert sorted(await asyncio.gather(*exchanges)) == [False, True, True, True]


async def test_a_refresh_token_ends_with_time_and_with_signing_out(doors: SignIn) -> None:
    grant = await doors.by_password("anna", RIGHT, "here")
    await doors.sign_out(grant.refresh_token)
    assert await refused(lambda: doors.by_refresh_token(grant.refresh_token))
    grant = await doors.by_password("anna", RIGHT, "here")
    CLOCK.advance(14 * 86_400 + 1)
    assert await refused(lambda: doors.by_refresh_token(grant.refresh_token))
    assert await refused(lambda: doors.by_refresh_token("cfr_unknown"))


async def test_a_disabled_account_cannot_go_on(doors: SignIn, sessions: Sessions) -> None:
    grant = await doors.by_password("anna", RIGHT, "here")
    async with sessions.write() as session:
        await service.change_user(session, "anna", {"active": False}, CLOCK)
    assert await refused(lambda: doors.by_refresh_token(grant.refresh_token))
    with pytest.raises(WrongCredentials):
        await doors.by_password("anna", RIGHT, "here")


async def test_a_new_password_ends_what_the_old_one_opened(doors: SignIn, sessions: Sessions) -> None:
    grant = await doors.by_password("anna", RIGHT, "here")
    async with sessions.write() as session:
        await service.set_password(session, Passwords(CHEAP), "anna", "battery staple", CLOCK)
    assert await refused(lambda: doors.by_refresh_token(grant.refresh_token))
    await doors.by_password("anna", "battery staple", "here")


async def test_expired_refresh_tokens_do_not_pile_up(doors: SignIn, sessions: Sessions) -> None:
    for _ in range(3):
        await doors.by_password("anna", RIGHT, "here")
        CLOCK.advance(15 * 86_400)
    await doors.by_password("anna", RIGHT, "here")
    async with sessions.read() as session:
        assert await session.scalar(select(func.count()).select_from(RefreshToken)) == 1


async def test_a_hash_of_old_settings_is_renewed_at_sign_in(doors: SignIn, sessions: Sessions) -> None:
    today = Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    await SignIn(sessions, today, TOKENS, CLOCK).by_password("anna", RIGHT, "here")
    async with sessions.read() as session:
        user = await session.get_one(User, "anna")
    assert not today.outdated(user.password_hash)


async def test_a_key_stands_for_another_system_until_it_is_revoked(sessions: Sessions) -> None:
    async with sessions.write() as session:
        record, key = await keys.create_key(session, "Core banking")
        connection = await connection_of(session)
        assert await keys.holder(connection, key, CLOCK()) == Principal(record.id, "Core banking", "integration")
        assert key.encode() not in record.hash
        await keys.revoke_key(session, record.id, CLOCK())
        await session.flush()
        with pytest.raises(BadToken):
            await keys.holder(connection, key, CLOCK())


class Interrupted(Passwords):
    """Something else happens while a right password is being verified."""

    def __init__(self, meanwhile: Callable[[], Awaitable[object]]) -> None:
        super().__init__(CHEAP)
        self._meanwhile: Callable[[], Awaitable[object]] | None = meanwhile

    async def verify(self, kept: str | None, password: str) -> bool:
        right = await super().verify(kept, password)
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return right


@pytest.mark.parametrize("what", ["password", "disabled"])
async def test_who_is_shut_out_while_the_password_is_verified_stays_out(
    doors: SignIn, sessions: Sessions, what: str
) -> None:
    async def shut_out() -> None:
        async with sessions.write() as session:
            if what == "password":
                await service.set_password(session, Passwords(CHEAP), "anna", "battery staple", CLOCK)
            else:
                await service.change_user(session, "anna", {"active": False}, CLOCK)

    with pytest.raises(WrongCredentials):
        await SignIn(sessions, Interrupted(shut_out), TOKENS, CLOCK).by_password("anna", RIGHT, "here")


async def test_a_token_that_was_given_out_while_its_family_was_revoked_is_worth_nothing(
    doors: SignIn, sessions: Sessions
) -> None:
    first = await doors.by_password("anna", RIGHT, "here")
    second = await doors.by_refresh_token(first.refresh_token)
    async with sessions.write() as session:  # what a revocation leaves that began before the second was there
        used = update(RefreshToken).where(RefreshToken.used_at.is_not(None))
        await session.execute(used.values(revoked_at=utc(CLOCK())))
    assert await refused(lambda: doors.by_refresh_token(second.refresh_token))


async def test_guessing_from_another_address_of_the_same_line_is_slowed_down_too(doors: SignIn) -> None:
    for number in range(FAILURES):
        with pytest.raises(WrongCredentials):
            await doors.by_password("anna", "guess", f"2001:db8::{number:x}")
    with pytest.raises(TooManyAttempts):
        await doors.by_password("anna", RIGHT, "2001:db8::ffff")
    await doors.by_password("anna", RIGHT, "2001:db8:0:1::1")


@pytest.fixture
def small(doors: SignIn, sessions: Sessions) -> SignIn:
    """Doors that brake an address after three failures."""
    return SignIn(sessions, Passwords(CHEAP), TOKENS, CLOCK, failures=3)


async def spray(doors: SignIn, times: int, address: str = "here") -> list[type]:
    """One password tried on so many accounts at once."""
    guesses = (doors.by_password(f"user{n}", "summer 2026", address) for n in range(times))
    return [type(outcome) for outcome in await asyncio.gather(*guesses, return_exceptions=True)]


async def test_one_password_on_many_accounts_is_braked_by_address(small: SignIn) -> None:
    assert sorted(await spray(small, 5), key=str) == [TooManyAttempts] * 2 + [WrongCredentials] * 3
    with pytest.raises(TooManyAttempts, match="from this address") as refusal:
        await small.by_password("anna", RIGHT, "here")
    await small.by_password("anna", RIGHT, "elsewhere")
    CLOCK.advance(refusal.value.retry_after)
    await small.by_password("anna", RIGHT, "here")


async def test_a_success_clears_nobody_elses_failures(small: SignIn) -> None:
    for number in range(3):
        await spray(small, 1)
        if number < 2:
            await small.by_password("anna", RIGHT, "here")
    with pytest.raises(TooManyAttempts):
        await small.by_password("bert", RIGHT, "here")
    CLOCK.advance(PLACE_WINDOW_SECONDS)


async def test_everybody_behind_one_address_may_sign_in_at_once(small: SignIn) -> None:
    both = [("anna", RIGHT), ("bert", RIGHT)] * 4
    await asyncio.gather(*(small.by_password(login, password, "here") for login, password in both))


async def test_of_guesses_made_at_once_only_the_first_are_told_how_they_came_out(
    doors: SignIn, sessions: Sessions
) -> None:
    one_by_one: SignIn

    async def others_fail() -> None:
        await spray(one_by_one, 3)

    one_by_one = SignIn(sessions, Interrupted(others_fail), TOKENS, CLOCK, failures=3)
    with pytest.raises(TooManyAttempts):
        await one_by_one.by_password("anna", RIGHT, "here")


async def test_who_is_signed_in_goes_on_while_the_address_is_braked(small: SignIn) -> None:
    grant = await small.by_password("anna", RIGHT, "here")
    await spray(small, 4)
    assert (await small.by_refresh_token(grant.refresh_token)).access_token
