"""The profiles that one socket has open: opening is a read that is written down, changes come as frames."""

from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, ClassVar, Self
from uuid import UUID

import asyncpg
import msgspec
import structlog

from app.api.http.customer_reads import ensure_reason
from app.api.sockets import told
from app.api.sockets.asked import CloseProfile, OpenProfile
from app.auth.access_tokens import Principal
from app.core.clock import Clock, iso
from app.core.errors import CallfloorError, Conflict, NotFound
from app.customers.masking import Policy
from app.customers.profiles.parts import PARTS
from app.customers.profiles.reading import assembled
from app.customers.profiles.reads import ReadLog
from app.customers.profiles.watching import Changed, Look, Watcher
from app.customers.profiles.whole import Profile
from app.customers.profiles.whole import Profiles as Customers
from app.db.engine import Sessions

log = structlog.get_logger(__name__)

MOST = 16
"""So many profiles one socket may have open."""

_encode = msgspec.json.Encoder().encode


class TooManyProfiles(Conflict):
    """The socket has as many profiles open as one may."""

    code: ClassVar[str] = "too-many-profiles"


class ProfileNotOpen(NotFound):
    """The socket has not opened this profile."""

    code: ClassVar[str] = "profile-not-open"


class _Version(msgspec.Struct):
    version: int | None = None


_version = msgspec.json.Decoder(_Version).decode


class Profiles:
    """What sockets need to show profiles."""

    def __init__(
        self, watcher: Watcher, reads: ReadLog, masking: Policy, clock: Clock, *, reason_needed: bool = False
    ) -> None:
        self.watcher = watcher
        self.reads = reads
        self.masking = masking
        self.clock = clock
        self.reason_needed = reason_needed

    def of(self, user: Principal, put: Callable[[bytes], None]) -> "OpenProfiles":
        """Those of one socket, whose frames go by `put`; use as a context manager."""
        return OpenProfiles(self, user, put)


def profiles_over(
    pool: "asyncpg.Pool[Any]", dsn: str, sessions: Sessions, masking: Policy, clock: Clock, *, reason_needed: bool
) -> Profiles:
    """Profiles that are read over the pool and watched over a connection of their own; reads are written by sessions.
    The watcher and the log of reads are to be run."""
    connect = partial(asyncpg.connect, dsn, timeout=5)
    watcher = Watcher(connect=connect, lend=pool.acquire, profiles=Customers(pool.acquire, clock), clock=clock)
    return Profiles(watcher, ReadLog(sessions, clock), masking, clock, reason_needed=reason_needed)


class OpenProfiles:
    """The profiles that one socket has open; all are closed with it."""

    def __init__(self, using: Profiles, user: Principal, put: Callable[[bytes], None]) -> None:
        self._using = using
        self._user = user
        self._put = put
        self._sight = using.masking.sight(user.role)
        self._open: dict[UUID, Look] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for look in self._open.values():
            self._using.watcher.close(look)

    async def answer(self, ask: OpenProfile | CloseProfile) -> bytes:
        """Open or close one, and say so."""
        try:
            if isinstance(ask, CloseProfile):
                return self._close(ask)
            return await self._opened(ask)
        except CallfloorError as error:
            return told.refused(ask.id, error)
        except Exception:
            log.exception("profile not shown", who=self._user.id, customer=str(ask.customer_id))
            return told.refused(ask.id, CallfloorError("Something went wrong on our side; the log tells more."))

    async def _opened(self, ask: OpenProfile) -> bytes:
        """One that is open already is told as it is now."""
        customer_id = ask.customer_id
        if self._using.reason_needed:
            ensure_reason(self._user, ask.contact, (ask.reason or "").strip() or None, where="")
        if customer_id not in self._open and len(self._open) >= MOST:
            raise TooManyProfiles(f"This socket has {MOST} profiles open; close one first.", open=MOST)
        self._using.reads.check()
        look, profile = await self._using.watcher.open(
            customer_id, partial(self._tell, customer_id), partial(self._gone, customer_id)
        )
        before = self._open.pop(customer_id, None)
        self._open[customer_id] = look
        if before is not None:
            self._using.watcher.close(before)
        self._using.reads.note(self._user.id, self._user.role, customer_id, "socket", ask.contact, ask.reason)
        body = {"customer_id": str(profile.customer_id), "version": version_of(profile)}
        return _encode(body | {"re": ask.id, "ok": True, "profile": msgspec.Raw(profile.body(self._sight))})

    def _close(self, ask: CloseProfile) -> bytes:
        look = self._open.pop(ask.customer_id, None)
        if look is None:
            raise ProfileNotOpen(f"The profile of {ask.customer_id} is not open here.", id=str(ask.customer_id))
        self._using.watcher.close(look)
        return _encode({"re": ask.id, "ok": True})

    def _tell(self, opened: UUID, change: Changed) -> None:
        parts = tuple(part for part in PARTS if (part.within or part.name) in change.names)
        told_of = {part.name: change.profile.parts[part.name] for part in parts}
        frame = {
            "type": "profile.changed",
            "opened": str(opened),
            "customer_id": str(change.profile.customer_id),
            "at": iso(self._using.clock()),
            "version": version_of(change.profile),
            "parts": msgspec.Raw(assembled(parts, told_of, self._sight)),
        }
        self._put(_encode(frame))

    def _gone(self, opened: UUID) -> None:
        self._open.pop(opened, None)
        frame = {"type": "profile.closed", "opened": str(opened), "at": iso(self._using.clock()), "because": "erased"}
        self._put(_encode(frame))


def version_of(profile: Profile) -> int | None:
    """The version of the customer's record; None where it could not be read."""
    return _version(profile.parts["customer"]).version
