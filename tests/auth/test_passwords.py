import asyncio

import pytest
from argon2 import PasswordHasher

from app.auth.errors import WeakPassword
from app.auth.passwords import Passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


async def test_only_the_right_password_fits() -> None:
    passwords = Passwords(CHEAP)
    kept = await passwords.hash("correct horse")
    assert "correct" not in kept
    assert await passwords.verify(kept, "correct horse")
    assert not await passwords.verify(kept, "correct horsf")


async def test_nobody_and_a_broken_hash_fit_no_password() -> None:
    passwords = Passwords(CHEAP)
    assert not await passwords.verify(None, "nobody has this password")
    assert not await passwords.verify("not a hash", "whatever it is")


@pytest.mark.parametrize("password", ["", "1234567", "x" * 257])
async def test_a_password_of_unacceptable_length_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword, match="8 to 256"):
        await Passwords(CHEAP).hash(password)


async def test_hashing_does_not_stop_the_loop() -> None:
    passwords = Passwords(PasswordHasher(time_cost=20, parallelism=1))
    hashing = asyncio.ensure_future(passwords.hash("correct horse"))  # noqa: TID251 - awaited below
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0.001)
        turns += 1
    await hashing
    assert turns > 5


def test_a_hash_of_weaker_settings_is_outdated() -> None:
    assert Passwords().outdated(CHEAP.hash("correct horse"))
    assert not Passwords(CHEAP).outdated(CHEAP.hash("correct horse"))
