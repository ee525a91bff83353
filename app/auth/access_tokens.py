"""Access tokens: short-lived, signed, verified without asking the database; whether the sign-in behind one still stands
is asked in `standing.py`."""

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import jwt

from app.auth.errors import BadToken
from app.core.clock import Clock

Role = Literal["agent", "supervisor", "administrator", "integration"]
ROLES: tuple[str, ...] = get_args(Role)
ISSUER = "callfloor"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is behind a request: a person, or another system (role integration).

    `expires_at` is when the access token that proved it ends; None where it was proved otherwise. `sources` are those
    that the key which proved it is bound to; None where it is bound to none, and of people; one that is `read_only`
    changes nothing. `sign_in` is the one that the access token came from: it ends with it.
    """

    id: str
    name: str
    role: Role
    expires_at: float | None = field(default=None, compare=False)
    sources: tuple[str, ...] | None = None
    read_only: bool = False
    sign_in: str | None = field(default=None, compare=False)


class TokenService:
    """Issues and verifies access tokens with the instance's signing key."""

    def __init__(self, key: bytes, clock: Clock, lifetime: int = 900) -> None:
        self._key = key
        self._clock = clock
        self.lifetime = lifetime

    def issue(self, principal: Principal) -> str:
        """A token that proves to be `principal` for the next `lifetime` seconds."""
        now = int(self._clock())
        claims = {
            "iss": ISSUER,
            "sub": principal.id,
            "name": principal.name,
            "role": principal.role,
            "iat": now,
            "exp": now + self.lifetime,
        }
        if principal.sign_in is not None:
            claims["sid"] = principal.sign_in
        return jwt.encode(claims, self._key, algorithm="HS256")

    def verify(self, token: str) -> Principal:
        """The principal that a token proves; raises `BadToken`. Does no I/O."""
        claims = self._claims(token)
        if claims["exp"] <= self._clock():
            raise BadToken("The access token has expired; get a new one with the refresh token.")
        if claims["role"] not in ROLES:
            raise BadToken("The access token names a role that does not exist.")
        return Principal(claims["sub"], claims["name"], claims["role"], float(claims["exp"]), sign_in=claims.get("sid"))

    def _claims(self, token: str) -> dict[str, Any]:
        # instants are checked against our own clock above, not against the one that jwt reads
        options: Any = {
            "require": ["sub", "name", "role", "exp", "iat", "iss"],
            "verify_exp": False,
            "verify_iat": False,
        }
        try:
            return jwt.decode(token, self._key, algorithms=["HS256"], issuer=ISSUER, options=options)
        except jwt.InvalidTokenError as error:
            raise BadToken("The access token is malformed or not signed by this instance.") from error
