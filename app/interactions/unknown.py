"""Callers whom nobody knows become provisional customers, so that their next call finds their history; they are merged
with a known customer when somebody finds out who they are.

The floor leaves a row of each such contact in the commit that ends it; what follows is done here, apart from the floor.
"""

import asyncio
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import because
from app.core.errors import Unavailable
from app.customers.merge_models import UnknownCaller
from app.customers.numbers import extension_of, normalise
from app.customers.service import GivenNumber, NewCustomer, create_customer
from app.db.engine import Sessions, WriteSession
from app.interactions.models import Interaction, InteractionEntry
from app.interactions.service import NOTE

LOCK = 0x43464C55  # "CFLU": of two at once, both would make a customer of one number
BATCH = 200
SOURCE = "call"
WHY = "a call of a number that nobody known had"

log = structlog.get_logger(__name__)

_HOLDERS = text("""
    select c.id, c.provisional, bool_or(not n.shared and (n.extension is null or :extension <> '')) as certain
    from customer_numbers n join customers o on o.id = n.customer_id
    join customers c on c.id = coalesce(o.merged_into, o.id)
    where (n.e164 = :e164 or (n.e164 is null and n.raw = :raw)) and c.active
      and (n.extension is null or :extension = '' or n.extension = :extension)
      and (n.valid_until is null or n.valid_until > :at) and (n.valid_from is null or n.valid_from <= :at)
    group by c.id, c.provisional order by c.id""")


async def adopt(session: WriteSession, default_region: str, limit: int = BATCH) -> int:
    """Give the next contacts of unknown callers a customer; how many were looked at.

    A number that has become somebody's meanwhile is theirs if it is nobody else's; one that several have gives none.
    Whose number it was counts at the instant at which the contact began.
    """
    if not await session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
        return 0
    rows = list(await session.scalars(select(UnknownCaller).order_by(UnknownCaller.interaction_id).limit(limit)))
    await because(session, WHY)
    for row in rows:
        customer = await _customer(session, row.number, row.started_at, default_region)
        if customer is not None:
            own = (Interaction.id == row.interaction_id, Interaction.started_at == row.started_at)
            unknown = update(Interaction).where(*own, Interaction.customer_id.is_(None))
            await session.execute(unknown.values(customer_id=customer))
            notes = update(InteractionEntry).where(
                InteractionEntry.interaction_id == row.interaction_id,
                InteractionEntry.kind == NOTE,
                InteractionEntry.customer_id.is_(None),
            )
            await session.execute(notes.values(customer_id=customer))
        await session.delete(row)
    return len(rows)


async def keep_adopting(sessions: Sessions, default_region: str, every: float = 2.0) -> None:
    """Adopt until cancelled. A failure is logged; the next round tries again."""
    while True:
        try:
            while await _round(sessions, default_region) == BATCH:
                pass
        except Unavailable as away:
            log.warning("unknown callers wait for the database", error=str(away))
        except Exception:
            log.exception("unknown callers could not be made customers")
        await asyncio.sleep(every)


async def _round(sessions: Sessions, default_region: str) -> int:
    async with sessions.write() as session:
        return await adopt(session, default_region)


async def _customer(session: AsyncSession, raw: str, at: datetime, default_region: str) -> UUID | None:
    number = normalise(raw, default_region)
    if not number.matchable:
        return None
    given = {"e164": number.e164, "raw": number.raw, "extension": extension_of(raw) or "", "at": at}
    holders = (await session.execute(_HOLDERS, given)).all()
    known = [holder for holder in holders if not holder.provisional]
    if known:
        sole = known[0]
        return sole.id if len(known) == 1 and sole.certain else None
    if holders:
        return holders[0].id  # type: ignore[no-any-return]
    numbers = (GivenNumber(number.raw, source=SOURCE),)
    new = NewCustomer(name=number.e164 or number.raw, provisional=True, numbers=numbers)
    return (await create_customer(session, new, default_region)).customer.id
