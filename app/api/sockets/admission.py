"""How long somebody may stay on an open socket: as long as their access token is good, or a newer one."""

import math
from collections.abc import Callable

from app.api.sockets.line import BAD_TOKEN, Close
from app.auth.access_tokens import Principal
from app.auth.errors import RoleMissing
from app.core.clock import Clock

Verify = Callable[[str], Principal]


class Admission:
    """Begins with the principal of the hello's token. Where its sign-in ends before, so does the socket
    (`doorkeeper.py`)."""

    def __init__(self, principal: Principal, verify: Verify, clock: Clock, grace: float) -> None:
        self.principal = principal
        self._verify = verify
        self._clock = clock
        self._grace = grace

    @property
    def left(self) -> float:
        """Seconds until the socket is closed; endless where nothing expires."""
        expires_at = self.principal.expires_at
        return math.inf if expires_at is None else expires_at + self._grace - self._clock()

    def check(self) -> None:
        """Raises `Close` when the time is over."""
        if self.left <= 0:
            raise Close(BAD_TOKEN, "token expired; get a fresh one and resume")

    def renew(self, token: str) -> None:
        """Stay for as long as this token is good. Raises `BadToken`, or `RoleMissing` if it is not the same person in
        the same role."""
        principal, present = self._verify(token), self.principal
        if (principal.id, principal.role) != (present.id, present.role):
            raise RoleMissing(
                f"This socket is {present.id}'s as {present.role}, the token {principal.id}'s as {principal.role}; "
                "open another socket for it."
            )
        self.principal = principal
