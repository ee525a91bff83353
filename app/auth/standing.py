"""Whether a sign-in still stands. An access token is good for minutes; who has signed out, was disabled or given
another role or password meanwhile is to be out at once."""

from collections.abc import Collection

from app.auth.access_tokens import Principal
from app.auth.errors import BadToken
from app.db.pool import Fetches, Lend

_ENDED = "SELECT DISTINCT family FROM refresh_tokens WHERE family = ANY ($1::text[]) AND revoked_at IS NOT NULL"


async def ended(connection: Fetches, sign_ins: Collection[str]) -> frozenset[str]:
    """Those of `sign_ins` that have ended: their refresh tokens were revoked."""
    return frozenset(row["family"] for row in await connection.fetch(_ENDED, list(sign_ins)))


async def ensure_standing(connection: Fetches, principal: Principal) -> None:
    """Raises `BadToken` where the sign-in behind an access token has ended."""
    if principal.sign_in is not None and await ended(connection, [principal.sign_in]):
        raise BadToken("This sign-in has ended: it was signed out, or the account was changed; sign in again.")


class Standing:
    """The same for whoever has no connection to ask by."""

    def __init__(self, lend: Lend) -> None:
        self._lend = lend

    async def ensure(self, principal: Principal) -> None:
        """Raises `BadToken` where the sign-in has ended, or `Unavailable`."""
        async with self._lend() as connection:
            await ensure_standing(connection, principal)

    async def ended(self, sign_ins: Collection[str]) -> frozenset[str]:
        """Those of `sign_ins` that have ended; raises `Unavailable`."""
        async with self._lend() as connection:
            return await ended(connection, sign_ins)
