"""Sockets end with the sign-in that they came from, not only with its access token."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Protocol

import structlog

from app.api.sockets.admission import Admission
from app.api.sockets.line import BAD_TOKEN
from app.auth.access_tokens import Principal
from app.core.errors import Unavailable
from app.realtime.hub import Dismissed, Subscription

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0


class Standing(Protocol):
    """What is known of sign-ins."""

    async def ensure(self, principal: Principal) -> None:
        """Raises `BadToken` where the sign-in has ended, or `Unavailable`."""

    async def ended(self, sign_ins: Collection[str]) -> frozenset[str]:
        """Those of `sign_ins` that have ended; raises `Unavailable`."""


class Doorkeeper:
    """Lets in whose sign-in stands, and sends away whose has ended. All sockets of the process are looked after by one
    question a second."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._inside: dict[Subscription, Admission] = {}

    async def let_in(self, admission: Admission) -> Admission:
        """Raises `BadToken` where the sign-in has ended; `Unavailable` where that cannot be known."""
        await self._standing.ensure(admission.principal)
        return admission

    @contextmanager
    def inside(self, admission: Admission, subscription: Subscription) -> Iterator[None]:
        """A socket that is looked after: with the end of its sign-in its subscription ends."""
        self._inside[subscription] = admission
        try:
            yield
        finally:
            del self._inside[subscription]

    async def run(self) -> None:
        """Look after the sockets until cancelled. While the database is away nobody is sent away."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Unavailable:
                continue
            except Exception:
                # a question that was broken off is asked again; without this task the whole server would be stopped
                log.exception("sockets whose sign-in has ended could not be looked for")

    async def look(self) -> None:
        """Send away whose sign-in has ended by now; raises `Unavailable`."""
        sockets = defaultdict(list)
        for subscription, admission in self._inside.items():
            if admission.principal.sign_in is not None:  # it may be another one than at the beginning
                sockets[admission.principal.sign_in].append(subscription)
        if not sockets:
            return
        for sign_in in await self._standing.ended(sockets):
            for subscription in sockets[sign_in]:
                subscription.end(Dismissed(BAD_TOKEN, "the sign-in has ended; sign in again"))
