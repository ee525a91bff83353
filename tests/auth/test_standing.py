"""Whether a sign-in still stands."""

import pytest
from argon2 import PasswordHasher

from app.auth import service
from app.auth.access_tokens import Principal, TokenService
from app.auth.errors import BadToken
from app.auth.passwords import Passwords
from app.auth.sign_in import SignIn
from app.auth.standing import Standing
from app.core.clock import FrozenClock
from app.db.engine import Sessions
from tests.fixtures.database import beneath

CLOCK = FrozenClock()
TOKENS = TokenService(b"k" * 32, CLOCK)


async def test_a_sign_in_stands_until_it_is_ended_and_others_after_it(sessions: Sessions) -> None:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    async with sessions.write() as session:
        await service.create_user(session, passwords, user_id="li", name="Li", role="agent", password="correct horse")
    doors, standing = SignIn(sessions, passwords, TOKENS, CLOCK), Standing(lambda: beneath(sessions))
    grants = [await doors.by_password("li", "correct horse", "here") for _ in range(2)]
    ended, stands = [TOKENS.verify(grant.access_token) for grant in grants]
    await standing.ensure(ended)
    await doors.sign_out(grants[0].refresh_token)
    with pytest.raises(BadToken, match="has ended"):
        await standing.ensure(ended)
    await standing.ensure(stands)
    assert ended.sign_in is not None
    assert stands.sign_in is not None
    assert await standing.ended([ended.sign_in, stands.sign_in, "never"]) == {ended.sign_in}


async def test_a_token_that_names_no_sign_in_ends_with_its_time_alone(sessions: Sessions) -> None:
    await Standing(lambda: beneath(sessions)).ensure(TOKENS.verify(TOKENS.issue(Principal("li", "Li", "agent"))))


async def test_forty_thousand_sign_ins_are_asked_about_at_once(sessions: Sessions) -> None:
    assert (
        await Standing(lambda: beneath(sessions)).ended([f"sign-in-{place}" for place in range(40_000)]) == frozenset()
    )
