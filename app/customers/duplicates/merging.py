"""Merging two customers who are one, and taking that back. Nothing moves: the merged customer points to who survives,
keeps everything of their own, and is read through the survivor; so taking it back restores both exactly.

The caller's session commits.
"""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import Uuid, func, or_, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import WHO, WHY
from app.audit.service import record as tell
from app.core.errors import Unavailable
from app.customers.errors import (
    CustomerMerged,
    CustomerNotFound,
    KindsDiffer,
    MergeInCircle,
    MergeWithItself,
    NotMerged,
    ProvisionalSurvivor,
    SurvivorChanged,
    SurvivorInactive,
    ThingsOpen,
    VersionConflict,
)
from app.customers.merge_models import CustomerMerge, DuplicateProposal
from app.customers.models import Customer
from app.customers.record.changing import raise_version
from app.customers.record_models import CustomerVersion
from app.db.engine import WriteSession
from app.db.rows import newest

ATTEMPTS = 5
DEADLOCK = "40P01"

# contacts that have not ended are the floor's, a room above this one
_OPEN = text("""
    select l.customer_id, l.id from live_contacts l
    where l.customer_id = any(cast(:ids as uuid[])) and coalesce(l.state->>'state', 'arriving') <> 'wrap_up'
    order by l.id""")
_BENEATH = text("""
    with recursive beneath as (
        select merged_id from customer_merges where survivor_id = :root and undone_at is null
        union
        select m.merged_id from customer_merges m join beneath b on m.survivor_id = b.merged_id
        where m.undone_at is null)
    select merged_id from beneath""").columns(merged_id=Uuid)


class Side(msgspec.Struct, frozen=True):
    """One of the two, of the version that was read; None: whatever it is."""

    id: UUID
    version: int | None = None


async def merge(session: WriteSession, merged: Side, survivor: Side, *, though_open: bool = False) -> CustomerMerge:
    """Let `survivor` stand for `merged` from now on. Those merged into `merged` go with them.

    Where both have contacts that have not ended they are hardly one person: that is refused with what is open, unless
    `though_open`. Raises MergeWithItself, CustomerNotFound, VersionConflict, SurvivorChanged, MergeInCircle,
    CustomerMerged, SurvivorInactive, ProvisionalSurvivor, KindsDiffer, ThingsOpen, Unavailable.
    """
    if merged.id == survivor.id:
        raise MergeWithItself(merged.id)
    return await _settled(session, lambda: _merge(session, merged, survivor, though_open=though_open))


async def unmerge(session: WriteSession, customer: Side) -> CustomerMerge:
    """Take back the last merge of the customer: they stand for themselves again, and for those who came with them.

    Raises CustomerNotFound, VersionConflict, NotMerged, Unavailable.
    """
    return await _settled(session, lambda: _unmerge(session, customer))


async def standing_merge(session: AsyncSession, customer_id: UUID) -> CustomerMerge | None:
    """By what the customer was merged, None where they stand for themselves."""
    query = select(CustomerMerge).where(CustomerMerge.merged_id == customer_id, CustomerMerge.undone_at.is_(None))
    return (await session.scalars(query)).one_or_none()


async def merges_of(
    session: AsyncSession, customer_id: UUID, limit: int, before: UUID | None
) -> Sequence[CustomerMerge]:
    """Merges that the customer was a side of, those taken back too, newest first, older than `before`."""
    sides = or_(CustomerMerge.merged_id == customer_id, CustomerMerge.survivor_id == customer_id)
    query = newest(select(CustomerMerge).where(sides), CustomerMerge.id, limit, before)
    return (await session.scalars(query)).all()


async def _settled(session: WriteSession, work: Callable[[], Awaitable[CustomerMerge]]) -> CustomerMerge:
    """What `work` gives, done again where PostgreSQL ends it for a deadlock; its locks are gone then. Raises
    Unavailable where that does not help."""
    for _ in range(ATTEMPTS):
        try:
            async with session.begin_nested():
                return await work()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != DEADLOCK:
                raise
    raise Unavailable("Others change these customers at this moment; nothing was done. Try again shortly.")


async def _merge(session: WriteSession, merged: Side, survivor: Side, *, though_open: bool) -> CustomerMerge:
    rows = await _locked(session, merged.id, survivor.id)
    one, other = rows[merged.id], rows[survivor.id]
    _ensure_version(one, merged)
    if survivor.version not in (None, other.version):
        raise SurvivorChanged(other.id, survivor.version or 0, other.version)
    _ensure_apart(one, other)
    if not though_open:
        await _ensure_not_both_open(session, one, other)
    made = CustomerMerge(merged_id=one.id, survivor_id=other.id)
    session.add(made)
    await session.execute(
        update(Customer).where(or_(Customer.id == one.id, Customer.merged_into == one.id)).values(merged_into=other.id)
    )
    await _tell(session, "customer.merged", one, [other], [None, str(other.id)], [None, str(one.id)])
    await _decide(session, one.id, other.id, "merged")
    await session.flush()
    await session.refresh(made)
    return made


async def _unmerge(session: WriteSession, customer: Side) -> CustomerMerge:
    """Whoever survives a whole line is read without the customer from now on, so they have changed, too."""
    standing = await standing_merge(session, customer.id)
    rows = await _locked(session, customer.id, *([] if standing is None else [standing.survivor_id]))
    one = rows[customer.id]
    _ensure_version(one, customer)
    if standing is None:
        raise NotMerged(customer.id)
    await session.refresh(standing, with_for_update=True)
    if standing.undone_at is not None or one.merged_into is None:  # somebody else was quicker
        raise NotMerged(customer.id)
    root = one.merged_into
    who, why = (func.nullif(func.current_setting(name, True), "") for name in (WHO, WHY))
    standing.undone_at, standing.undone_by, standing.undone_because = func.now(), who, why
    await session.flush()
    beneath = list(await session.scalars(_BENEATH, {"root": one.id}))
    await session.execute(update(Customer).where(Customer.id == one.id).values(merged_into=None))
    await session.execute(update(Customer).where(Customer.id.in_(beneath)).values(merged_into=one.id))
    others = [rows[each] for each in dict.fromkeys((standing.survivor_id, root))]
    await _tell(session, "customer.unmerged", one, others, [str(standing.survivor_id), None], [str(one.id), None])
    await _decide(session, one.id, standing.survivor_id, "dismissed")
    await session.flush()
    await session.refresh(standing)
    return standing


async def _locked(session: WriteSession, *ids: UUID) -> dict[UUID, Customer]:
    """The customers, whoever survives them, and everybody merged into one of those: all rows that may be written,
    locked in one order, so that merges at the same moment wait for each other. Raises CustomerNotFound."""
    rows: dict[UUID, Customer] = {}
    while not rows.keys() >= (wanted := await _concerned(session, ids)):  # whoever came while we waited is locked, too
        query = select(Customer).where(Customer.id.in_(wanted)).order_by(Customer.id)
        query = query.with_for_update().execution_options(populate_existing=True)
        rows = {row.id: row for row in await session.scalars(query)}
    return rows


async def _concerned(session: WriteSession, ids: Sequence[UUID]) -> set[UUID]:
    sides = await session.execute(select(Customer.id, Customer.merged_into).where(Customer.id.in_(ids)))
    roots = {row.id: row.merged_into or row.id for row in sides}
    for each in ids:
        if each not in roots:
            raise CustomerNotFound(each)
    beneath = select(Customer.id).where(Customer.merged_into.in_(roots.values()))
    return {*ids, *roots.values(), *await session.scalars(beneath)}


def _ensure_version(row: Customer, side: Side) -> None:
    if side.version not in (None, row.version):
        raise VersionConflict(side.version or 0, row.version)


def _ensure_apart(merged: Customer, survivor: Customer) -> None:
    if survivor.merged_into == merged.id:
        raise MergeInCircle(merged.id, survivor.id)
    for each in (merged, survivor):
        if each.merged_into is not None:
            raise CustomerMerged(each.id, each.merged_into)
    if not survivor.active:
        raise SurvivorInactive(merged.id, survivor.id)
    if survivor.provisional and not merged.provisional:
        raise ProvisionalSurvivor(merged.id, survivor.id)
    if merged.kind != survivor.kind and not merged.provisional:
        raise KindsDiffer(merged.kind, survivor.kind)


async def _ensure_not_both_open(session: WriteSession, merged: Customer, survivor: Customer) -> None:
    beneath = select(Customer.id, Customer.merged_into).where(Customer.merged_into.in_([merged.id, survivor.id]))
    roots = {row.id: row.merged_into for row in await session.execute(beneath)}
    roots |= {merged.id: merged.id, survivor.id: survivor.id}
    live: dict[UUID | None, list[str]] = {}
    for row in await session.execute(_OPEN, {"ids": list(roots)}):
        live.setdefault(roots[row.customer_id], []).append(str(row.id))
    if len(live) > 1:
        raise ThingsOpen(live[merged.id], live[survivor.id])


async def _tell(
    session: WriteSession,
    action: str,
    merged: Customer,
    survivors: Sequence[Customer],
    of_merged: list[str | None],
    of_others: list[str | None],
) -> None:
    """All these records have changed, for whoever reads them: their versions rise, and their histories say why. The
    last of the survivors is whom the merged one is, or was, read through."""
    told = [(merged, {"merged_into": of_merged}), *((each, {"merged": of_others}) for each in survivors)]
    for customer, changes in told:
        await raise_version(session, customer)
        session.add(CustomerVersion(customer_id=customer.id, version=customer.version, part="merge", changes=changes))
    thing = {"survivor": str(survivors[-1].id), "merged": str(merged.id)}
    await tell(session, action, "customer", str(merged.id), after=thing)


async def _decide(session: WriteSession, one: UUID, other: UUID, status: str) -> None:
    """What was merged need not be proposed any more; what was taken back must not be proposed again."""
    who, why = (func.nullif(func.current_setting(name, True), "") for name in (WHO, WHY))
    pair = (DuplicateProposal.one_id == min(one, other), DuplicateProposal.other_id == max(one, other))
    values = {"status": status, "decided_at": func.now(), "decided_by": who, "why": why}
    await session.execute(update(DuplicateProposal).where(*pair).values(values))
