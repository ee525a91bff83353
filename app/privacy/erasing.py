"""Erasing a customer: everything that says who they were goes in one transaction, and what is counted stays.

The audio of recordings goes after the commit, by rows that say so (`after_commit.py`), as what is not in the database
cannot be part of a transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import record as tell
from app.auth.service import instance_secret
from app.customers.erased_models import ErasedKey
from app.customers.errors import CustomerNotFound
from app.customers.models import Customer
from app.customers.record.erased import CUSTOMER, EXTERNAL_ID, KEY, Kept, digest, erased_among, of_system
from app.customers.record_models import CustomerExternalId
from app.db.engine import WriteSession
from app.db.rows import newest
from app.privacy.errors import ErasureRefused, ErasureUnknown
from app.privacy.family import Family, locked_family
from app.privacy.holds import standing
from app.privacy.models import Erasure, ErasureRest
from app.privacy.registry import FATES
from app.privacy.scrubbing import Counts, scrub, scrub_candidates
from app.privacy.turns import among_erasures
from app.subscriptions.announcing import Change, announce

GROUNDS = (
    "consent_withdrawn",
    "no_longer_needed",
    "objection",
    "unlawful_processing",
    "legal_obligation",
    "retention_over",
)
"""Why somebody must be erased: GDPR article 17 (1), PIPL article 47."""

LATE = timedelta(hours=1)
"""So long after an erasure whatever had looked the customer up before may still write of them."""

_OPEN = text("""
    select 'contacts' as kind, id::text from live_contacts where customer_id = any(cast(:members as uuid[]))
    union all
    select 'open_alerts', id::text from customer_alerts
    where customer_id = any(cast(:members as uuid[])) and state in ('open', 'acknowledged')
    union all
    select 'open_cases', id::text from cases
    where customer_id = any(cast(:members as uuid[])) and status not in ('solved', 'closed')
    union all
    select 'open_visits', id::text from field_visits
    where customer_id = any(cast(:members as uuid[])) and closed_at is null
    union all
    select 'open_dues', id::text from dues where customer_id = any(cast(:members as uuid[])) and done_at is null
    union all
    select 'credit_questions', id::text from credit_checks
    where customer_id = any(cast(:members as uuid[])) and outcome = 'asking'
    order by 1, 2""")

# others are tied to the customer, or were one with them once: their versions name the id, and so do those that the
# removal of a tie writes
_OTHERS = text("""
    select other_id from customer_ties where customer_id = any(cast(:members as uuid[]))
    union select customer_id from customer_ties where other_id = any(cast(:members as uuid[]))
    union select merged_id from customer_merges where survivor_id = any(cast(:members as uuid[]))
    union select survivor_id from customer_merges where merged_id = any(cast(:members as uuid[]))""")
_TOLD_OF_OTHERS = text("""
    update customer_versions set changes = '{"erased": [null, null]}', item = null
    where customer_id = any(cast(:others as uuid[])) and part in ('tie', 'merge')
      and changes::text like any(cast(:mentions as text[]))""")

_RECORDINGS = text("""
    update recordings set sha256 = '', retain_until = least(retain_until, :now), deleted_by = :by,
        deleted_because = case when deleted_because = 'retention' then 'retention' else 'erasure' end
    where contact_id = any(cast(:contacts as uuid[]))""")

_AUDIT = text("""
    update audit_entries
    set before = null, after = null, thing = case when kind = 'customer' then cast(:subject as text) else thing end
    where (kind = 'customer' and thing = any(cast(:members as text[])))
       or (kind = 'call' and thing = any(cast(:contacts as text[])))
       or (kind = 'recording' and thing = any(array(
               select id from recordings where contact_id = any(cast(:contacts as uuid[])))))""")


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Who orders an erasure, on which legal ground (of `GROUNDS`) and why. `though_open`: also what is open goes."""

    by: str
    ground: str
    reason: str
    though_open: bool = False


async def erase(
    session: WriteSession, customer_id: UUID, order: Order, *, now: datetime, region: str
) -> tuple[Erasure, bool]:
    """Erase the customer with everybody who is one with them; the erasure, and whether it was done just now. Asked
    again it gives the same one.

    Raises CustomerNotFound, ErasureRefused (a legal hold, a call, or, unless it is ordered so, open work), or
    Unavailable.
    """
    await among_erasures(session)
    try:
        family = await locked_family(session, customer_id, region)
    except CustomerNotFound:
        done = await erasure_of(session, customer_id)
        if done is None:
            raise
        return done, False
    await _ensure_free(session, family, order, now)
    erasure = Erasure(subject=uuid4(), at=now, who=order.by, ground=order.ground, reason=order.reason, counts={})
    session.add(erasure)
    await session.flush()
    await session.execute(select(func.set_config("callfloor.erasing", "on", True)))
    await _keep_keys(session, family, erasure)
    counts = await _take_out(session, family, erasure, now)
    await session.execute(select(func.set_config("callfloor.erasing", "", True)))
    erasure.counts = {table: rows for table, rows in sorted(counts.items()) if rows}
    rests = [{"customer_id": each, "erasure_id": erasure.id, "due_at": now + LATE} for each in family.members]
    await session.execute(insert(ErasureRest), rests)
    changes = [Change(f"customer:{each}", {"customer_id": str(each)}) for each in family.members]
    await announce(session, "customer.erased", changes)
    told = {"ground": order.ground, "customers": len(family.members)}
    await tell(session, "customer.erased", "erasure", str(erasure.id), after=told)
    await session.flush()
    return erasure, True


async def erasure_of(session: AsyncSession, customer_id: UUID) -> Erasure | None:
    """By what a customer was erased who is not there any more."""
    found = await erased_among(session, [(CUSTOMER, str(customer_id))])
    return None if not found else await session.get(Erasure, next(iter(found.values())))


async def erasure(session: AsyncSession, erasure_id: UUID, *, lock: bool = False) -> Erasure:
    """One erasure. Raises ErasureUnknown."""
    found = await session.get(Erasure, erasure_id, with_for_update=lock)
    if found is None:
        raise ErasureUnknown(erasure_id)
    return found


async def erasures(session: AsyncSession, limit: int, before: UUID | None) -> Sequence[Erasure]:
    """Up to `limit` erasures, the newest first, older than `before`."""
    return (await session.scalars(newest(select(Erasure), Erasure.id, limit, before))).all()


async def lift(session: WriteSession, erasure_id: UUID, *, because: str, by: str, now: datetime) -> Erasure:
    """Let other systems tell of whoever it was again; nothing comes back by itself. Raises ErasureUnknown."""
    found = await erasure(session, erasure_id, lock=True)
    if found.lifted_at is None:
        keys = text("delete from erased_keys where erasure_id = :id and kind <> 'customer'")
        await session.execute(keys, {"id": erasure_id})
        found.lifted_at, found.lifted_by, found.lifted_because = now, by, because
        await tell(session, "erasure.lifted", "erasure", str(erasure_id), after={"because": because})
    return found


async def _ensure_free(session: WriteSession, family: Family, order: Order, now: datetime) -> None:
    stands: dict[str, list[str]] = {}
    if holds := await standing(session, family.members, now):
        stands["legal_holds"] = [str(each) for each in holds]
    for row in await session.execute(_OPEN, {"members": family.members}):
        stands.setdefault(row.kind, []).append(row.id)
    lawful = not stands.keys() & {"legal_holds", "contacts"}
    if stands and not (lawful and order.though_open):
        raise ErasureRefused(stands, lawful=lawful)


async def _take_out(session: WriteSession, family: Family, erasure: Erasure, now: datetime) -> Counts:
    """Contacts first, as they are found by what goes afterwards."""
    contacts = [each.id for each in family.contacts]
    members = [str(each) for each in family.members]
    counts = await scrub(session, family.contacts, erasure.subject)
    await scrub_candidates(session, family.shared)
    counts["recordings"] = await _rows(session, _RECORDINGS, contacts=contacts, now=now, by=erasure.who)
    named = {"members": members, "contacts": [str(each) for each in contacts], "subject": str(erasure.subject)}
    counts["audit_entries"] = await _rows(session, _AUDIT, **named)
    others = list(await session.scalars(_OTHERS, {"members": family.members}))
    given = {"members": family.members, "subjects": [f"customer:{each}" for each in members]}
    for fate in FATES:
        if fate.sql is not None:
            wanted = {name: value for name, value in given.items() if f":{name}" in fate.sql}
            counts[fate.table] = counts.get(fate.table, 0) + await _rows(session, text(fate.sql), **wanted)
    mentions = [f"%{each}%" for each in members]
    await session.execute(_TOLD_OF_OTHERS, {"others": others, "mentions": mentions})
    return counts


async def _keep_keys(session: WriteSession, family: Family, erasure: Erasure) -> None:
    """So that who is told anew is known: hashes of the ids that other systems may tell."""
    key = await instance_secret(session, KEY)
    ids = select(Customer.external_id).where(Customer.id.in_(family.members), Customer.external_id.is_not(None))
    others = select(CustomerExternalId).where(CustomerExternalId.customer_id.in_(family.members))
    kept: list[Kept] = [(CUSTOMER, str(each)) for each in family.members]
    kept += [(EXTERNAL_ID, str(each)) for each in await session.scalars(ids)]
    kept += [(of_system(each.system), each.external_id) for each in await session.scalars(others)]
    rows = [{"digest": digest(key, *each), "kind": each[0], "erasure_id": erasure.id} for each in kept]
    new = upsert(ErasedKey)
    again = new.on_conflict_do_update(index_elements=["digest"], set_={"erasure_id": new.excluded.erasure_id})
    await session.execute(again, rows)


async def _rows(session: AsyncSession, statement: Any, **given: Any) -> int:
    return int(getattr(await session.execute(statement, given), "rowcount", 0))
