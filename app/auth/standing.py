"""Whether a sign-in still stands. An access token is good for minutes; who has signed out, was disabled or given
another role or password meanwhile is to be out at once."""

from collections.abc import Collection

from sqlalchemy import ARRAY, Text, any_, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.access_tokens import Principal
from app.auth.errors import BadToken
from app.auth.models import RefreshToken
from app.db.engine import Sessions


async def ended(session: AsyncSession, sign_ins: Collection[str]) -> frozenset[str]:
    """Those of `sign_ins` that have ended: their refresh tokens were revoked. They go to the database as one value: a
    parameter for each, of thousands at their sockets, would hold the loop for a while every second."""
    named = RefreshToken.family == any_(literal(list(sign_ins), ARRAY(Text)))
    revoked = named & RefreshToken.revoked_at.is_not(None)
    return frozenset(await session.scalars(select(RefreshToken.family).where(revoked).distinct()))


async def ensure_standing(session: AsyncSession, principal: Principal) -> None:
    """Raises `BadToken` where the sign-in behind an access token has ended."""
    if principal.sign_in is not None and await ended(session, [principal.sign_in]):
        raise BadToken("This sign-in has ended: it was signed out, or the account was changed; sign in again.")


class Standing:
    """The same for whoever has no session to ask by."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def ensure(self, principal: Principal) -> None:
        """Raises `BadToken` where the sign-in has ended, or `Unavailable`."""
        async with self._sessions.read() as session:
            await ensure_standing(session, principal)

    async def ended(self, sign_ins: Collection[str]) -> frozenset[str]:
        """Those of `sign_ins` that have ended; raises `Unavailable`."""
        async with self._sessions.read() as session:
            return await ended(session, sign_ins)
