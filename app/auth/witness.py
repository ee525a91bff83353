"""Sign-ins in the audit log: who came, who was refused, who left, and from where. Never what was typed: no password,
and no login that nobody has, which may be a password in the wrong field.

Strangers make these entries, so there is a limit: the brakes let only so many fail from one address, and beyond so many
an hour from all addresses together the rest is left out, which the last entry says. The limit asks neither whether the
login is known nor what was refused before, so the time of an answer does not tell either.
"""

from dataclasses import dataclass
from typing import Literal

from app.audit.service import act_as, record
from app.core.clock import Clock
from app.db.engine import WriteSession

MOST, HOUR = 10_000, 3600.0
UNKNOWN, ANYBODY = "(unknown)", "(anybody)"
"""In the place of a login; neither can be one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A sign-in that failed: `login` if somebody has it, and which brakes it has pulled."""

    login: str | None
    because: Literal["unknown login", "wrong password", "disabled"]
    address: str
    place: str
    account_braked: bool
    place_braked: bool


class Witness:
    """Writes sign-ins down in the session that it is given; of those that failed, `most` an hour."""

    def __init__(self, clock: Clock, most: int = MOST) -> None:
        self._clock = clock
        self._most = most
        self._left = most
        self._until = clock() + HOUR

    async def signed_in(self, session: WriteSession, login: str, address: str) -> None:
        """Somebody has signed in by password."""
        await act_as(session, login)
        await record(session, "user.signed_in", "user", login, after={"address": address})

    async def signed_out(self, session: WriteSession, login: str, address: str) -> None:
        """Somebody has signed out."""
        await act_as(session, login)
        await record(session, "user.signed_out", "user", login, after={"address": address})

    async def copied(self, session: WriteSession, login: str, address: str) -> None:
        """A refresh token was used a second time, so there is a copy; the sign-in was ended."""
        await record(session, "user.refresh_token_copied", "user", login, after={"address": address})

    async def refused(self, session: WriteSession, told: Refused) -> None:
        """A sign-in has failed."""
        left = self._take()
        if left < 0:
            return
        login, address = told.login or UNKNOWN, {"address": told.address}
        await record(session, "user.sign_in_refused", "user", login, after={**address, "because": told.because})
        if told.account_braked:
            await record(session, "user.sign_in_braked", "user", login, after=address)
        if told.place_braked:
            await record(session, "address.sign_in_braked", "address", told.place)
        if left == 0:
            seconds = int(self._until - self._clock()) + 1
            await record(session, "user.sign_ins_left_out", "user", ANYBODY, after={"seconds": seconds})

    def _take(self) -> int:
        now = self._clock()
        if now >= self._until:
            self._left, self._until = self._most, now + HOUR
        self._left -= 1
        return self._left
