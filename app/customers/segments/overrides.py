"""Tiers that somebody has set up to an instant. Rules and feeds leave them alone until then; then what was before is
restored, and the rules have their say at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import because
from app.core.instants import iso
from app.customers.cards import without_card_numbers
from app.customers.feed_models import HAND
from app.customers.models import Customer
from app.customers.record.changing import claimed, raise_version
from app.customers.record.finding import CustomerRecord, get_customer
from app.customers.record.whole import members_of, survivor_of
from app.customers.segment_models import TierOverride
from app.customers.segments.errors import NothingToTakeBack, OverrideInThePast, OverrideTooLong
from app.customers.segments.judging import judge_now
from app.customers.service import kept_rules
from app.db.engine import WriteSession
from app.db.rows import newest

LONGEST = timedelta(days=3 * 366)
PAGE = 500

# customers are locked before overrides, as everybody does who changes them
_DUE = text("""
    select c.id from tier_overrides o join customers c on c.id = o.customer_id
    where o.ended_at is null and o.until <= :now
    order by o.until limit :page for no key update of c skip locked""")
_LIVE = text("""
    select id from tier_overrides
    where customer_id = any(cast(:customers as uuid[])) and ended_at is null and until <= :now""")
# who has another tier by now was changed by hand since: that stays
_STANDING = text("""
    select o.id from tier_overrides o join customers c on c.id = o.customer_id
    where o.id = any(cast(:ids as uuid[])) and c.tier_id is not distinct from o.tier""")
_RESTORE = text("""
    update customers c set tier_id = (select t.id from tiers t where t.id = o.tier_before),
                           version = c.version + 1, updated_at = now()
    from tier_overrides o
    where o.id = any(cast(:ids as uuid[])) and c.id = o.customer_id and o.tier is distinct from o.tier_before""")
# after the tier, whose change a trigger notes as one by hand; a feed that told another tier meanwhile tells it again
_ORIGINS = text("""
    update customers c set origins = case when o.origin_before is null then c.origins - 'tier_id'
                                     else c.origins || jsonb_build_object('tier_id', o.origin_before) end, fed = null
    from tier_overrides o where o.id = any(cast(:ids as uuid[])) and c.id = o.customer_id""")
_END = text("""
    update tier_overrides set ended_at = :now, ended_because = :because,
        ended_by = nullif(current_setting('callfloor.who', true), '')
    where id = any(cast(:ids as uuid[]))""")
_BY_HAND = text("""
    update customers set origins = origins || jsonb_build_object('tier_id', cast(:hand as text)) where id = :id""")
_FREE = text("update customers set origins = origins - 'tier_id', fed = null where id = :id")


def ensure_ahead(until: datetime, now: datetime) -> None:
    """That an override has time to count, and ends some day. Raises OverrideInThePast, OverrideTooLong."""
    if until <= now:
        raise OverrideInThePast(iso(until.timestamp()), iso(now.timestamp()))
    if until - now > LONGEST:
        raise OverrideTooLong(iso(until.timestamp()), iso((now + LONGEST).timestamp()))


async def override(
    session: WriteSession, customer_id: UUID, tier: str | None, reason: str, until: datetime, now: datetime
) -> TierOverride:
    """Let the customer be of the tier (None: of none) until then; an override that there is already is replaced.

    Raises CustomerNotFound, CustomerMerged, UnknownTier, OverrideInThePast, OverrideTooLong.
    """
    ensure_ahead(until, now)
    reason = without_card_numbers(reason)
    customer = await claimed(session, customer_id)
    present = await live(session, customer_id)
    before = (customer.tier_id, _origin(customer)) if present is None else (present.tier_before, present.origin_before)
    if present is not None:
        await _end(session, [present.id], "replaced", now)
    await because(session, reason)
    async with kept_rules(session, None, {tier}, ()):
        if tier != customer.tier_id:
            customer.tier_id = tier
            await raise_version(session, customer)
        await session.execute(_BY_HAND, {"id": customer_id, "hand": HAND})
    made = TierOverride(
        customer_id=customer_id, tier=tier, reason=reason, until=until, tier_before=before[0], origin_before=before[1]
    )
    session.add(made)
    await session.flush()
    await session.refresh(made)
    return made


async def take_back(session: WriteSession, customer_id: UUID, why: str | None, now: datetime) -> CustomerRecord:
    """End the override of a customer now; where there is none, let rules and feeds have their say about a tier that was
    set by hand. The rules do so at once. Raises CustomerNotFound, CustomerMerged, NothingToTakeBack."""
    customer = await claimed(session, customer_id)
    present = await live(session, customer_id)
    await because(session, None if why is None else without_card_numbers(why))
    if present is not None:
        await _restore(session, [present.id], "taken_back", now)
    elif _origin(customer) == HAND:
        await session.execute(_FREE, {"id": customer_id})
    else:
        raise NothingToTakeBack(customer_id, "the tier is")
    await judge_now(session, [customer_id], now)
    session.expire_all()
    return await get_customer(session, customer_id)


async def end_due(session: WriteSession, now: datetime) -> int:
    """End overrides whose time is over, at most a page; how many were."""
    customers = list(await session.scalars(_DUE, {"now": now, "page": PAGE}))
    if not customers:
        return 0
    ids = list(await session.scalars(_LIVE, {"customers": customers, "now": now}))
    await because(session, "the override has ended")
    await _restore(session, ids, "until", now)
    await judge_now(session, customers, now)
    return len(ids)


async def live(session: AsyncSession, customer_id: UUID) -> TierOverride | None:
    """The override that counts for this very customer."""
    query = select(TierOverride).where(TierOverride.customer_id == customer_id, TierOverride.ended_at.is_(None))
    found: TierOverride | None = await session.scalar(query, execution_options={"populate_existing": True})
    return found


async def overrides_of(
    session: AsyncSession, customer_id: UUID, limit: int, before: UUID | None
) -> Sequence[TierOverride]:
    """Overrides of the customer, or of who survives them, and of whoever was merged into them, the newest first, those
    older than `before`. Raises CustomerNotFound."""
    rows = TierOverride
    members = await members_of(session, await survivor_of(session, customer_id))
    query = newest(select(rows).where(rows.customer_id.in_(members)), rows.id, limit, before)
    return (await session.scalars(query)).all()


def _origin(customer: Customer) -> str | None:
    """Who has set the tier; None where that is whoever made the customer, or nobody."""
    origin: str | None = customer.origins.get("tier_id")
    return origin


async def _restore(session: WriteSession, ids: Sequence[UUID], because_of: str, now: datetime) -> None:
    standing = {"ids": list(await session.scalars(_STANDING, {"ids": list(ids)}))}
    await session.execute(_RESTORE, standing)
    await session.execute(_ORIGINS, standing)
    await _end(session, ids, because_of, now)


async def _end(session: WriteSession, ids: Sequence[UUID], because_of: str, now: datetime) -> None:
    await session.execute(_END, {"ids": list(ids), "because": because_of, "now": now})
