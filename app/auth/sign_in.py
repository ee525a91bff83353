"""Signing in and staying signed in: a short access token and a refresh token that is used once.

These use cases open their own sessions: hashing takes long and holds no connection, and the revocation after a reuse
must be kept although the caller is refused.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from prometheus_client import Counter
from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import aliased

from app.audit.service import act_as
from app.auth.access_tokens import Principal, Role, TokenService
from app.auth.errors import BadToken, TooManyAttempts, WrongCredentials
from app.auth.models import RefreshToken, User
from app.auth.passwords import Passwords
from app.auth.service import set_password
from app.auth.throttle import PLACE_FAILURES, PLACE_WINDOW_SECONDS, Throttle, place_of
from app.auth.witness import Refused, Witness
from app.core.clock import Clock, utc
from app.core.ids import new_id
from app.db.engine import Sessions, WriteSession

PREFIX = "cfr_"
WRONG = "The login or the password is wrong, or the account is disabled."
SIGN_INS = Counter("callfloor_sign_ins", "Sign-ins by password.", ["outcome"])


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody gets who signed in. `expires_in` is the life of the access token in seconds."""

    access_token: str
    expires_in: int
    refresh_token: str


def principal_of(user: User, sign_in: str | None = None) -> Principal:
    """The principal that an account is, by this sign-in."""
    return Principal(user.id, user.name, cast("Role", user.role), sign_in=sign_in)


class SignIn:
    """Signs people in by password and by refresh token, and out again. `lifetime` is a refresh token's, in seconds;
    `failures` are how many sign-ins may fail from one address in a quarter of an hour."""

    def __init__(
        self,
        sessions: Sessions,
        passwords: Passwords,
        tokens: TokenService,
        clock: Clock,
        lifetime: int = 14 * 86_400,
        failures: int = PLACE_FAILURES,
    ) -> None:
        self._sessions = sessions
        self._passwords = passwords
        self._tokens = tokens
        self._clock = clock
        self._lifetime = lifetime
        self._throttle = Throttle(clock)
        self._places = Throttle(clock, failures, PLACE_WINDOW_SECONDS, "from this address")
        self._witness = Witness(clock)

    async def by_password(self, login: str, password: str, address: str) -> Grant:
        """Sign in from `address`; raises `WrongCredentials`, or `TooManyAttempts` after repeated failures."""
        user = await self._authenticated(login.strip().lower(), password, address)
        fresh = await self._passwords.hash(password) if self._passwords.outdated(user.password_hash) else None
        return await self._begin(user, password, fresh, address)

    async def change_password(self, user_id: str, present: str, new: str, address: str) -> None:
        """Give oneself a new password, which ends all sign-ins. Raises what `by_password` raises, or `WeakPassword`."""
        await self._authenticated(user_id, present, address)
        async with self._sessions.write() as session:
            await act_as(session, user_id)
            await set_password(session, self._passwords, user_id, new, self._clock)

    async def _authenticated(self, login: str, password: str, address: str) -> User:
        try:
            user = await self._guess(login, password, address)
        except TooManyAttempts:
            SIGN_INS.labels("throttled").inc()
            raise
        except WrongCredentials:
            SIGN_INS.labels("refused").inc()
            raise
        SIGN_INS.labels("granted").inc()
        return user

    async def _guess(self, login: str, password: str, address: str) -> User:
        """One account's attempts count from their beginning until one succeeds, so that many at once are no way round.

        Those of a place count when they fail, because everybody behind one address may begin the day at once. Of many
        guesses at once only as many as may fail are told how they came out, the others that there were too many.
        """
        place = place_of(address)
        self._places.check((place,))
        last = self._throttle.admit((login, place))
        async with self._sessions.read() as session:
            user = await session.get(User, login)
        right = await self._passwords.verify(user.password_hash if user else None, password)
        if user is None or not right or not user.active:
            told = Refused(
                login=user.id if user else None,
                because=_because(user),
                address=address,
                place=place,
                account_braked=last,
                place_braked=self._places.admit((place,)),
            )
            async with self._sessions.write() as session:
                await self._witness.refused(session, told)
            raise WrongCredentials(WRONG)
        self._places.check((place,))
        self._throttle.succeeded((login, place))
        return user

    async def _begin(self, verified: User, password: str, fresh_hash: str | None, address: str) -> Grant:
        async with self._sessions.write() as session:
            user = await self._still(session, verified, password)
            expired = RefreshToken.expires_at < utc(self._clock())
            await session.execute(delete(RefreshToken).where(RefreshToken.user_id == user.id, expired))
            if fresh_hash is not None:
                user.password_hash = fresh_hash
            await self._witness.signed_in(session, user.id, address)
            return self._grant(session, user, new_id())

    async def _still(self, session: WriteSession, verified: User, password: str) -> User:
        """The account as it is now, held: verifying took a while, and whoever ended its sign-ins meanwhile did not see
        this one."""
        held = select(User).where(User.id == verified.id).with_for_update(key_share=True)
        user = await session.scalar(held)
        if user is None or not user.active:
            raise WrongCredentials(WRONG)
        same = user.password_hash == verified.password_hash  # or hashed anew by another sign-in
        if not same and not await self._passwords.verify(user.password_hash, password):
            raise WrongCredentials(WRONG)
        return user

    def _grant(self, session: WriteSession, user: User, family: str) -> Grant:
        token = PREFIX + secrets.token_urlsafe(32)
        expires = utc(self._clock() + self._lifetime)
        session.add(RefreshToken(hash=_hash(token), family=family, user_id=user.id, expires_at=expires))
        return Grant(self._tokens.issue(principal_of(user, family)), self._tokens.lifetime, token)

    async def by_refresh_token(self, token: str, address: str = "unknown") -> Grant:
        """Exchange a refresh token for a new pair. One that was used before revokes all that descend from the same
        sign-in, because then somebody has a copy of it. Raises `BadToken`."""
        async with self._sessions.write() as session:
            spent = await self._spend(session, token)
            grant = await self._following(session, spent) if spent is not None else None
            if grant is None:
                revoked = await self._revoke_family(session, token)
                if spent is None:
                    await self._tell_copied(session, revoked, token, address)
        if grant is None:
            raise BadToken("The refresh token is unknown, expired, revoked or was used before; sign in again.")
        return grant

    async def _spend(self, session: WriteSession, token: str) -> RefreshToken | None:
        """The token, if it is good; it is not from now on."""
        now = utc(self._clock())
        # one that was given out while its family was revoked was not seen by that: the others of the family tell
        of_family = aliased(RefreshToken)
        usable = (
            (RefreshToken.hash == _hash(token))
            & RefreshToken.used_at.is_(None)
            & RefreshToken.revoked_at.is_(None)
            & (RefreshToken.expires_at > now)
            & ~exists().where(of_family.family == RefreshToken.family, of_family.revoked_at.is_not(None))
        )
        # one statement decides, so of two simultaneous uses exactly one wins
        used = update(RefreshToken).where(usable).values(used_at=now).returning(RefreshToken)
        spent: RefreshToken | None = await session.scalar(used)
        return spent

    async def _following(self, session: WriteSession, spent: RefreshToken) -> Grant | None:
        """A new pair in the place of a spent token; None where its user may not sign in any more."""
        user = await session.get(User, spent.user_id)
        if user is None or not user.active:
            return None
        over = (RefreshToken.family == spent.family) & (RefreshToken.expires_at <= utc(self._clock()))
        await session.execute(delete(RefreshToken).where(over, RefreshToken.revoked_at.is_(None)))
        return self._grant(session, user, spent.family)

    async def _tell_copied(
        self, session: WriteSession, revoked: Sequence[RefreshToken], token: str, address: str
    ) -> None:
        for each in revoked:
            if each.hash == _hash(token) and each.used_at is not None:
                await self._witness.copied(session, each.user_id, address)

    async def _revoke_family(self, session: WriteSession, token: str) -> Sequence[RefreshToken]:
        """Those that were revoked by this."""
        family = select(RefreshToken.family).where(RefreshToken.hash == _hash(token)).scalar_subquery()
        revoked = update(RefreshToken).where(RefreshToken.family == family, RefreshToken.revoked_at.is_(None))
        return (await session.scalars(revoked.values(revoked_at=utc(self._clock())).returning(RefreshToken))).all()

    async def sign_out(self, token: str, address: str = "unknown") -> None:
        """Revoke a refresh token and all that descend from the same sign-in; an unknown one changes nothing."""
        async with self._sessions.write() as session:
            revoked = await self._revoke_family(session, token)
            if revoked:
                await self._witness.signed_out(session, revoked[0].user_id, address)


def _because(user: User | None) -> Literal["unknown login", "wrong password", "disabled"]:
    if user is None:
        return "unknown login"
    return "wrong password" if user.active else "disabled"


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
