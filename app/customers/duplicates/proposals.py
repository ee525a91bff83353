"""Duplicates are proposed, with reasons, and never merged by themselves. A pair that somebody has judged is not
proposed again."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import WHO
from app.core.errors import Conflict, NotFound
from app.customers.duplicates.matching import facts_of, holders_of
from app.customers.duplicates.scoring import CROWD, weigh
from app.customers.merge_models import DuplicateProposal
from app.db.engine import Sessions, WriteSession

LATE = timedelta(minutes=1)
"""So much may the clock by which ids are made be behind that of the database."""
TIME_BITS = 80
"""Before these bits an id has the milliseconds of its making (UUIDv7)."""

LEAST = 0.5
"""From this score on a pair is proposed."""

_CHUNK = text("""
    select id from customers where id > :after and merged_into is null and active order by id limit :count""")
# whoever is one with very many others is a switchboard, or a mistake; names alone would pair half of a country
_PAIRS = text(f"""
    with looked_at as (select id, coalesce(merged_into, id) as root from customers
                       where id = any(cast(:ids as uuid[])) or merged_into = any(cast(:ids as uuid[]))),
    alike as (
        select w.root, o.customer_id from looked_at w
        join customer_numbers n on n.customer_id = w.id and n.e164 is not null and not n.shared
        cross join lateral (select customer_id from customer_numbers b where b.e164 = n.e164 limit {2 * CROWD}) o
        union
        select w.root, o.customer_id from looked_at w join customer_emails e on e.customer_id = w.id
        cross join lateral (select customer_id from customer_emails b where b.address = e.address limit {2 * CROWD}) o
    )
    select distinct least(a.root, c.id) as one, greatest(a.root, c.id) as other
    from alike a join customers o on o.id = a.customer_id join customers c on c.id = coalesce(o.merged_into, o.id)
    where c.id <> a.root and c.active limit cast(:most as bigint)""")  # noqa: S608 - a constant


class ProposalNotFound(NotFound):
    """No proposal has this id."""

    code = "proposal-not-found"


class ProposalDecided(Conflict):
    """Somebody has judged the proposal already."""

    code = "proposal-decided"


class Searched(NamedTuple):
    """How many pairs were proposed anew, and the customer after whom to go on; None: all have been looked at."""

    proposed: int
    next: UUID | None


async def search(session: WriteSession, after: UUID | None, count: int) -> Searched:
    """Look at the next `count` customers for others who may be the same, and propose those pairs."""
    ids = list(await session.scalars(_CHUNK, {"after": after or UUID(int=0), "count": count}))
    proposed = await propose(session, ids)
    return Searched(proposed, ids[-1] if len(ids) == count else None)


async def search_since(sessions: Sessions, since: datetime, count: int) -> None:
    """Look at everybody who was made since then, so many a transaction."""
    after: UUID | None = UUID(int=int((since - LATE).timestamp() * 1000) << TIME_BITS)
    while after is not None:
        async with sessions.write() as session:
            after = (await search(session, after, count)).next


async def proposed_since(session: AsyncSession, since: datetime) -> int:
    """How many pairs have been proposed since then."""
    query = select(func.count()).select_from(DuplicateProposal).where(DuplicateProposal.found_at >= since)
    return int(await session.scalar(query) or 0)


async def propose(session: AsyncSession, customers: Sequence[UUID], most: int | None = None) -> int:
    """Propose who may be the same as one of these customers, of at most so many pairs; the number of new proposals."""
    if not customers:
        return 0
    rows = (await session.execute(_PAIRS, {"ids": list(customers), "most": most})).all()
    if not rows:
        return 0
    facts = await facts_of(session, {each for row in rows for each in (row.one, row.other)})
    holders = await holders_of(session, list(facts.values()))
    made = []
    for row in rows:
        score, reasons = weigh(facts[row.one], facts[row.other], holders)
        if score >= LEAST:
            told = [msgspec.to_builtins(reason) for reason in reasons]
            made.append({"one_id": row.one, "other_id": row.other, "score": score, "reasons": told})
    return await _insert(session, made)


async def proposals(
    session: AsyncSession, status: str, customer_id: UUID | None, limit: int, after: UUID | None
) -> Sequence[DuplicateProposal]:
    """Up to `limit` proposals of a status, of one customer if that is asked, the oldest first, those after `after`."""
    query = select(DuplicateProposal).where(DuplicateProposal.status == status)
    if customer_id is not None:
        one = DuplicateProposal.one_id == customer_id
        query = query.where(one | (DuplicateProposal.other_id == customer_id))
    if after is not None:
        query = query.where(DuplicateProposal.id > after)
    return (await session.scalars(query.order_by(DuplicateProposal.id).limit(limit))).all()


async def dismiss(session: WriteSession, proposal_id: UUID, why: str | None) -> DuplicateProposal:
    """Say that the two are not one. Raises ProposalNotFound, ProposalDecided."""
    found = await session.get(DuplicateProposal, proposal_id, with_for_update=True)
    if found is None:
        raise ProposalNotFound(f"There is no proposal {proposal_id}.", id=str(proposal_id))
    if found.status != "open":
        raise ProposalDecided(f"The proposal is {found.status} already.", status=found.status)
    found.status, found.why = "dismissed", why
    found.decided_at, found.decided_by = func.now(), func.nullif(func.current_setting(WHO, True), "")
    await session.flush()
    await session.refresh(found)
    return found


async def _insert(session: AsyncSession, rows: Iterable[dict[str, object]]) -> int:
    given = list(rows)
    if not given:
        return 0
    statement = insert(DuplicateProposal).values(given).on_conflict_do_nothing().returning(DuplicateProposal.id)
    return len((await session.scalars(statement)).all())
