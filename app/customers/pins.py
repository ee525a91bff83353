"""Telephone PINs: setting them, and proving by id or card number and PIN who calls. Guessing is counted and locked.

A PIN, and a number that somebody keys, are never written anywhere: not into the records, not into a log.
"""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple
from uuid import UUID

import structlog
from prometheus_client import Counter
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.audit.service import record as tell
from app.auth.passwords import Passwords
from app.auth.service import instance_secret
from app.core.clock import Clock, utc
from app.core.wire import fault
from app.customers.errors import CustomerNotFound, WeakPin
from app.customers.identifiers import KEY, IdentifierKind, digest
from app.customers.models import Customer, CustomerIdentifier, CustomerPin, PinAttempts
from app.customers.recognising import CustomerMatch
from app.db.engine import Sessions, WriteSession

SHORTEST, LONGEST = 4, 12
ATTEMPTS = Counter("callfloor_pin_attempts", "Attempts at telephone PINs.", ["outcome"])
LOCKS = Counter("callfloor_pin_locks", "Lock-outs after too many wrong telephone PINs.")

log = structlog.get_logger(__name__)


class Limits(NamedTuple):
    """After so many wrong PINs in a row it is locked for so long; each further time twice as long, up to `longest`."""

    attempts: int = 5
    lock_seconds: float = 1_800.0
    longest_seconds: float = 86_400.0


class Verdict(NamedTuple):
    """What came of an attempt. A wrong PIN, a number of nobody and a customer without a PIN are all `not_found`."""

    outcome: Literal["found", "not_found", "locked"]
    customer: CustomerMatch | None = None
    attempts_left: int = 0
    locked_until: float | None = None


class PinStatus(NamedTuple):
    """What may be told of a customer's PIN."""

    set_at: datetime | None
    failures: int
    locked_until: datetime | None


class _Claim(NamedTuple):
    """An attempt that has been counted, and what it is about."""

    subject: str
    customer: CustomerMatch | None
    kept: str | None
    left: int
    locked_until: float | None
    refused: bool


class PinCheck:
    """Verifies PINs. An attempt counts before it is judged, so that many at once are no way round the limit."""

    def __init__(
        self, sessions: Sessions, passwords: Passwords, key: bytes, clock: Clock, limits: Limits | None = None
    ) -> None:
        self._sessions = sessions
        self._passwords = passwords
        self._key = key
        self._clock = clock
        self._limits = limits or Limits()

    async def verify(self, by: IdentifierKind, number: str, pin: str) -> Verdict:
        """Whether `pin` is that of the active customer who has this id or card number."""
        async with self._sessions.write() as session:
            claim = await self._claim(session, by, number)
        verdict = await self._judge(claim, pin)
        ATTEMPTS.labels(verdict.outcome).inc()
        return verdict

    async def _judge(self, claim: _Claim, pin: str) -> Verdict:
        if claim.refused:
            return Verdict("locked", locked_until=claim.locked_until)
        if await self._passwords.verify(claim.kept, pin):
            async with self._sessions.write() as session:
                await session.execute(delete(PinAttempts).where(PinAttempts.subject == claim.subject))
            return Verdict("found", claim.customer)
        if claim.locked_until is None:
            return Verdict("not_found", attempts_left=claim.left)
        await self._alert(claim)
        return Verdict("locked", locked_until=claim.locked_until)

    async def _claim(self, session: WriteSession, by: IdentifierKind, number: str) -> _Claim:
        found = await self._customer(session, by, number)
        customer, kept = found or (None, None)
        hashed = digest(self._key, by, number).hex()
        subject = f"customer:{customer.id}" if customer else f"{by}:{hashed}"
        row, now = await _attempts(session, subject, utc(self._clock())), utc(self._clock())
        if row.locked_until is not None and row.locked_until > now:
            return _Claim(subject, customer, None, 0, row.locked_until.timestamp(), refused=True)
        row.failures = 1 if row.locked_until is not None else row.failures + 1
        row.locked_until, row.last_at = None, now
        if row.failures >= self._limits.attempts:
            # taken back if this very attempt is right
            seconds = self._limits.lock_seconds * 2 ** min(row.locks, 20)
            row.locked_until = now + timedelta(seconds=min(seconds, self._limits.longest_seconds))
            row.locks += 1
        until = row.locked_until.timestamp() if row.locked_until else None
        return _Claim(subject, customer, kept, self._limits.attempts - row.failures, until, refused=False)

    async def _customer(
        self, session: WriteSession, by: IdentifierKind, number: str
    ) -> tuple[CustomerMatch, str | None] | None:
        hashed = digest(self._key, by, number)
        # whoever was merged is known as who survives; their own PIN counts only where the survivor has none
        holder, own = aliased(Customer), aliased(CustomerPin)
        query = (
            select(Customer, func.coalesce(CustomerPin.hash, own.hash))
            .join(holder, func.coalesce(holder.merged_into, holder.id) == Customer.id)
            .join(CustomerIdentifier, CustomerIdentifier.customer_id == holder.id)
            .outerjoin(CustomerPin, CustomerPin.customer_id == Customer.id)
            .outerjoin(own, own.customer_id == holder.id)
            .where(CustomerIdentifier.kind == by, CustomerIdentifier.digest == hashed, Customer.active)
        )
        row = (await session.execute(query)).first()
        if row is None:
            return None
        customer, kept = row
        return CustomerMatch(str(customer.id), customer.name, customer.tier_id, customer.language), kept

    async def _alert(self, claim: _Claim) -> None:
        LOCKS.inc()
        customer = claim.customer.id if claim.customer else None
        log.warning("a telephone PIN is locked after too many wrong ones", customer=customer)
        after = {"locked_until": utc(claim.locked_until or 0.0).isoformat(), "attempts": self._limits.attempts}
        async with self._sessions.write() as session:
            kind, thing = ("customer", customer) if customer else ("caller", "unknown")
            await tell(session, "customer.pin_locked", kind, thing, after=after)


async def pin_check(sessions: Sessions, passwords: Passwords, clock: Clock, limits: Limits | None = None) -> PinCheck:
    """A PinCheck with this installation's key."""
    async with sessions.write() as session:
        key = await instance_secret(session, KEY)
    return PinCheck(sessions, passwords, key, clock, limits)


async def set_pin(session: WriteSession, passwords: Passwords, customer_id: UUID, pin: str, clock: Clock) -> None:
    """Give a customer a PIN; a lock of the old one ends. Raises `CustomerNotFound`, `WeakPin`."""
    _ensure_strong(pin)
    kept = await passwords.hash_any(pin)
    await _ensure_customer(session, customer_id)
    values = {"hash": kept, "set_at": utc(clock())}
    made = insert(CustomerPin).values(customer_id=customer_id, **values)
    await session.execute(made.on_conflict_do_update(index_elements=[CustomerPin.customer_id], set_=values))
    await _forget_attempts(session, customer_id)
    await tell(session, "customer.pin_set", "customer", str(customer_id))


async def remove_pin(session: WriteSession, customer_id: UUID) -> None:
    """Take the PIN from a customer, who cannot be identified by one any more. Raises `CustomerNotFound`."""
    await _ensure_customer(session, customer_id)
    await session.execute(delete(CustomerPin).where(CustomerPin.customer_id == customer_id))
    await tell(session, "customer.pin_removed", "customer", str(customer_id))


async def unlock_pin(session: WriteSession, customer_id: UUID) -> None:
    """End a lock, and forget the wrong attempts. Raises `CustomerNotFound`."""
    await _ensure_customer(session, customer_id)
    await _forget_attempts(session, customer_id)
    await tell(session, "customer.pin_unlocked", "customer", str(customer_id))


async def pin_status(session: AsyncSession, customer_id: UUID, now: float) -> PinStatus:
    """Whether a customer has a PIN, and whether it is locked at the instant `now`. Raises `CustomerNotFound`."""
    await _ensure_customer(session, customer_id)
    set_at = await session.scalar(select(CustomerPin.set_at).where(CustomerPin.customer_id == customer_id))
    row = await session.get(PinAttempts, f"customer:{customer_id}")
    if row is None:
        return PinStatus(set_at, 0, None)
    locked = row.locked_until is not None and row.locked_until > utc(now)
    return PinStatus(set_at, row.failures, row.locked_until if locked else None)


async def _attempts(session: WriteSession, subject: str, now: datetime) -> PinAttempts:
    """The row of a subject, locked until the commit: attempts at one PIN are counted one after the other."""
    await session.execute(insert(PinAttempts).values(subject=subject, last_at=now).on_conflict_do_nothing())
    row = await session.get(PinAttempts, subject, with_for_update=True, populate_existing=True)
    if row is None:  # removed by a success between the two statements
        return await _attempts(session, subject, now)
    return row


async def _forget_attempts(session: WriteSession, customer_id: UUID) -> None:
    await session.execute(delete(PinAttempts).where(PinAttempts.subject == f"customer:{customer_id}"))


async def _ensure_customer(session: AsyncSession, customer_id: UUID) -> None:
    if await session.scalar(select(Customer.id).where(Customer.id == customer_id)) is None:
        raise CustomerNotFound(customer_id)


def _ensure_strong(pin: str) -> None:
    if not (SHORTEST <= len(pin) <= LONGEST and pin.isascii() and pin.isdigit()):
        what = "is no telephone PIN"
    elif len({(int(later) - int(digit)) % 10 for digit, later in pairwise(pin)}) == 1:
        what = "is one that anybody would guess"
    else:
        return
    accepted = f"{SHORTEST} to {LONGEST} digits, neither all alike nor counting up or down"
    raise WeakPin(f"A telephone PIN must be {accepted}.", faults=[fault("body.pin", what, accepted)])
