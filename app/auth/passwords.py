"""Passwords: argon2id, computed in a thread so that the loop goes on, a few at a time because each takes 64 MiB."""

import asyncio
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from app.auth.errors import WeakPassword

SHORTEST, LONGEST = 8, 256
AT_ONCE = 4


class Passwords:
    """Hashes and verifies passwords."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._free = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        """The hash to keep; raises `WeakPassword` for a password of unacceptable length."""
        if not SHORTEST <= len(password) <= LONGEST:
            accepted = f"{SHORTEST} to {LONGEST} characters"
            fault = {"where": "body.password", "what": "unacceptable length", "accepted": accepted}
            raise WeakPassword(f"A password must have {accepted}.", faults=[fault])
        return await self.hash_any(password)

    async def hash_any(self, secret: str) -> str:
        """The hash of a secret that has other rules, such as a PIN."""
        async with self._free:
            return await asyncio.to_thread(self._hasher.hash, secret)

    async def verify(self, kept: str | None, password: str) -> bool:
        """Whether `password` is the one behind the hash `kept`.

        None (no such account) takes as long as a wrong password and is False, so that time does not tell logins.
        """
        async with self._free:
            return await asyncio.to_thread(self._verify, kept, password)

    def outdated(self, kept: str) -> bool:
        """Whether a hash was made with weaker settings than today's."""
        return self._hasher.check_needs_rehash(kept)

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash("nobody has this password")

    def _verify(self, kept: str | None, password: str) -> bool:
        try:
            return self._hasher.verify(kept or self._nobodys, password) and kept is not None
        except (VerifyMismatchError, InvalidHashError):
            return False
