"""Asking a bureau on demand. Who asks, why and with which consent is on record before the question leaves the house;
no transaction is open while the bureau thinks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import select, update

from app.audit.service import act_as, record
from app.core.clock import Clock, utc
from app.core.ids import new_id
from app.credit.bureaus import chosen
from app.credit.errors import AskedAlready, ConsentMissing
from app.credit.facts import facts_for
from app.credit.models import CreditCheck
from app.credit.port import Asks, Bureau, Question, Rating, Unanswered
from app.credit.queries import CONSENT, Standing, last_answer, standing_of
from app.customers.models import Customer
from app.customers.record.whole import members_of, survivor_of
from app.customers.record_models import CustomerConsent
from app.db.engine import Sessions, WriteSession

log = structlog.get_logger(__name__)

LOST_SECONDS = 60.0
"""So long after its time is over a question without an answer is one whose process has died."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """That the person `by` wants to know, and why. A fresh answer is told again unless it is wanted `anew`."""

    by: str
    reason: str
    bureau: str | None = None
    anew: bool = False


class CreditDesk:
    """Asks bureaus through `asks`."""

    def __init__(self, sessions: Sessions, asks: Asks, clock: Clock) -> None:
        self._sessions = sessions
        self._asks = asks
        self._clock = clock

    async def refresh(self, customer_id: UUID, wish: Wish) -> tuple[Standing, bool]:
        """Ask, unless what is known is fresh; the standing, and whether a bureau was asked for it. Where the bureau
        fails it is the last known one, and `last` tells of the failure.

        Raises CustomerNotFound, BureauUnknown, NoBureau, ConsentMissing, FactMissing, AskedAlready.
        """
        opened = await self._opened(customer_id, wish)
        if opened is not None:
            bureau, question = opened
            await self._settle(question.id, await self._answer(bureau, question))
        async with self._sessions.read() as session:
            return await standing_of(session, customer_id), opened is not None

    async def _opened(self, customer_id: UUID, wish: Wish) -> tuple[Bureau, Question] | None:
        """What is asked, on record; None where a fresh answer is there."""
        async with self._sessions.write() as session:
            await act_as(session, wish.by)
            bureau = await chosen(session, wish.bureau)
            survivor = await survivor_of(session, customer_id)
            members = await members_of(session, survivor)
            # one question at a time: who comes second waits here, and then sees the first one
            await session.execute(select(Customer.id).where(Customer.id == survivor).with_for_update())
            consent = await _consent(session, survivor, members)
            asking = await _asking(session, members)  # before the answers: one that is settled in between is seen
            if not wish.anew and await self._fresh(session, bureau, members):
                return None
            await self._close_lost(session, asking, bureau)
            check = CreditCheck(
                id=UUID(new_id()),
                customer_id=survivor,
                source=bureau.id,
                asked_at=self._now(),
                asked_by=wish.by,
                reason=wish.reason,
                consent_id=consent.id,
                consent_at=consent.at,
                consent_origin=consent.origin,
            )
            facts = await facts_for(session, bureau, check, members)
            session.add(check)
            told = {"bureau": bureau.id, "reason": wish.reason, "consent": consent.id, "inquiry": str(check.id)}
            await record(session, "credit.asked", "customer", str(survivor), after=told)
        return bureau, Question(id=str(check.id), facts=dict(facts))

    async def _fresh(self, session: WriteSession, bureau: Bureau, members: list[UUID]) -> bool:
        known, now = await last_answer(session, members), self._now()
        if known is None or known.settled_at is None or known.source != bureau.id:
            return False
        valid = known.valid_until is None or known.valid_until > now
        return valid and now - known.settled_at < timedelta(seconds=bureau.fresh_seconds)

    async def _close_lost(self, session: WriteSession, asking: Sequence[CreditCheck], bureau: Bureau) -> None:
        """Nobody waits any more for what a process that has died had asked. Raises AskedAlready."""
        patience = timedelta(seconds=bureau.timeout_seconds + LOST_SECONDS)
        for check in asking:
            if self._now() - check.asked_at < patience:
                raise AskedAlready(check.customer_id)
            check.outcome, check.error = "failed", "the server stopped before the answer was kept"
            check.settled_at = self._now()
        await session.flush()

    async def _answer(self, bureau: Bureau, question: Question) -> Rating | Unanswered:
        try:
            return await self._asks.ask(bureau, question)
        except Exception:
            log.exception("adapter of credit bureaus failed", bureau=bureau.id)
            return Unanswered("the adapter failed; the log of the server tells more")

    async def _settle(self, check_id: str, answer: Rating | Unanswered) -> None:
        values = msgspec.structs.asdict(answer) if isinstance(answer, Rating) else {"error": answer.detail}
        outcome = "answered" if isinstance(answer, Rating) else "failed"
        async with self._sessions.write() as session:
            those = (CreditCheck.id == UUID(check_id)) & (CreditCheck.outcome == "asking")
            values |= {"outcome": outcome, "settled_at": self._now()}
            await session.execute(update(CreditCheck).where(those).values(values))

    def _now(self) -> datetime:
        return utc(self._clock())


async def _consent(session: WriteSession, survivor: UUID, members: list[UUID]) -> CustomerConsent:
    """What was said last of credit checks, if that was yes."""
    rows = CustomerConsent
    query = select(rows).where(rows.customer_id.in_(members), rows.channel == CONSENT)
    last = (await session.scalars(query.order_by(rows.at.desc(), rows.id.desc()).limit(1))).first()
    if last is None or not last.given:
        raise ConsentMissing(survivor, CONSENT, withdrawn=last is not None)
    return last


async def _asking(session: WriteSession, members: list[UUID]) -> Sequence[CreditCheck]:
    """Questions that have no answer yet."""
    query = select(CreditCheck).where(CreditCheck.customer_id.in_(members), CreditCheck.outcome == "asking")
    return (await session.scalars(query)).all()
